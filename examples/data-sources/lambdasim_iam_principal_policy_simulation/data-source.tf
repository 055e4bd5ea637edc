data "lambdasim_iam_principal_policy_simulation" "worker" {
  policy_source_arn = "arn:aws:iam::000000000000:role/worker"
  action_names      = ["sqs:SendMessage"]
  resource_arns     = ["arn:aws:sqs:us-east-1:000000000000:orders"]

  context {
    key    = "aws:SecureTransport"
    type   = "boolean"
    values = ["true"]
  }

  lifecycle {
    postcondition {
      condition     = self.all_allowed
      error_message = "The worker may not send to the queue."
    }
  }
}
