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

resource "lambdasim_iam_instance_profile" "worker" {
  name = "worker"
  role = lambdasim_iam_role.worker.name
}
