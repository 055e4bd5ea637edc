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
