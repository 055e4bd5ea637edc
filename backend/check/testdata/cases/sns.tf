# want allowed push/sns aws_sns_topic_subscription.good
# want missing push/sns aws_sns_topic_subscription.bad : the request has "arn:aws:sns:eu-central-1:{account}:other"
resource "aws_sns_topic" "t" {
  name = "t"
}

resource "aws_sns_topic" "other" {
  name = "other"
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.arn
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.t.arn
}

resource "aws_sns_topic_subscription" "good" {
  topic_arn = aws_sns_topic.t.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.f.arn
}

resource "aws_sns_topic_subscription" "bad" {
  topic_arn = aws_sns_topic.other.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.f.arn
}

resource "aws_sns_topic_subscription" "mail" {
  topic_arn = aws_sns_topic.other.arn
  protocol  = "email"
  endpoint  = "a@example.com"
}
