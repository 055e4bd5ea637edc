resource "lambdasim_s3_bucket" "uploads" {
  bucket        = "uploads"
  force_destroy = true
}

# Writing it is an event.
resource "lambdasim_s3_object" "first" {
  bucket       = lambdasim_s3_bucket.uploads.id
  key          = "incoming/first.csv"
  content      = "id,amount\n1,12.50\n"
  content_type = "text/csv"
}
