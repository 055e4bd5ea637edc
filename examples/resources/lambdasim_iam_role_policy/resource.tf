data "lambdasim_iam_policy_document" "send" {
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = ["arn:aws:lambda:us-east-1:000000000000:function:prices"]
  }
}

resource "lambdasim_iam_role_policy" "send" {
  name   = "send"
  role   = "orders"
  policy = data.lambdasim_iam_policy_document.send.json
}
