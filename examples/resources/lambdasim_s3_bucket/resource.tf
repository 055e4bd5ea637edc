resource "lambdasim_s3_bucket" "uploads" {
  bucket        = "uploads"
  force_destroy = true

  tags = {
    team = "orders"
  }
}
