data "lambdasim_s3_object" "greeting" {
  bucket = "uploads"
  key    = "in/greeting.txt"
}

output "greeting" {
  value = data.lambdasim_s3_object.greeting.body
}
