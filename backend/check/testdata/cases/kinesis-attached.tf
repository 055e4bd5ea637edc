# want allowed pull/kinesis aws_lambda_event_source_mapping.m : aws_iam_policy.p
resource "aws_kinesis_stream" "k" {
  name        = "k"
  shard_count = 1
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn  = aws_kinesis_stream.k.arn
  function_name     = aws_lambda_function.f.arn
  starting_position = "LATEST"
}

resource "aws_iam_policy" "p" {
  name_prefix = "p"
  policy      = data.aws_iam_policy_document.p.json
}

resource "aws_iam_role_policy_attachment" "a" {
  role       = aws_iam_role.r.name
  policy_arn = aws_iam_policy.p.arn
}

data "aws_iam_policy_document" "p" {
  source_policy_documents = [data.aws_iam_policy_document.more.json]
}

data "aws_iam_policy_document" "more" {
  statement {
    actions   = ["kinesis:*"]
    resources = [aws_kinesis_stream.k.arn, "${aws_kinesis_stream.k.arn}/*"]
  }
}
