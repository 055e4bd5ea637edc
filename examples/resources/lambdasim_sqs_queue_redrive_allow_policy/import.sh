terraform import lambdasim_sqs_queue_redrive_allow_policy.dead http://127.0.0.1:4566/000000000000/orders-dead
