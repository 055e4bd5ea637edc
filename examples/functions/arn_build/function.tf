# arn:aws:sqs:eu-west-1:111122223333:orders
output "arn" {
  value = provider::lambdasim::arn_build("aws", "sqs", "eu-west-1", "111122223333", "orders")
}
