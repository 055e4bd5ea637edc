# { region = "eu-west-1", account_id = "111122223333", function_name = "hello", qualifier = "live" }
output "parts" {
  value = provider::lambdasim::parse_function_arn("arn:aws:lambda:eu-west-1:111122223333:function:hello:live")
}
