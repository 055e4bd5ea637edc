terraform {
  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

variable "user_pool" {
  type = string
}

variable "email" {
  type = string
}

resource "lambdasim_cognito_user" "u" {
  user_pool_id = var.user_pool
  username     = split("@", var.email)[0]
  attributes   = { email = var.email }
}

output "status" {
  value = lambdasim_cognito_user.u.status
}
