# What it answers is in no state and in no plan.
ephemeral "lambdasim_invocation" "token" {
  function_name = "tokens"
  payload       = jsonencode({ shop = "north" })
}
