# want missing pull/kinesis aws_lambda_event_source_mapping.m : the request is for arn:aws:kinesis:eu-central-1:{account}:stream/k
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
  role   = aws_iam_role.r.id
  policy = data.aws_iam_policy_document.p.json
}

resource "aws_kinesis_stream" "other" {
  name        = "other"
  shard_count = 1
}

data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["kinesis:*"]
    resources = [aws_kinesis_stream.other.arn]
  }
}
