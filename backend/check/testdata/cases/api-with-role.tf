# want missing push/apigateway-role aws_apigatewayv2_integration.i : apigateway.amazonaws.com may not assume
resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.name
  policy = data.aws_iam_policy_document.p.json
}

data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = [aws_lambda_function.f.arn]
  }
}

resource "aws_apigatewayv2_integration" "i" {
  api_id           = "abc"
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.f.arn
  credentials_arn  = aws_iam_role.r.arn
}
