data "lambdasim_cloudwatch_event_bus" "default" {
  name = "default"
}
