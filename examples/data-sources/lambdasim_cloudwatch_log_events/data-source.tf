data "lambdasim_cloudwatch_log_events" "orders" {
  log_group_name = "/aws/lambda/orders"
}

output "errors" {
  value = [for e in data.lambdasim_cloudwatch_log_events.orders.events : e.message if strcontains(e.message, "ERROR")]
}
