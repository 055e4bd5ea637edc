# want unknown push/sns aws_sns_topic_subscription.s : local.arn is a local value, and a plan does not carry those
locals {
  arn = aws_lambda_function.f.arn
}

resource "aws_sns_topic" "t" {
  name = "t"
}

resource "aws_sns_topic_subscription" "s" {
  topic_arn = aws_sns_topic.t.arn
  protocol  = "lambda"
  endpoint  = local.arn
}
