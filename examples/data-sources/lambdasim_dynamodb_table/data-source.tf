data "lambdasim_dynamodb_table" "orders" {
  name = "orders"
}

output "stream" {
  value = data.lambdasim_dynamodb_table.orders.stream_arn
}
