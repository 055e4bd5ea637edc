run "wire" {}

run "a_wrong_order_does_not_hold_back_the_others" {
  module {
    source = "./tests/orders"
  }

  variables {
    stream = run.wire.stream
    queue  = run.wire.queue
  }

  assert {
    condition     = length([for o in output.outcomes : o if o == "dead_lettered"]) == 1
    error_message = output.text
  }

  assert {
    condition     = output.outcomes[length(output.outcomes) - 1] == "delivered"
    error_message = output.text
  }
}
