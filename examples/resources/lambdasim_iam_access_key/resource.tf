resource "lambdasim_iam_user" "ada" {
  name = "ada"
}

resource "lambdasim_iam_access_key" "ada" {
  user = lambdasim_iam_user.ada.name
}

output "secret" {
  value     = lambdasim_iam_access_key.ada.secret
  sensitive = true
}
