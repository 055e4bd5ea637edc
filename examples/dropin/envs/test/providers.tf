# As a team has it for AWS. "dropin run" takes it as it is, and reaches nothing that it names.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }

  backend "s3" {
    bucket       = "acme-terraform-state"
    key          = "orders/test.tfstate"
    region       = "eu-central-1"
    profile      = "acme-test"
    use_lockfile = true
  }
}

provider "aws" {
  region              = "eu-central-1"
  profile             = "acme-test"
  allowed_account_ids = ["123456789012"]

  assume_role {
    role_arn     = "arn:aws:iam::123456789012:role/deploy"
    session_name = "terraform"
  }

  default_tags {
    tags = {
      Team = "orders"
    }
  }

  ignore_tags {
    key_prefixes = ["kubernetes.io/"]
  }
}

# Another account of the team's.
provider "aws" {
  alias  = "audit"
  region = "eu-central-1"

  assume_role {
    role_arn = "arn:aws:iam::222222222222:role/audit"
  }
}
