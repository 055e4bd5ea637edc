# The folder holds python/…, which functions import once they name the layer.
resource "lambdasim_layer_version" "pricing" {
  layer_name          = "pricing"
  filename            = "${path.module}/layers/pricing"
  compatible_runtimes = ["python3.12", "python3.13"]
}
