resource "lambdasim_apigatewayv2_route" "order" {
  api_id    = lambdasim_apigatewayv2_api.shop.id
  route_key = "GET /orders/{id}"
  target    = "integrations/${lambdasim_apigatewayv2_integration.orders.id}"
}
