resource "lambdasim_cloudwatch_event_bus" "orders" {
  name = "orders"
}
