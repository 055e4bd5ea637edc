resource "lambdasim_iam_group" "callers" {
  name = "callers"
}
