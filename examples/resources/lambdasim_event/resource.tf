# As AWS Config would call the function "rules", if its policy lets config.amazonaws.com in.
resource "lambdasim_event" "config" {
  service       = "config"
  function_name = "rules"

  event = jsonencode({
    configRuleName = "required-tags"
    invokingEvent  = jsonencode({ messageType = "ScheduledNotification" })
  })
}
