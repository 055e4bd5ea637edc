output "functions" {
  description = "Names of the functions, by what calls them."
  value = {
    queue = lambdasim_function.queue.function_name
    table = lambdasim_function.table.function_name
    gate  = lambdasim_function.gate.function_name
    rule  = lambdasim_function.rule.function_name
  }
}

output "queue_url" {
  value = lambdasim_sqs_queue.orders.url
}

output "table" {
  value = lambdasim_dynamodb_table.stock.name
}

output "user_pool" {
  value = lambdasim_cognito_user_pool.people.id
}
