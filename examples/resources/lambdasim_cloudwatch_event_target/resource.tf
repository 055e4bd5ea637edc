resource "lambdasim_cloudwatch_event_rule" "orders" {
  name          = "orders"
  event_pattern = jsonencode({ source = ["shop"] })
}

resource "lambdasim_sqs_queue" "orders" {
  name = "orders"
}

resource "lambdasim_cloudwatch_event_target" "queue" {
  rule      = lambdasim_cloudwatch_event_rule.orders.name
  target_id = "queue"
  arn       = lambdasim_sqs_queue.orders.arn

  input_transformer {
    input_paths    = { order = "$.detail.id" }
    input_template = "\"order <order>\""
  }
}

resource "lambdasim_sqs_queue_policy" "orders" {
  queue_url = lambdasim_sqs_queue.orders.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = lambdasim_sqs_queue.orders.arn
      Condition = { ArnEquals = { "aws:SourceArn" = lambdasim_cloudwatch_event_rule.orders.arn } }
    }]
  })
}
