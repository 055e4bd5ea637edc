resource "lambdasim_s3_bucket" "uploads" {
  bucket = "uploads"
}

resource "lambdasim_s3_bucket_public_access_block" "uploads" {
  bucket = lambdasim_s3_bucket.uploads.id

  block_public_acls       = true
  block_public_policy     = false # a policy may let everybody read
  ignore_public_acls      = true
  restrict_public_buckets = false
}
