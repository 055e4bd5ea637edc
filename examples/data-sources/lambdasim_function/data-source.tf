data "lambdasim_function" "orders" {
  function_name = "orders"
}

output "newest_version" {
  value = data.lambdasim_function.orders.qualified_arn
}
