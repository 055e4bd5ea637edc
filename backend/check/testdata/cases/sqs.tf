# want missing pull/sqs aws_lambda_event_source_mapping.m : no policy of it allows sqs:GetQueueAttributes
# want notice habit/visibility-timeout aws_sqs_queue.q : its visibility timeout of 5 s is less than the timeout of aws_lambda_function.f, 10 s
resource "aws_sqs_queue" "q" {
  name                       = "q"
  visibility_timeout_seconds = 5
}

data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
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
