resource "lambdasim_cloudwatch_log_group" "talker" {
  name = "/aws/lambda/talker"
}

resource "lambdasim_permission" "logs" {
  statement_id  = "AllowLogs"
  action        = "lambda:InvokeFunction"
  function_name = "reader"
  principal     = "logs.amazonaws.com"
  source_arn    = "${lambdasim_cloudwatch_log_group.talker.arn}:*"
}

resource "lambdasim_cloudwatch_log_subscription_filter" "errors" {
  name            = "errors"
  log_group_name  = lambdasim_cloudwatch_log_group.talker.name
  filter_pattern  = "?ERROR ?FATAL"
  destination_arn = "arn:aws:lambda:us-east-1:000000000000:function:reader"

  depends_on = [lambdasim_permission.logs]
}
