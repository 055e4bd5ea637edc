resource "lambdasim_sqs_queue" "orders" {
  name = "orders"
}

resource "lambdasim_sqs_queue_policy" "orders" {
  queue_url = lambdasim_sqs_queue.orders.url

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PartnersMaySend"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111111111111:root" }
      Action    = "sqs:SendMessage"
      Resource  = lambdasim_sqs_queue.orders.arn
    }]
  })
}
