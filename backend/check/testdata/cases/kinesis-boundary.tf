# want missing pull/kinesis aws_lambda_event_source_mapping.m : aws_iam_policy.boundary: action
resource "aws_kinesis_stream" "k" {
  name        = "k"
  shard_count = 1
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn  = aws_kinesis_stream.k.arn
  function_name     = aws_lambda_function.g.arn
  starting_position = "LATEST"
}

resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.bounded.id
  policy = data.aws_iam_policy_document.p.json
}

data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["kinesis:*"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "boundary" {
  name   = "boundary"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "logs:*", Resource = "*" }] })
}

resource "aws_iam_role" "bounded" {
  name                 = "bounded"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = aws_iam_policy.boundary.arn
}

resource "aws_lambda_function" "g" {
  function_name = "g"
  role          = aws_iam_role.bounded.arn
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
}
