data "lambdasim_cloudwatch_log_group" "orders" {
  name = "/aws/lambda/orders"
}
