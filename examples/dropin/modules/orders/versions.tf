terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 4.0"
    }
  }

  provider_meta "aws" {
    user_agent = ["orders/1.0"]
  }
}
