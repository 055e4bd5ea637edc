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

resource "lambdasim_iam_user" "ada" {
  name = "ada"
}

resource "lambdasim_iam_policy_attachment" "lambda" {
  name       = "lambda"
  policy_arn = "arn:aws:iam::aws:policy/AWSLambda_FullAccess"
  roles      = [lambdasim_iam_role.worker.name]
  users      = [lambdasim_iam_user.ada.name]
}
