data "lambdasim_arn" "queue" {
  arn = "arn:aws:sqs:us-east-1:000000000000:orders"
}

output "account" {
  value = data.lambdasim_arn.queue.account
}
