data "lambdasim_organizations_organization" "ours" {}

output "id" {
  value = data.lambdasim_organizations_organization.ours.id
}
