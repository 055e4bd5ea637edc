resource "lambdasim_kinesis_stream" "orders" {
  name        = "orders"
  shard_count = 2
}

# Lambda reads as the function's execution role: the role must be allowed to.
resource "lambdasim_iam_role_policy" "read" {
  name = "read"
  role = "orders"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
      Resource = lambdasim_kinesis_stream.orders.arn
    }]
  })
}

resource "lambdasim_event_source_mapping" "orders" {
  function_name          = "orders"
  event_source_arn       = lambdasim_kinesis_stream.orders.arn
  starting_position      = "TRIM_HORIZON"
  batch_size             = 50
  maximum_retry_attempts = 3

  depends_on = [lambdasim_iam_role_policy.read]
}
