# What a run of terraform test calls beside the module under test: it waits until the simulator is quiet, and gives the
# delivery trace as outputs. See README.md.

terraform {
  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

variable "function" {
  description = "Name or ARN of the function. Empty: of every function."
  type        = string
  default     = ""
}

variable "source_of" {
  description = "A service (s3, kinesis, sqs, invoke, ...) or a source's ARN. Empty: of every source."
  type        = string
  default     = ""
}

variable "account" {
  description = "Account of the function. Empty: every account."
  type        = string
  default     = ""
}

variable "timeout" {
  description = "How long to wait until nothing is due and nothing is in flight."
  type        = string
  default     = "30s"
}

data "lambdasim_deliveries" "all" {
  function = var.function == "" ? null : var.function
  source   = var.source_of == "" ? null : var.source_of
  account  = var.account == "" ? null : var.account
  timeout  = var.timeout
}

output "count" {
  description = "How many deliveries there were."
  value       = length(data.lambdasim_deliveries.all.deliveries)
}

output "outcomes" {
  description = "Their outcomes, oldest first: delivered, denied, failed, ..."
  value       = data.lambdasim_deliveries.all.deliveries[*].outcome
}

output "denied" {
  description = "For each delivery that was denied, what the policies lacked."
  value = [for d in data.lambdasim_deliveries.all.deliveries :
  join("\n", [for s in d.steps : s.reason if s.kind == "authorized"]) if d.outcome == "denied"]
}

output "deliveries" {
  description = "The deliveries, with every step."
  value       = data.lambdasim_deliveries.all.deliveries
}

output "text" {
  description = "The same for people: the error_message of an assertion."
  value       = data.lambdasim_deliveries.all.text
}
