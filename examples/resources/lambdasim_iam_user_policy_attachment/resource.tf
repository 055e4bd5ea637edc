resource "lambdasim_iam_user" "ada" {
  name = "ada"
}

resource "lambdasim_iam_user_policy_attachment" "lambda" {
  user       = lambdasim_iam_user.ada.name
  policy_arn = "arn:aws:iam::aws:policy/AWSLambda_FullAccess"
}
