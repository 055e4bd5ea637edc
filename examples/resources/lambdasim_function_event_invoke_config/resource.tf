resource "lambdasim_sqs_queue" "given_up" {
  name = "orders-given-up"
}

# Events of the function are tried once more within ten minutes, and then kept. Its role may send to the queue.
resource "lambdasim_function_event_invoke_config" "orders" {
  function_name                = "orders"
  maximum_retry_attempts       = 1
  maximum_event_age_in_seconds = 600

  destination_config {
    on_failure {
      destination = lambdasim_sqs_queue.given_up.arn
    }
  }
}
