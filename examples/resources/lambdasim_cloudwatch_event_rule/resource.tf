resource "lambdasim_cloudwatch_event_rule" "orders" {
  name          = "orders"
  event_pattern = jsonencode({ source = ["shop"], "detail-type" = ["Order"] })
}

resource "lambdasim_cloudwatch_event_rule" "nightly" {
  name                = "nightly"
  schedule_expression = "cron(30 2 * * ? *)"
}
