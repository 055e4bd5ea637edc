resource "lambdasim_sqs_queue" "dead" {
  name = "orders-dead"
}

resource "lambdasim_sqs_queue" "orders" {
  name = "orders"
}

resource "lambdasim_sqs_queue_redrive_policy" "orders" {
  queue_url = lambdasim_sqs_queue.orders.url

  redrive_policy = jsonencode({
    deadLetterTargetArn = lambdasim_sqs_queue.dead.arn
    maxReceiveCount     = 3
  })
}
