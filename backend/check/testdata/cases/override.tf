# want missing pull/sqs aws_lambda_event_source_mapping.m : no policy of it allows sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes
# (a statement of override_policy_documents takes the place of the one with its Sid)
resource "aws_sqs_queue" "q" {
  name = "q"
}

data "aws_iam_policy_document" "less" {
  statement {
    sid       = "read"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.q.arn]
  }
}

data "aws_iam_policy_document" "p" {
  override_policy_documents = [data.aws_iam_policy_document.less.json]
  statement {
    sid       = "read"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.q.arn]
  }
}

resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.id
  policy = data.aws_iam_policy_document.p.json
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = aws_sqs_queue.q.arn
  function_name    = aws_lambda_function.f.function_name
}
