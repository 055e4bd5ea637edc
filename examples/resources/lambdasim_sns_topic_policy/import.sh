terraform import lambdasim_sns_topic_policy.news arn:aws:sns:us-east-1:000000000000:news
