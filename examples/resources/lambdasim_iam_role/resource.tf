data "lambdasim_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "lambdasim_iam_role" "orders" {
  name               = "orders"
  assume_role_policy = data.lambdasim_iam_policy_document.trust.json
}
