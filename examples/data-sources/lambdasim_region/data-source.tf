data "lambdasim_region" "current" {}

output "region" {
  value = data.lambdasim_region.current.region
}
