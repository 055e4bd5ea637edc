# want missing push/s3 aws_s3_bucket_notification.n : the policy names sns.amazonaws.com, the caller is s3.amazonaws.com
resource "aws_s3_bucket" "b" {
  bucket = "b"
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_s3_bucket.b.arn
}

resource "aws_s3_bucket_notification" "n" {
  bucket = aws_s3_bucket.b.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.f.arn
    events              = ["s3:ObjectCreated:*"]
  }
}
