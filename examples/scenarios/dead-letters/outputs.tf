output "queue_url" {
  value = lambdasim_sqs_queue.orders.url
}

output "functions" {
  value = { for name, f in lambdasim_function.function : name => f.function_name }
}
