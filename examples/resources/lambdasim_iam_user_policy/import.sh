terraform import lambdasim_iam_user_policy.invoke 'ada:invoke'
