run "wire" {}

run "seven_nights_seven_reports" {
  module {
    source = "./tests/days"
  }

  variables {
    days     = 7
    function = run.wire.function
  }

  assert {
    condition     = length(output.outcomes) == 7 && alltrue([for o in output.outcomes : o == "delivered"])
    error_message = output.text
  }

  assert {
    condition     = alltrue([for t in output.times : t == "02:30"])
    error_message = output.text
  }
}

run "without_the_permission" {
  variables {
    permit = false
  }
}

run "nothing_arrives_and_the_trace_says_why" {
  module {
    source = "./tests/days"
  }

  variables {
    days     = 1
    function = run.wire.function
  }

  assert {
    condition     = output.outcomes[length(output.outcomes) - 1] == "denied" && strcontains(output.text, "lambdasim_permission")
    error_message = output.text
  }
}
