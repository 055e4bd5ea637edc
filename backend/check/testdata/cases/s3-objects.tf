# want missing push/s3 aws_s3_bucket_notification.n : the policy wants "arn:aws:s3:::b/*", the request has "arn:aws:s3:::b"
# want notice habit/object-arn aws_lambda_permission.p : S3 sends the bucket's
# want notice habit/bucket-account aws_lambda_permission.p
resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "s3.amazonaws.com"
  source_arn    = "arn:aws:s3:::b/*"
}

resource "aws_s3_bucket_notification" "n" {
  bucket = "b"
  lambda_function {
    lambda_function_arn = aws_lambda_function.f.arn
    events              = ["s3:ObjectCreated:*"]
  }
}
