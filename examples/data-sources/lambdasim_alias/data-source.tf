data "lambdasim_alias" "live" {
  function_name = "orders"
  name          = "live"
}
