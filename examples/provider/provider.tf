terraform {
  required_providers {
    lambdasim = {
      source = "lambdasim/lambdasim"
    }
  }
}

# The root of the backend's default account.
provider "lambdasim" {
  endpoint = "http://127.0.0.1:4566" # or LAMBDASIM_ENDPOINT
  region   = "us-east-1"

  default_tags {
    tags = {
      team = "orders"
    }
  }
}

# Another account: twelve digits are enough.
provider "lambdasim" {
  alias      = "partner"
  account_id = "222222222222"
}
