terraform import lambdasim_iam_group_policy_attachment.lambda 'callers/arn:aws:iam::aws:policy/AWSLambda_FullAccess'
