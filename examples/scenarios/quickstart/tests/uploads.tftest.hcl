# terraform test, against a running backend: LAMBDASIM_ENDPOINT names it.

variables {
  name = "tested"
}

run "wire" {
  assert {
    condition     = output.uploads_function == "tested-uploads"
    error_message = "The function has another name."
  }
}

run "an_object_under_the_prefix_reaches_the_function" {
  module {
    source = "./tests/arrive"
  }

  variables {
    bucket   = run.wire.uploads_bucket
    function = run.wire.uploads_function
    key      = "incoming/cat.jpg"
  }

  assert {
    condition     = output.outcomes == tolist(["delivered"])
    error_message = output.trace
  }
}

run "an_object_elsewhere_reaches_nobody" {
  module {
    source = "./tests/arrive"
  }

  variables {
    bucket   = run.wire.uploads_bucket
    function = run.wire.uploads_function
    key      = "elsewhere/cat.jpg"
  }

  assert {
    condition     = length(output.outcomes) == 1
    error_message = output.trace
  }
}

run "take_the_permission_away" {
  variables {
    revoke_upload_permission = true
  }
}

run "the_next_object_is_refused_and_the_trace_names_the_condition" {
  module {
    source = "./tests/arrive"
  }

  variables {
    bucket   = run.wire.uploads_bucket
    function = run.wire.uploads_function
    key      = "incoming/late.jpg"
  }

  assert {
    condition     = output.outcomes[length(output.outcomes) - 1] == "denied"
    error_message = output.trace
  }

  assert {
    condition     = strcontains(output.trace, "condition ArnLike AWS:SourceArn")
    error_message = output.trace
  }
}
