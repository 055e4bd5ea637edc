terraform import lambdasim_cloudwatch_log_group.orders /aws/lambda/orders
