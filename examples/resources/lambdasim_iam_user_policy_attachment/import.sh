terraform import lambdasim_iam_user_policy_attachment.lambda 'ada/arn:aws:iam::aws:policy/AWSLambda_FullAccess'
