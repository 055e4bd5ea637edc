# want allowed push/logs aws_cloudwatch_log_subscription_filter.f
resource "aws_cloudwatch_log_group" "g" {
  name = "/g"
}

resource "aws_cloudwatch_log_subscription_filter" "f" {
  name            = "f"
  log_group_name  = aws_cloudwatch_log_group.g.name
  filter_pattern  = ""
  destination_arn = aws_lambda_function.f.arn
  depends_on      = [aws_lambda_permission.p]
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "logs.eu-central-1.amazonaws.com"
  source_arn    = "arn:aws:logs:eu-central-1:*:log-group:/g:*"
}
