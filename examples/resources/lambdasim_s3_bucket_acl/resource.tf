resource "lambdasim_s3_bucket" "uploads" {
  bucket = "uploads"
}

resource "lambdasim_s3_bucket_ownership_controls" "uploads" {
  bucket = lambdasim_s3_bucket.uploads.id

  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}

resource "lambdasim_s3_bucket_acl" "uploads" {
  bucket = lambdasim_s3_bucket.uploads.id
  acl    = "private"

  depends_on = [lambdasim_s3_bucket_ownership_controls.uploads]
}
