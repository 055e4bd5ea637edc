# want unknown push/logs aws_cloudwatch_log_subscription_filter.f : aws_lambda_permission.p.source_arn is aws_cloudwatch_log_group.g.arn as it stands, or with something after it
# (the source is the group's ARN with ":*", and a plan does not show whether the permission adds it)
resource "aws_cloudwatch_log_group" "g" {
  name = "/g"
}

resource "aws_cloudwatch_log_subscription_filter" "f" {
  name            = "f"
  log_group_name  = aws_cloudwatch_log_group.g.name
  filter_pattern  = ""
  destination_arn = aws_lambda_function.f.arn
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "logs.amazonaws.com"
  source_arn    = "${aws_cloudwatch_log_group.g.arn}:*"
}
