# want missing push/s3 aws_s3_bucket_notification.n : no permission of this plan is on arn:aws:lambda:eu-central-1:{account}:function:f
# mend source_arn    = aws_s3_bucket.b.arn
resource "aws_s3_bucket" "b" {
  bucket = "b"
}

resource "aws_s3_bucket_notification" "n" {
  bucket = aws_s3_bucket.b.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.f.arn
    events              = ["s3:ObjectCreated:*"]
  }
}
