# The function fails twice with each event, and then takes two seconds. Orders of nothing it refuses at once.
resource "lambdasim_function_script" "orders" {
  function_name = "orders"

  outcomes = [
    { error_type = "TimeoutError", error_message = "the warehouse does not answer" },
    { error_type = "TimeoutError", error_message = "the warehouse does not answer" },
    { payload = jsonencode({ accepted = true }), duration = "2s", log = ["accepted"] },
  ]

  cases = [{
    event    = jsonencode({ pieces = 0 })
    outcomes = [{ payload = jsonencode({ accepted = false }) }]
  }]
}
