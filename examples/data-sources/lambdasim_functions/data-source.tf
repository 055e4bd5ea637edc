data "lambdasim_functions" "all" {}

output "functions" {
  value = data.lambdasim_functions.all.function_names
}
