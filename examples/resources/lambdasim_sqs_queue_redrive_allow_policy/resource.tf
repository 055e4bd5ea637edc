resource "lambdasim_sqs_queue" "orders" {
  name = "orders"
}

resource "lambdasim_sqs_queue" "dead" {
  name = "orders-dead"
}

resource "lambdasim_sqs_queue_redrive_allow_policy" "dead" {
  queue_url = lambdasim_sqs_queue.dead.url

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [lambdasim_sqs_queue.orders.arn]
  })
}
