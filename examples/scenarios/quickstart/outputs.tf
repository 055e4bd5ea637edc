# What the program in send/ needs to know.

output "uploads_bucket" {
  value = lambdasim_s3_bucket.uploads.id
}

output "orders_stream" {
  value = lambdasim_kinesis_stream.orders.name
}

output "quote_function" {
  value = lambdasim_function.quote.arn
}

output "storefront_role" {
  value = lambdasim_iam_role.storefront.arn
}

output "partner_role" {
  value = lambdasim_iam_role.partner.arn
}

output "bystander_role" {
  value = lambdasim_iam_role.bystander.arn
}

output "uploads_function" {
  value = lambdasim_function.uploads.function_name
}

output "orders_function" {
  value = lambdasim_function.orders.function_name
}
