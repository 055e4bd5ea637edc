# want allowed pull/sqs aws_lambda_event_source_mapping.m[0]
# want missing pull/sqs aws_lambda_event_source_mapping.m[1] : the request is for arn:aws:sqs:eu-central-1:{account}:q-1
resource "aws_sqs_queue" "q" {
  count = 2
  name  = "q-${count.index}"
}

data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.q[0].arn]
  }
}

resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.id
  policy = data.aws_iam_policy_document.p.json
}

resource "aws_lambda_event_source_mapping" "m" {
  count            = 2
  event_source_arn = aws_sqs_queue.q[count.index].arn
  function_name    = aws_lambda_function.f.function_name
}
