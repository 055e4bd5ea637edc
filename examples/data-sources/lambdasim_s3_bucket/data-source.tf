data "lambdasim_s3_bucket" "uploads" {
  bucket = "uploads"
}
