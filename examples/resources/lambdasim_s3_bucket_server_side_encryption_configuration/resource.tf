resource "lambdasim_s3_bucket" "uploads" {
  bucket = "uploads"
}

resource "lambdasim_s3_bucket_server_side_encryption_configuration" "uploads" {
  bucket = lambdasim_s3_bucket.uploads.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}
