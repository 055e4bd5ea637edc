data "lambdasim_partition" "current" {}

output "managed_policies" {
  value = "arn:${data.lambdasim_partition.current.partition}:iam::aws:policy/"
}
