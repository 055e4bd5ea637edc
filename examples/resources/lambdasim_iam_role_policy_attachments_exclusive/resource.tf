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

resource "lambdasim_iam_role_policy_attachments_exclusive" "worker" {
  role_name   = lambdasim_iam_role.worker.name
  policy_arns = ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
}
