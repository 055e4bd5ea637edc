# want allowed push/events aws_cloudwatch_event_target.on_bus
# want missing push/events aws_cloudwatch_event_target.default : rule/orders/r
resource "aws_cloudwatch_event_bus" "orders" {
  name = "orders"
}

resource "aws_cloudwatch_event_rule" "r" {
  name           = "r"
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  event_pattern  = "{}"
}

resource "aws_cloudwatch_event_target" "on_bus" {
  rule           = aws_cloudwatch_event_rule.r.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  arn            = aws_lambda_function.f.arn
}

# The bus was forgotten here: AWS looks for the rule on the default bus.
resource "aws_cloudwatch_event_target" "default" {
  rule = aws_cloudwatch_event_rule.r.name
  arn  = aws_lambda_function.f.arn
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.r.arn
}
