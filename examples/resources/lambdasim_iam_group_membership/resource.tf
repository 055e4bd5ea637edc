resource "lambdasim_iam_user" "ada" {
  name = "ada"
}

resource "lambdasim_iam_group" "callers" {
  name = "callers"
}

resource "lambdasim_iam_group_membership" "callers" {
  name  = "callers"
  group = lambdasim_iam_group.callers.name
  users = [lambdasim_iam_user.ada.name]
}
