# want allowed pull/dynamodb aws_lambda_event_source_mapping.good
# want unknown pull/dynamodb aws_lambda_event_source_mapping.tail : has aws_dynamodb_table.u.arn as it stands, or with something after it
# want missing pull/dynamodb aws_lambda_event_source_mapping.bad : no policy of it allows dynamodb:GetRecords, dynamodb:GetShardIterator, dynamodb:DescribeStream, dynamodb:ListStreams
resource "aws_dynamodb_table" "t" {
  name             = "t"
  hash_key         = "k"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
}

resource "aws_dynamodb_table" "u" {
  name             = "u"
  hash_key         = "k"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
}

resource "aws_dynamodb_table" "v" {
  name             = "v"
  hash_key         = "k"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
}

data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"]
    resources = [aws_dynamodb_table.t.stream_arn]
  }
  statement {
    actions   = ["dynamodb:*"]
    resources = ["${aws_dynamodb_table.u.arn}/stream/*"]
  }
}

resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.id
  policy = data.aws_iam_policy_document.p.json
}

resource "aws_lambda_event_source_mapping" "good" {
  event_source_arn  = aws_dynamodb_table.t.stream_arn
  function_name     = aws_lambda_function.f.function_name
  starting_position = "LATEST"
}

resource "aws_lambda_event_source_mapping" "tail" {
  event_source_arn  = aws_dynamodb_table.u.stream_arn
  function_name     = aws_lambda_function.f.function_name
  starting_position = "LATEST"
}

resource "aws_lambda_event_source_mapping" "bad" {
  event_source_arn  = aws_dynamodb_table.v.stream_arn
  function_name     = aws_lambda_function.f.function_name
  starting_position = "LATEST"
}
