terraform import lambdasim_sns_topic.news arn:aws:sns:us-east-1:000000000000:news
