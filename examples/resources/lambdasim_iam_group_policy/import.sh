terraform import lambdasim_iam_group_policy.invoke 'callers:invoke'
