resource "lambdasim_apigatewayv2_api" "shop" {
  name          = "shop"
  protocol_type = "HTTP"
}

resource "lambdasim_apigatewayv2_stage" "live" {
  api_id      = lambdasim_apigatewayv2_api.shop.id
  name        = "$default"
  auto_deploy = true
}
