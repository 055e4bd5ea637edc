terraform {
  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

variable "days" {
  type = number
}

variable "function" {
  type = string
}

resource "lambdasim_time_advance" "days" {
  by = "${var.days * 24}h"
}

data "lambdasim_deliveries" "report" {
  function   = var.function
  source     = "events"
  depends_on = [lambdasim_time_advance.days]
}

output "outcomes" {
  value = data.lambdasim_deliveries.report.deliveries[*].outcome
}

output "times" {
  value = [for d in data.lambdasim_deliveries.report.deliveries : formatdate("hh:mm", d.at)]
}

output "text" {
  value = data.lambdasim_deliveries.report.text
}
