terraform import lambdasim_runtime_management_config.orders 'orders,'
