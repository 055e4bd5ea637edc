terraform {
  required_version = ">= 1.8"

  required_providers {
    lambdasim = {
      source = "lambdasim/lambdasim"
    }
  }
}

# The backend is found through LAMBDASIM_ENDPOINT.
provider "lambdasim" {
  region = "us-east-1"
}

# The same simulator, seen from another account.
provider "lambdasim" {
  alias      = "partner"
  region     = "us-east-1"
  account_id = var.partner_account
}
