resource "lambdasim_iam_user" "ada" {
  name = "ada"
}

resource "lambdasim_iam_group" "callers" {
  name = "callers"
}

resource "lambdasim_iam_user_group_membership" "ada" {
  user   = lambdasim_iam_user.ada.name
  groups = [lambdasim_iam_group.callers.name]
}
