data "lambdasim_iam_roles" "workers" {
  name_regex  = "^worker-"
  path_prefix = "/jobs/"
}
