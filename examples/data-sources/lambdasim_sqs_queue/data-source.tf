data "lambdasim_sqs_queue" "orders" {
  name = "orders"
}

output "orders_url" {
  value = data.lambdasim_sqs_queue.orders.url
}
