# want unknown push/sns aws_sns_topic_subscription.s : neither is the rest of its policy
# want allowed push/sns aws_sns_topic_subscription.t
resource "aws_sns_topic_subscription" "s" {
  topic_arn = "arn:aws:sns:eu-central-1:123456789012:t"
  protocol  = "lambda"
  endpoint  = "arn:aws:lambda:eu-central-1:123456789012:function:elsewhere"
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = "arn:aws:lambda:eu-central-1:123456789012:function:other"
  principal     = "sns.amazonaws.com"
  source_arn    = "arn:aws:sns:eu-central-1:123456789012:t"
}

resource "aws_sns_topic_subscription" "t" {
  topic_arn = "arn:aws:sns:eu-central-1:123456789012:t"
  protocol  = "lambda"
  endpoint  = "arn:aws:lambda:eu-central-1:123456789012:function:other"
}
