terraform import lambdasim_resource_policy.orders arn:aws:lambda:us-east-1:000000000000:function:orders
