terraform import lambdasim_sns_topic_subscription.reader arn:aws:sns:us-east-1:000000000000:news:0b1c5a3e-6f0d-4c55-9a0e-5a8f2b9d7c11
