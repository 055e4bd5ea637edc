resource "lambdasim_iam_user" "ada" {
  name = "ada"
  path = "/people/"
  tags = { team = "analysis" }
}
