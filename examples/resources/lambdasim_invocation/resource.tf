# The function sets something up when this is created, changes it with its input, and takes it down at the end: each time
# its event says at which step it is, under "tf".
resource "lambdasim_invocation" "schema" {
  function_name   = "migrate"
  input           = jsonencode({ version = 3 })
  lifecycle_scope = "CRUD"
}

output "answer" {
  value = jsondecode(lambdasim_invocation.schema.result)
}
