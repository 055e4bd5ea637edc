terraform import lambdasim_layer_version_permission.orders 'pricing,1'
