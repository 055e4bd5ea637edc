# A topic of one account calls a function of another. Two policies decide: the function's must let the topic in, and the topic's
# must let the other account subscribe.

data "lambdasim_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "lambdasim_iam_role" "reader" {
  provider = lambdasim.reader

  name               = "${var.name}-reader"
  assume_role_policy = data.lambdasim_iam_policy_document.trust.json
}

resource "lambdasim_function" "reader" {
  provider = lambdasim.reader

  function_name = "${var.name}-reader"
  role          = lambdasim_iam_role.reader.arn
  runtime       = "python3.12"
  handler       = "reader.handler"
  filename      = "${path.module}/functions/reader.py"
}

resource "lambdasim_permission" "news" {
  provider = lambdasim.reader
  count    = var.permit ? 1 : 0

  statement_id  = "AllowNews"
  action        = "lambda:InvokeFunction"
  function_name = lambdasim_function.reader.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = lambdasim_sns_topic.news.arn
}

resource "lambdasim_sns_topic" "news" {
  name = "${var.name}-news"
}

resource "lambdasim_sns_topic_policy" "news" {
  arn = lambdasim_sns_topic.news.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ReadersMaySubscribe"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${var.reader_account}:root" }
      Action    = "sns:Subscribe"
      Resource  = lambdasim_sns_topic.news.arn
    }]
  })
}

# The account that reads subscribes its own function.
resource "lambdasim_sns_topic_subscription" "reader" {
  provider = lambdasim.reader

  topic_arn = lambdasim_sns_topic.news.arn
  protocol  = "lambda"
  endpoint  = lambdasim_function.reader.arn

  depends_on = [lambdasim_sns_topic_policy.news]
}

# To write its log.
resource "lambdasim_iam_role_policy_attachment" "log" {
  provider = lambdasim.reader

  role       = lambdasim_iam_role.reader.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
