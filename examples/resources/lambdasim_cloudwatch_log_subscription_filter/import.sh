terraform import lambdasim_cloudwatch_log_subscription_filter.errors '/aws/lambda/talker|errors'
