terraform import lambdasim_function_url.orders 'orders'
