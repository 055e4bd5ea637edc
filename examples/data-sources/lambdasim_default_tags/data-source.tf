data "lambdasim_default_tags" "all" {}

output "tags" {
  value = data.lambdasim_default_tags.all.tags
}
