data "lambdasim_iam_policy_document" "read" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::orders/*"]
  }
}

locals {
  # The same request with another action, for each action.
  decisions = {
    for action in ["s3:GetObject", "s3:DeleteObject"] : action => provider::lambdasim::policy_decision({
      principal         = "arn:aws:iam::123456789012:role/reader"
      action            = action
      resource          = "arn:aws:s3:::orders/1.json"
      identity_policies = [data.lambdasim_iam_policy_document.read.json]
      context           = { "aws:SecureTransport" = "true" }
    })
  }
}

check "the_reader_only_reads" {
  assert {
    condition     = local.decisions["s3:GetObject"].allowed && !local.decisions["s3:DeleteObject"].allowed
    error_message = join("\n", [for action, d in local.decisions : "${action}: ${d.explanation}"])
  }
}
