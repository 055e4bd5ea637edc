data "lambdasim_service_principal" "s3" {
  service_name = "s3"
}

output "principal" {
  value = data.lambdasim_service_principal.s3.name
}
