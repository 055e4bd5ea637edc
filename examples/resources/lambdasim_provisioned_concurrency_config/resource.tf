resource "lambdasim_provisioned_concurrency_config" "live" {
  function_name                     = "orders"
  qualifier                         = "live"
  provisioned_concurrent_executions = 5
}
