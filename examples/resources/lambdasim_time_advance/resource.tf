resource "lambdasim_sqs_queue" "orders" {
  name = "orders"
}

resource "lambdasim_sqs_message" "order" {
  queue_url = lambdasim_sqs_queue.orders.url
  body      = jsonencode({ article = "A-1" })
}

# An hour passes after the message was sent, with all that falls due in it. The backend runs with --clock virtual.
resource "lambdasim_time_advance" "hour" {
  by       = "1h"
  triggers = { order = lambdasim_sqs_message.order.id }
}
