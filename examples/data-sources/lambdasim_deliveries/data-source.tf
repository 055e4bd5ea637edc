# What became of the events for a function, once the simulator is quiet.
data "lambdasim_deliveries" "orders" {
  function = "orders"
}

check "every_order_arrived" {
  assert {
    condition     = alltrue([for d in data.lambdasim_deliveries.orders.deliveries : d.outcome == "delivered"])
    error_message = data.lambdasim_deliveries.orders.text
  }
}
