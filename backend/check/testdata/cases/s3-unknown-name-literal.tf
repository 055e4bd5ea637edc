# want unknown push/s3 aws_s3_bucket_notification.n : it depends on {aws_s3_bucket.b.bucket}
# want notice habit/bucket-account aws_lambda_permission.p
resource "aws_s3_bucket" "b" {
  bucket_prefix = "b-"
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "s3.amazonaws.com"
  source_arn    = "arn:aws:s3:::b-*"
}

resource "aws_s3_bucket_notification" "n" {
  bucket = aws_s3_bucket.b.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.f.arn
    events              = ["s3:ObjectCreated:*"]
  }
}
