data "lambdasim_function_url" "orders" {
  function_name = "orders"
}

output "address" {
  value = data.lambdasim_function_url.orders.function_url
}
