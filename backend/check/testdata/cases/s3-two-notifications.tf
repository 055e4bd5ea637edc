# want missing push/s3 aws_s3_bucket_notification.m
# want missing push/s3 aws_s3_bucket_notification.n
# want notice habit/two-notifications aws_s3_bucket_notification.n : each replaces the whole notification configuration
resource "aws_s3_bucket" "b" {
  bucket = "b"
}

resource "aws_s3_bucket_notification" "m" {
  bucket = aws_s3_bucket.b.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.f.arn
    events              = ["s3:ObjectCreated:*"]
  }
}

resource "aws_s3_bucket_notification" "n" {
  bucket = aws_s3_bucket.b.bucket
  lambda_function {
    lambda_function_arn = aws_lambda_function.f.arn
    events              = ["s3:ObjectRemoved:*"]
  }
}
