# want missing push/s3 aws_s3_bucket_notification.n
# want unknown push/sns aws_sns_topic_subscription.s
# want notice habit/confused-deputy aws_lambda_permission.events
# want allowed destination/sqs aws_lambda_function.g
# (the case that the golden outputs show)
data "aws_caller_identity" "current" {}

resource "aws_s3_bucket" "b" {
  bucket = "b"
}

resource "aws_s3_bucket_notification" "n" {
  bucket = aws_s3_bucket.b.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.f.arn
    events              = ["s3:ObjectCreated:*"]
  }
}

locals {
  topic = aws_sns_topic.t.arn
}

resource "aws_sns_topic" "t" {
  name = "t"
}

resource "aws_sns_topic_subscription" "s" {
  topic_arn = aws_sns_topic.t.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.g.arn
}

resource "aws_lambda_permission" "sns" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.g.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = local.topic
}

resource "aws_lambda_permission" "events" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.g.function_name
  principal     = "events.amazonaws.com"
}

resource "aws_sqs_queue" "q" {
  name = "q"
}

data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.q.arn]
  }
}

resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.id
  policy = data.aws_iam_policy_document.p.json
}

resource "aws_lambda_function" "g" {
  function_name = "g"
  role          = aws_iam_role.r.arn
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
  dead_letter_config {
    target_arn = aws_sqs_queue.q.arn
  }
}
