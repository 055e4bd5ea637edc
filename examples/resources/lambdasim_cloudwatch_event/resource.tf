resource "lambdasim_cloudwatch_event" "order" {
  source      = "shop"
  detail_type = "Order"
  detail      = jsonencode({ id = 1, pieces = 3 })
}
