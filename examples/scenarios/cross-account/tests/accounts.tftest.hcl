run "wire" {}

run "news" {
  module {
    source = "./tests/news"
  }

  variables {
    topic = run.wire.topic
    text  = "first"
  }
}

run "it_reaches_the_other_account" {
  module {
    source = "../../testing/deliveries"
  }

  variables {
    function = run.wire.function
  }

  assert {
    condition     = output.outcomes == tolist(["delivered"]) && output.deliveries[0].account == "222222222222"
    error_message = output.text
  }
}

run "take_the_permission_away" {
  variables {
    permit = false
  }
}

run "more_news" {
  module {
    source = "./tests/news"
  }

  variables {
    topic = run.wire.topic
    text  = "second"
  }
}

run "it_is_refused_and_nobody_but_the_trace_says_so" {
  module {
    source = "../../testing/deliveries"
  }

  variables {
    function = run.wire.function
  }

  assert {
    condition     = output.outcomes == tolist(["delivered", "denied"]) && strcontains(join("", output.denied), "no resource-based policy allows it")
    error_message = output.text
  }
}
