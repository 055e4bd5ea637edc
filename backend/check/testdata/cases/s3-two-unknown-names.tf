# want missing push/s3 aws_s3_bucket_notification.n : the request has "arn:aws:s3:::{aws_s3_bucket.b.bucket}"
# (two buckets whose names are not known are still two buckets)
resource "aws_s3_bucket" "b" {
  bucket_prefix = "b-"
}

resource "aws_s3_bucket" "other" {
  bucket_prefix = "other-"
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "s3.amazonaws.com"
  source_arn    = aws_s3_bucket.other.arn
}

resource "aws_s3_bucket_notification" "n" {
  bucket = aws_s3_bucket.b.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.f.arn
    events              = ["s3:ObjectCreated:*"]
  }
}
