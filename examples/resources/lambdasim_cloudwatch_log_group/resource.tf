# Made before the function runs: a function that writes first makes its group itself.
resource "lambdasim_cloudwatch_log_group" "orders" {
  name              = "/aws/lambda/orders"
  retention_in_days = 14
}
