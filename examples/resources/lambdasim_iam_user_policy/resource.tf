resource "lambdasim_iam_user" "ada" {
  name = "ada"
}

resource "lambdasim_iam_user_policy" "invoke" {
  user = lambdasim_iam_user.ada.name
  name = "invoke"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "lambda:InvokeFunction", Resource = "*" }]
  })
}
