# want unknown push/s3 aws_s3_bucket_notification.n : aws_lambda_permission.p is on the qualifier live
# (a plan shows that lambda_function_arn refers to the function, not whether ":live" follows)
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.f.function_name
  function_version = "1"
}

resource "aws_s3_bucket" "b" {
  bucket = "b"
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "s3.amazonaws.com"
  source_arn    = aws_s3_bucket.b.arn
}

resource "aws_s3_bucket_notification" "n" {
  bucket = aws_s3_bucket.b.id
  lambda_function {
    lambda_function_arn = "${aws_lambda_function.f.arn}:live"
    events              = ["s3:ObjectCreated:*"]
  }
}
