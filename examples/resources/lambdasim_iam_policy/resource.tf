resource "lambdasim_iam_policy" "prices" {
  name        = "prices"
  description = "May ask for prices."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = "arn:aws:lambda:us-east-1:000000000000:function:prices"
    }]
  })
}
