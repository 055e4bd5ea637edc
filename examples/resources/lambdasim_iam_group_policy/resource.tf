resource "lambdasim_iam_group" "callers" {
  name = "callers"
}

resource "lambdasim_iam_group_policy" "invoke" {
  group = lambdasim_iam_group.callers.name
  name  = "invoke"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "lambda:InvokeFunction", Resource = "*" }]
  })
}
