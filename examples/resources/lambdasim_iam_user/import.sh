terraform import lambdasim_iam_user.ada 'ada'
