# Pull, from a table's stream: Lambda reads as the function's role, in order, and passes on old and new images.

resource "lambdasim_dynamodb_table" "stock" {
  name             = "${var.name}-stock"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "id"
    type = "S"
  }
}

data "lambdasim_iam_policy_document" "table" {
  statement {
    actions   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
    resources = [lambdasim_dynamodb_table.stock.stream_arn]
  }
}

resource "lambdasim_iam_role_policy" "table" {
  name   = "read"
  role   = lambdasim_iam_role.function["table"].name
  policy = data.lambdasim_iam_policy_document.table.json
}

resource "lambdasim_function" "table" {
  function_name = "${var.name}-table"
  role          = lambdasim_iam_role.function["table"].arn
  runtime       = "python3.12"
  handler       = "receive.handler"
  filename      = "${path.module}/functions/receive.py"
}

resource "lambdasim_event_source_mapping" "table" {
  event_source_arn  = lambdasim_dynamodb_table.stock.stream_arn
  function_name     = lambdasim_function.table.arn
  starting_position = "TRIM_HORIZON"

  depends_on = [lambdasim_iam_role_policy.table]
}
