resource "lambdasim_function" "orders" {
  function_name = "orders"
  role          = "arn:aws:iam::000000000000:role/orders"
  runtime       = "python3.12"
  handler       = "orders.handler"
  filename      = "orders.py"
}

resource "lambdasim_apigatewayv2_api" "shop" {
  name          = "shop"
  protocol_type = "HTTP"
}

resource "lambdasim_apigatewayv2_integration" "orders" {
  api_id                 = lambdasim_apigatewayv2_api.shop.id
  integration_type       = "AWS_PROXY"
  integration_uri        = lambdasim_function.orders.invoke_arn
  payload_format_version = "2.0"
}

resource "lambdasim_permission" "shop" {
  function_name = lambdasim_function.orders.function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${lambdasim_apigatewayv2_api.shop.execution_arn}/*/*/orders/{id}"
}
