data "lambdasim_iam_user" "ada" {
  user_name = "ada"
}
