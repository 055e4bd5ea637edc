resource "lambdasim_s3_bucket" "uploads" {
  bucket = "uploads"
}

# The bucket may invoke the function, and no other bucket.
resource "lambdasim_permission" "uploads" {
  statement_id   = "uploads"
  function_name  = "orders"
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = lambdasim_s3_bucket.uploads.arn
  source_account = "000000000000"
}
