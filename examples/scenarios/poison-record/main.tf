# An ordered stream with a record that its function cannot take. Without more, Lambda would try the batch again until the record
# is too old, and everything behind it in the shard would wait: a day. Here the batch is halved until the record is alone, tried
# twice more, and its place in the stream goes to a queue, so that somebody can look at it. The rest is done, in order.

data "lambdasim_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "lambdasim_iam_role" "orders" {
  name               = "${var.name}-orders"
  assume_role_policy = data.lambdasim_iam_policy_document.trust.json
}

resource "lambdasim_iam_role_policy" "orders" {
  name = "read-and-report"
  role = lambdasim_iam_role.orders.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:ListStreams"]
        Resource = lambdasim_kinesis_stream.orders.arn
      },
      {
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = lambdasim_sqs_queue.poison.arn
      },
    ]
  })
}

resource "lambdasim_kinesis_stream" "orders" {
  name        = "${var.name}-orders"
  shard_count = 1
}

resource "lambdasim_sqs_queue" "poison" {
  name = "${var.name}-poison"
}

resource "lambdasim_function" "orders" {
  function_name = "${var.name}-orders"
  role          = lambdasim_iam_role.orders.arn
  runtime       = "python3.12"
  handler       = "orders.handler"
  filename      = "${path.module}/functions/orders.py"
}

resource "lambdasim_event_source_mapping" "orders" {
  event_source_arn                   = lambdasim_kinesis_stream.orders.arn
  function_name                      = lambdasim_function.orders.arn
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = 100
  maximum_retry_attempts             = 2
  bisect_batch_on_function_error     = true
  maximum_batching_window_in_seconds = 5

  destination_config {
    on_failure {
      destination_arn = lambdasim_sqs_queue.poison.arn
    }
  }

  depends_on = [lambdasim_iam_role_policy.orders]
}

# To write its log.
resource "lambdasim_iam_role_policy_attachment" "log" {
  role       = lambdasim_iam_role.orders.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
