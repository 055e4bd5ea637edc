# The newest version that is for this runtime.
data "lambdasim_layer_version" "pricing" {
  layer_name         = "pricing"
  compatible_runtime = "python3.12"
}

output "layer" {
  value = data.lambdasim_layer_version.pricing.arn
}
