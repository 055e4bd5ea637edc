# want allowed push/sns aws_sns_topic_subscription.s["a"]
# want allowed push/sns aws_sns_topic_subscription.s["b"]
# want missing push/sns aws_sns_topic_subscription.crossed : the request has "arn:aws:sns:eu-central-1:{account}:t-a"
resource "aws_sns_topic" "t" {
  for_each = toset(["a", "b"])
  name     = "t-${each.key}"
}

resource "aws_lambda_function" "g" {
  for_each      = toset(["a", "b"])
  function_name = "f-${each.key}"
  role          = aws_iam_role.r.arn
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
}

resource "aws_lambda_permission" "p" {
  for_each      = aws_sns_topic.t
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.g[each.key].function_name
  principal     = "sns.amazonaws.com"
  source_arn    = each.value.arn
}

resource "aws_sns_topic_subscription" "s" {
  for_each  = aws_lambda_function.g
  topic_arn = aws_sns_topic.t[each.key].arn
  protocol  = "lambda"
  endpoint  = each.value.arn
}

resource "aws_sns_topic_subscription" "crossed" {
  topic_arn = aws_sns_topic.t["a"].arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.g["b"].arn
}
