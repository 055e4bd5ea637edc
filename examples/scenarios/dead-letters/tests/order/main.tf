# An order, and the days that follow.

terraform {
  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

variable "queue_url" {
  type = string
}

variable "days" {
  type = number
}

resource "lambdasim_sqs_message" "order" {
  queue_url = var.queue_url
  body      = jsonencode({ order = 1 })
}

resource "lambdasim_time_advance" "days" {
  by         = "${var.days * 24}h"
  depends_on = [lambdasim_sqs_message.order]
}
