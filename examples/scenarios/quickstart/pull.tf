# Pull: Lambda keeps the mapping, reads the stream and calls the function, synchronously and in the order of each shard.
# What decides is the execution role: may it read the stream? The function's policy grants nobody anything.

resource "lambdasim_function" "orders" {
  function_name = "${var.name}-orders"
  role          = lambdasim_iam_role.execution["orders"].arn
  runtime       = "python3.12"
  handler       = "orders.handler"
  filename      = "${path.module}/functions/orders.py" # one file, which the provider zips
}

resource "lambdasim_kinesis_stream" "orders" {
  name        = "${var.name}-orders"
  shard_count = 2
}

data "lambdasim_iam_policy_document" "read_orders" {
  statement {
    actions = [
      "kinesis:DescribeStream",
      "kinesis:DescribeStreamSummary",
      "kinesis:GetRecords",
      "kinesis:GetShardIterator",
      "kinesis:ListShards",
      "kinesis:ListStreams",
      "kinesis:SubscribeToShard",
    ]
    resources = [lambdasim_kinesis_stream.orders.arn]
  }
}

resource "lambdasim_iam_role_policy" "read_orders" {
  count = var.revoke_stream_read ? 0 : 1

  name   = "read-orders"
  role   = lambdasim_iam_role.execution["orders"].name
  policy = data.lambdasim_iam_policy_document.read_orders.json
}

resource "lambdasim_event_source_mapping" "orders" {
  event_source_arn  = lambdasim_kinesis_stream.orders.arn
  function_name     = lambdasim_function.orders.arn
  starting_position = "TRIM_HORIZON"
  batch_size        = 10

  # Lambda asks the role when the mapping is created.
  depends_on = [lambdasim_iam_role_policy.read_orders]
}
