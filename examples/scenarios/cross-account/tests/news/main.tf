terraform {
  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

variable "topic" {
  type = string
}

variable "text" {
  type = string
}

resource "lambdasim_sns_message" "news" {
  topic_arn = var.topic
  message   = var.text
}
