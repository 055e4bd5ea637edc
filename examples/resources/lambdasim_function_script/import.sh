terraform import lambdasim_function_script.orders 'orders'
