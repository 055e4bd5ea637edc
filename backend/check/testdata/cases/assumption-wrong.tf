# want allowed push/s3 aws_s3_bucket_notification.n
# assumes aws_lambda_permission.p.source_arn is aws_s3_bucket.b.arn as it stands
# (it is not: that is what the assumption is for. After the first apply it is missing)
resource "aws_s3_bucket" "b" {
  bucket = "b"
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "s3.amazonaws.com"
  source_arn    = "${aws_s3_bucket.b.arn}/*"
}

resource "aws_s3_bucket_notification" "n" {
  bucket = aws_s3_bucket.b.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.f.arn
    events              = ["s3:ObjectCreated:*"]
  }
  depends_on = [aws_lambda_permission.p]
}
