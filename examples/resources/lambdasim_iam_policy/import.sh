terraform import lambdasim_iam_policy.prices arn:aws:iam::000000000000:policy/prices
