terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 6.28" }
  }
}

variable "name" { type = string }
variable "function" { type = string }
variable "function_version" { type = string }
variable "source_arn" { type = string }
variable "queue_arn" { type = string }

resource "aws_lambda_alias" "this" {
  name             = var.name
  description      = ""
  function_name    = var.function
  function_version = var.function_version

  lifecycle {
    ignore_changes = [function_version]
  }
}

# It names the alias, and does not depend on it: the AWS provider waits until the alias is there.
resource "aws_lambda_permission" "this" {
  function_name = var.function
  qualifier     = var.name
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = var.source_arn
}

data "aws_lambda_alias" "this" {
  function_name = var.function
  name          = aws_lambda_alias.this.name
}

resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn = var.queue_arn
  function_name    = data.aws_lambda_alias.this.arn
}

resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = var.function
  qualifier                    = data.aws_lambda_alias.this.name
  maximum_event_age_in_seconds = 60
}

output "arn" { value = aws_lambda_alias.this.arn }
