data "lambdasim_invocation" "quote" {
  function_name = "prices"
  input         = jsonencode({ article = "A-1", pieces = 3 })
}

output "quote" {
  value = jsondecode(data.lambdasim_invocation.quote.result)
}
