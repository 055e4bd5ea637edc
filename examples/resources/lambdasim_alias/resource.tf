# Nine of ten calls of the alias run version 1, one of ten runs version 2.
resource "lambdasim_alias" "live" {
  name             = "live"
  function_name    = "orders"
  function_version = "1"

  routing_config {
    additional_version_weights = {
      "2" = 0.1
    }
  }
}

# Who calls the alias needs a permission on the alias.
resource "lambdasim_permission" "uploads" {
  statement_id  = "uploads"
  function_name = lambdasim_alias.live.function_name
  qualifier     = lambdasim_alias.live.name
  action        = "lambda:InvokeFunction"
  principal     = "s3.amazonaws.com"
  source_arn    = "arn:aws:s3:::uploads"
}
