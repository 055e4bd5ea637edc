resource "lambdasim_sns_topic" "news" {
  name = "news"
}

resource "lambdasim_sqs_queue" "reader" {
  name = "reader"
}

resource "lambdasim_sqs_queue_policy" "reader" {
  queue_url = lambdasim_sqs_queue.reader.url

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = lambdasim_sqs_queue.reader.arn
      Condition = { ArnEquals = { "aws:SourceArn" = lambdasim_sns_topic.news.arn } }
    }]
  })
}

resource "lambdasim_sns_topic_subscription" "reader" {
  topic_arn            = lambdasim_sns_topic.news.arn
  protocol             = "sqs"
  endpoint             = lambdasim_sqs_queue.reader.arn
  raw_message_delivery = true
  filter_policy        = jsonencode({ kind = ["urgent"] })
}
