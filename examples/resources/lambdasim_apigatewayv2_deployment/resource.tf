resource "lambdasim_apigatewayv2_api" "shop" {
  name          = "shop"
  protocol_type = "HTTP"
}

resource "lambdasim_apigatewayv2_integration" "orders" {
  api_id                 = lambdasim_apigatewayv2_api.shop.id
  integration_type       = "AWS_PROXY"
  integration_uri        = "arn:aws:lambda:us-east-1:000000000000:function:orders"
  payload_format_version = "2.0"
}

resource "lambdasim_apigatewayv2_route" "order" {
  api_id    = lambdasim_apigatewayv2_api.shop.id
  route_key = "GET /orders/{id}"
  target    = "integrations/${lambdasim_apigatewayv2_integration.orders.id}"
}

resource "lambdasim_apigatewayv2_deployment" "shop" {
  api_id = lambdasim_apigatewayv2_api.shop.id

  triggers = {
    routes = lambdasim_apigatewayv2_route.order.id
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "lambdasim_apigatewayv2_stage" "v1" {
  api_id        = lambdasim_apigatewayv2_api.shop.id
  name          = "v1"
  deployment_id = lambdasim_apigatewayv2_deployment.shop.id
}
