# arn:aws:iam::111122223333:role/name
output "arn" {
  value = provider::lambdasim::trim_iam_role_path("arn:aws:iam::111122223333:role/with/path/name")
}
