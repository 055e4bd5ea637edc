terraform import lambdasim_dynamodb_table_item.first 'orders|id|one'
