output "function_arn" {
  value = aws_lambda_function.this.arn
}

output "bucket" {
  value = aws_s3_bucket.orders.id
}

output "region" {
  value = data.aws_region.current.name
}

output "queue_url" {
  value = aws_sqs_queue.orders.url
}

output "table" {
  value = aws_dynamodb_table.orders.name
}
