# terraform test. Each source is used as its users would; examples/testing/deliveries says what arrived.

variables {
  name = "tested-sources"
}

run "wire" {}

run "send_a_message" {
  module {
    source = "./tests/message"
  }

  variables {
    queue_url = run.wire.queue_url
    body      = "an order"
  }
}

run "the_queue_reached_its_function" {
  module {
    source = "../../testing/deliveries"
  }

  variables {
    function = run.wire.functions.queue
  }

  assert {
    condition     = output.outcomes == tolist(["delivered"])
    error_message = output.text
  }
}

run "write_an_item" {
  module {
    source = "./tests/item"
  }

  variables {
    table      = run.wire.table
    count_left = 3
  }
}

run "change_it" {
  module {
    source = "./tests/item"
  }

  variables {
    table      = run.wire.table
    count_left = 2
  }
}

run "the_table_reached_its_function" {
  module {
    source = "../../testing/deliveries"
  }

  variables {
    function = run.wire.functions.table
  }

  assert {
    condition     = output.count >= 1 && alltrue([for o in output.outcomes : o == "delivered"])
    error_message = output.text
  }
}

run "a_colleague_is_let_in" {
  module {
    source = "./tests/user"
  }

  variables {
    user_pool = run.wire.user_pool
    email     = "ada@example.com"
  }

  assert {
    condition     = output.status == "FORCE_CHANGE_PASSWORD"
    error_message = "The user is not there."
  }
}

run "the_pool_waited_for_its_trigger" {
  module {
    source = "../../testing/deliveries"
  }

  variables {
    function = run.wire.functions.gate
  }

  assert {
    condition     = output.outcomes == tolist(["delivered"]) && output.deliveries[0].invocation_type == "RequestResponse"
    error_message = output.text
  }
}

run "config_asks_its_rule" {
  module {
    source = "./tests/event"
  }

  variables {
    function = run.wire.functions.rule
    account  = "000000000000"
  }
}

run "config_of_another_account_is_refused" {
  module {
    source = "./tests/event"
  }

  variables {
    function = run.wire.functions.rule
    account  = "111111111111"
  }
}

run "the_policy_decided" {
  module {
    source = "../../testing/deliveries"
  }

  variables {
    function = run.wire.functions.rule
  }

  assert {
    condition     = output.outcomes == tolist(["delivered", "denied"])
    error_message = output.text
  }

  assert {
    condition     = strcontains(join("", output.denied), "AWS:SourceAccount")
    error_message = output.text
  }
}
