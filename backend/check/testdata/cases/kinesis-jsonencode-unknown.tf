# want unknown pull/kinesis aws_lambda_event_source_mapping.m : is built in the configuration (jsonencode or a template) with aws_kinesis_stream.k
resource "aws_kinesis_stream" "k" {
  name        = "k"
  shard_count = 1
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn  = aws_kinesis_stream.k.arn
  function_name     = aws_lambda_function.f.arn
  starting_position = "LATEST"
}

resource "aws_iam_role_policy" "p" {
  role = aws_iam_role.r.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "kinesis:*", Resource = aws_kinesis_stream.k.arn }]
  })
}
