output "function" {
  value = lambdasim_function.orders.function_name
}

output "stream" {
  value = lambdasim_kinesis_stream.orders.name
}

output "queue" {
  value = lambdasim_sqs_queue.poison.name
}
