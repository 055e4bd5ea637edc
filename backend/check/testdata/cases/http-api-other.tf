# want missing push/apigateway aws_apigatewayv2_integration.i : no permission of this plan is on
# want missing push/apigateway aws_apigatewayv2_integration.j : the request has "arn:aws:execute-api:eu-central-1:{account}:{aws_apigatewayv2_api.a.id}/{stage}/POST/pets"
resource "aws_apigatewayv2_api" "a" {
  name          = "a"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_api" "b" {
  name          = "b"
  protocol_type = "HTTP"
}

resource "aws_lambda_function" "g" {
  function_name = "g"
  role          = aws_iam_role.r.arn
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
}

resource "aws_apigatewayv2_integration" "i" {
  api_id           = aws_apigatewayv2_api.a.id
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.f.invoke_arn
}

resource "aws_apigatewayv2_route" "r" {
  api_id    = aws_apigatewayv2_api.a.id
  route_key = "GET /pets"
  target    = "integrations/${aws_apigatewayv2_integration.i.id}"
}

resource "aws_apigatewayv2_integration" "j" {
  api_id           = aws_apigatewayv2_api.a.id
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.g.invoke_arn
}

resource "aws_apigatewayv2_route" "s" {
  api_id    = aws_apigatewayv2_api.a.id
  route_key = "POST /pets"
  target    = "integrations/${aws_apigatewayv2_integration.j.id}"
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.g.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.b.execution_arn}/*/*"
}
