terraform {
  required_version = ">= 1.8"

  required_providers {
    lambdasim = {
      source = "lambdasim/lambdasim"
    }
  }
}

# The backend is the one that LAMBDASIM_ENDPOINT names; without it, one that is found or started for this folder.
provider "lambdasim" {
  region = "us-east-1"
}

# The same simulator, seen from another account.
provider "lambdasim" {
  alias      = "partner"
  region     = "us-east-1"
  account_id = var.partner_account
}
