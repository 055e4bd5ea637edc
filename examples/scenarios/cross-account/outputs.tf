output "topic" {
  value = lambdasim_sns_topic.news.arn
}

output "function" {
  value = lambdasim_function.reader.arn
}
