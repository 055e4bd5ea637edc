terraform import lambdasim_iam_user_group_membership.ada 'ada/callers'
