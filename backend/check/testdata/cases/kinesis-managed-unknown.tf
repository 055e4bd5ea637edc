# want unknown pull/kinesis aws_lambda_event_source_mapping.m : what AWS's managed policy PowerUserAccess allows is not known here
resource "aws_kinesis_stream" "k" {
  name        = "k"
  shard_count = 1
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn  = aws_kinesis_stream.k.arn
  function_name     = aws_lambda_function.f.arn
  starting_position = "LATEST"
}

resource "aws_iam_role_policy_attachment" "a" {
  role       = aws_iam_role.r.name
  policy_arn = "arn:aws:iam::aws:policy/PowerUserAccess"
}
