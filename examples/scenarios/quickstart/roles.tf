# Execution roles: what the functions themselves, and the pollers that read for them, may do.

locals {
  functions = toset(["uploads", "orders", "quote"])
}

data "lambdasim_caller_identity" "here" {}

data "lambdasim_iam_policy_document" "lambda_assumes" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "lambdasim_iam_policy_document" "write_logs" {
  statement {
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["*"]
  }
}

resource "lambdasim_iam_role" "execution" {
  for_each = local.functions

  name               = "${var.name}-${each.key}"
  assume_role_policy = data.lambdasim_iam_policy_document.lambda_assumes.json
}

resource "lambdasim_iam_role_policy" "logs" {
  for_each = local.functions

  name   = "write-logs"
  role   = lambdasim_iam_role.execution[each.key].name
  policy = data.lambdasim_iam_policy_document.write_logs.json
}
