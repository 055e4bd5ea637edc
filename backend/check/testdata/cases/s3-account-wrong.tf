# want missing push/s3 aws_s3_bucket_notification.n : the policy wants "210987654321", the request has "123456789012"
data "aws_caller_identity" "current" {}

resource "aws_s3_bucket" "b" {
  bucket = "b"
}

resource "aws_lambda_permission" "p" {
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.f.function_name
  principal      = "s3.amazonaws.com"
  source_arn     = aws_s3_bucket.b.arn
  source_account = "210987654321"
}

resource "aws_s3_bucket_notification" "n" {
  bucket = aws_s3_bucket.b.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.f.arn
    events              = ["s3:ObjectCreated:*"]
  }
}
