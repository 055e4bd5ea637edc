resource "lambdasim_sqs_queue" "dead" {
  name = "orders-dead"
}

resource "lambdasim_sqs_queue" "orders" {
  name                       = "orders"
  visibility_timeout_seconds = 60
  message_retention_seconds  = 86400

  redrive_policy = jsonencode({
    deadLetterTargetArn = lambdasim_sqs_queue.dead.arn
    maxReceiveCount     = 5
  })
}

resource "lambdasim_sqs_queue" "invoices" {
  name                        = "invoices.fifo"
  fifo_queue                  = true
  content_based_deduplication = true
}
