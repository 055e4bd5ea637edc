terraform import lambdasim_function.orders orders
terraform import lambdasim_function.orders orders@eu-west-1
