# want allowed pull/kinesis module.stream["a"].aws_lambda_event_source_mapping.m
# want missing pull/kinesis module.stream["b"].aws_lambda_event_source_mapping.m : stream/b
# alone
provider "aws" {
  region = "eu-central-1"
}

module "role" {
  source = "./role"
  stream = module.stream["a"].arn
}

resource "aws_lambda_function" "f" {
  for_each      = toset(["a", "b"])
  function_name = "f-${each.key}"
  role          = module.role.arn
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
}

module "stream" {
  source   = "./stream"
  for_each = toset(["a", "b"])
  name     = each.key
  function = aws_lambda_function.f[each.key].arn
}
# file role/main.tf
variable "create" {
  default = true
}

variable "other" {
  default = ""
}

variable "stream" {
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "r" {
  count              = var.create ? 1 : 0
  name_prefix        = "r-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "read" {
  statement {
    actions   = ["kinesis:*"]
    resources = [var.stream]
  }
}

resource "aws_iam_role_policy" "read" {
  role   = aws_iam_role.r[0].name
  policy = data.aws_iam_policy_document.read.json
}

output "arn" {
  value = var.create ? aws_iam_role.r[0].arn : var.other
}
# file stream/main.tf
variable "name" {
}

variable "function" {
}

resource "aws_kinesis_stream" "s" {
  name        = var.name
  shard_count = 1
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn  = aws_kinesis_stream.s.arn
  function_name     = var.function
  starting_position = "LATEST"
}

output "arn" {
  value = aws_kinesis_stream.s.arn
}
