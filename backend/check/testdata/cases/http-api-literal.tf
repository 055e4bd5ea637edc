# want allowed push/apigateway aws_apigatewayv2_integration.i
# want missing push/apigateway aws_apigatewayv2_integration.j : DELETE/pets
# (ANY stands for every method; a permission for GET is not enough)
resource "aws_apigatewayv2_integration" "i" {
  api_id           = "abc"
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.f.invoke_arn
}

resource "aws_apigatewayv2_route" "r" {
  api_id    = "abc"
  route_key = "GET /pets"
  target    = "integrations/${aws_apigatewayv2_integration.i.id}"
}

resource "aws_apigatewayv2_integration" "j" {
  api_id           = "abc"
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.f.arn
}

resource "aws_apigatewayv2_route" "s" {
  api_id    = "abc"
  route_key = "ANY /pets"
  target    = "integrations/${aws_apigatewayv2_integration.j.id}"
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "arn:aws:execute-api:eu-central-1:*:abc/*/GET/pets"
}
