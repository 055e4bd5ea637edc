data "lambdasim_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "lambdasim_iam_role" "worker" {
  name               = "worker"
  assume_role_policy = data.lambdasim_iam_policy_document.trust.json
}

resource "lambdasim_iam_role_policy" "invoke" {
  role = lambdasim_iam_role.worker.name
  name = "invoke"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "lambda:InvokeFunction", Resource = "*" }]
  })
}

resource "lambdasim_iam_role_policies_exclusive" "worker" {
  role_name    = lambdasim_iam_role.worker.name
  policy_names = [lambdasim_iam_role_policy.invoke.name]
}
