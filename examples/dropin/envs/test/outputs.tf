output "function_arn" {
  value = module.orders.function_arn
}

output "region" {
  value = module.orders.region
}

output "audit_account" {
  value = data.aws_caller_identity.audit.account_id
}

output "queue_url" {
  value = module.orders.queue_url
}
