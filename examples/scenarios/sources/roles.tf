data "lambdasim_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# One role for each function: what a poller may read is its function's role's affair.
resource "lambdasim_iam_role" "function" {
  for_each = toset(["queue", "table", "gate", "rule"])

  name               = "${var.name}-${each.key}"
  assume_role_policy = data.lambdasim_iam_policy_document.trust.json
}
