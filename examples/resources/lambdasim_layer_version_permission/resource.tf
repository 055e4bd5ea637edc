resource "lambdasim_layer_version" "pricing" {
  layer_name = "pricing"
  filename   = "${path.module}/layers/pricing"
}

# Another account's functions may have the layer.
resource "lambdasim_layer_version_permission" "orders" {
  layer_name     = lambdasim_layer_version.pricing.layer_name
  version_number = lambdasim_layer_version.pricing.version
  statement_id   = "orders"
  action         = "lambda:GetLayerVersion"
  principal      = "111122223333"
}
