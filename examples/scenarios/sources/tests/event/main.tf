terraform {
  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

variable "function" {
  type = string
}

variable "account" {
  type = string
}

resource "lambdasim_event" "e" {
  service        = "config"
  source_account = var.account
  function_name  = var.function
  event          = jsonencode({ configRuleName = "required-tags" })
}
