terraform import lambdasim_sqs_queue.orders http://127.0.0.1:4566/000000000000/orders
