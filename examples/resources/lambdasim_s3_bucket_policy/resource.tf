resource "lambdasim_s3_bucket" "uploads" {
  bucket = "uploads"
}

resource "lambdasim_s3_bucket_policy" "uploads" {
  bucket = lambdasim_s3_bucket.uploads.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PartnersMayRead"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111111111111:root" }
      Action    = "s3:GetObject"
      Resource  = "${lambdasim_s3_bucket.uploads.arn}/*"
    }]
  })
}
