output "function" {
  value = lambdasim_function.report.function_name
}
