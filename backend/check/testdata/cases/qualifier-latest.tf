# want notice habit/qualifier aws_lambda_permission.p : Lambda takes no permission for $LATEST
resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  qualifier     = "$LATEST"
  principal     = "sns.amazonaws.com"
  source_arn    = "arn:aws:sns:eu-central-1:123456789012:t"
}
