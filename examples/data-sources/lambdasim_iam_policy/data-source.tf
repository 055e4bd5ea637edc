data "lambdasim_iam_policy" "basic" {
  arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

output "document" {
  value = data.lambdasim_iam_policy.basic.policy
}
