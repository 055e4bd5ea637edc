# { partition = "aws", service = "sqs", region = "eu-west-1", account_id = "111122223333", resource = "orders" }
output "parts" {
  value = provider::lambdasim::arn_parse("arn:aws:sqs:eu-west-1:111122223333:orders")
}
