# want unknown push/apigateway aws_apigatewayv2_integration.i : no route of this plan leads to it
resource "aws_apigatewayv2_integration" "i" {
  api_id           = "abc"
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.f.invoke_arn
}
