terraform import lambdasim_iam_role_policy_attachment.logs orders/arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
