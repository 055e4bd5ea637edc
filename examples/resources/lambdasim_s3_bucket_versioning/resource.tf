resource "lambdasim_s3_bucket" "uploads" {
  bucket = "uploads"
}

resource "lambdasim_s3_bucket_versioning" "uploads" {
  bucket = lambdasim_s3_bucket.uploads.id

  versioning_configuration {
    status = "Enabled"
  }
}
