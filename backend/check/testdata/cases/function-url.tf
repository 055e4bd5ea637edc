# want allowed push/function-url aws_lambda_function_url.open : the provider adds the statements
# want unknown push/function-url aws_lambda_function_url.iam : the callers' own policies count
resource "aws_lambda_function_url" "open" {
  function_name      = aws_lambda_function.f.function_name
  authorization_type = "NONE"
}

resource "aws_lambda_function_url" "iam" {
  function_name      = aws_lambda_function.f.function_name
  qualifier          = "live"
  authorization_type = "AWS_IAM"
}
