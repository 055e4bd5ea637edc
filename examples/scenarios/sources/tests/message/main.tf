terraform {
  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

variable "queue_url" {
  type = string
}

variable "body" {
  type = string
}

resource "lambdasim_sqs_message" "m" {
  queue_url = var.queue_url
  body      = var.body
}
