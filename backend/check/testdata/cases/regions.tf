# want allowed push/sns aws_sns_topic_subscription.near
# want missing push/sns aws_sns_topic_subscription.far : the request has "arn:aws:sns:us-east-1:{account}:t"
provider "aws" {
  alias  = "virginia"
  region = "us-east-1"
}

resource "aws_sns_topic" "near" {
  name = "t"
}

resource "aws_sns_topic" "far" {
  provider = aws.virginia
  name     = "t"
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.near.arn
}

resource "aws_sns_topic_subscription" "near" {
  topic_arn = aws_sns_topic.near.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.f.arn
}

resource "aws_sns_topic_subscription" "far" {
  provider  = aws.virginia
  topic_arn = aws_sns_topic.far.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.f.arn
}
