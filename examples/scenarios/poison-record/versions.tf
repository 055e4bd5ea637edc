terraform {
  required_version = ">= 1.8"

  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

provider "lambdasim" {}
