data "lambdasim_caller_identity" "me" {}

output "account" {
  value = data.lambdasim_caller_identity.me.account_id
}
