resource "lambdasim_iam_group" "callers" {
  name = "callers"
}

resource "lambdasim_iam_group_policy_attachment" "lambda" {
  group      = lambdasim_iam_group.callers.name
  policy_arn = "arn:aws:iam::aws:policy/AWSLambda_FullAccess"
}
