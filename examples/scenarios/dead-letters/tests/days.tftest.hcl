run "wire" {}

run "two_days_pass" {
  module {
    source = "./tests/order"
  }

  variables {
    queue_url = run.wire.queue_url
    days      = 2
  }
}

run "it_is_tried_every_twelve_hours" {
  module {
    source = "../../testing/deliveries"
  }

  variables {
    function = run.wire.functions.orders
  }

  assert {
    condition     = output.outcomes == tolist(["failed", "failed", "failed", "failed", "failed"])
    error_message = output.text
  }
}

run "nobody_was_told_yet" {
  module {
    source = "../../testing/deliveries"
  }

  variables {
    function = run.wire.functions.alarm
  }

  assert {
    condition     = output.count == 0
    error_message = output.text
  }
}

# The clock is moved on from where it is: the third day.
run "another_day_passes" {
  module {
    source = "./tests/order"
  }

  variables {
    queue_url = run.wire.queue_url
    days      = 1
  }
}

run "after_three_days_somebody_is_told" {
  module {
    source = "../../testing/deliveries"
  }

  variables {
    function = run.wire.functions.alarm
  }

  assert {
    condition     = output.outcomes == tolist(["delivered"])
    error_message = output.text
  }
}
