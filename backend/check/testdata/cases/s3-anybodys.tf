# want allowed push/s3 aws_s3_bucket_notification.n
# want notice habit/confused-deputy aws_lambda_permission.p : neither source_arn nor source_account
resource "aws_s3_bucket" "b" {
  bucket = "b"
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "s3.amazonaws.com"
}

resource "aws_s3_bucket_notification" "n" {
  bucket = aws_s3_bucket.b.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.f.arn
    events              = ["s3:ObjectCreated:*"]
  }
  depends_on = [aws_lambda_permission.p]
}
