output "function_arn" {
  value = aws_lambda_function.this.arn
}

output "bucket" {
  value = aws_s3_bucket.orders.id
}

output "region" {
  value = data.aws_region.current.name
}
