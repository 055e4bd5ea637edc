resource "lambdasim_s3_bucket" "uploads" {
  bucket = "uploads"
}

resource "lambdasim_permission" "uploads" {
  function_name = "orders"
  action        = "lambda:InvokeFunction"
  principal     = "s3.amazonaws.com"
  source_arn    = lambdasim_s3_bucket.uploads.arn
}

resource "lambdasim_s3_bucket_notification" "uploads" {
  bucket = lambdasim_s3_bucket.uploads.id

  lambda_function {
    lambda_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:orders"
    events              = ["s3:ObjectCreated:*"]
    filter_prefix       = "incoming/"
    filter_suffix       = ".csv"
  }

  # S3 asks the function's policy when it is configured.
  depends_on = [lambdasim_permission.uploads]
}
