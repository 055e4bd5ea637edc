resource "lambdasim_runtime_management_config" "orders" {
  function_name     = "orders"
  update_runtime_on = "FunctionUpdate"
}
