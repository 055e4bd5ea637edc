data "lambdasim_iam_role" "worker" {
  name = "worker"
}
