resource "lambdasim_sqs_queue" "orders" {
  name = "orders"
}

resource "lambdasim_sqs_message" "first" {
  queue_url = lambdasim_sqs_queue.orders.url
  body      = jsonencode({ order = 1 })

  message_attributes = {
    shop = "north"
  }
}
