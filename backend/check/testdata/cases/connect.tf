# want allowed push/connect aws_connect_lambda_function_association.a
resource "aws_connect_lambda_function_association" "a" {
  instance_id  = "i-1"
  function_arn = aws_lambda_function.f.arn
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "connect.amazonaws.com"
  source_arn    = "arn:aws:connect:eu-central-1:*:instance/i-1"
}
