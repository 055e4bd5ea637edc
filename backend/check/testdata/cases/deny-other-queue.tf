# want unknown pull/sqs aws_lambda_event_source_mapping.m
# want allowed pull/sqs aws_lambda_event_source_mapping.other
# (a Deny on something around a queue's ARN may hit that queue, and no other)
resource "aws_sqs_queue" "q" {
  name = "q"
}

resource "aws_sqs_queue" "other" {
  name = "other"
}

data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["sqs:*"]
    resources = ["*"]
  }
  statement {
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [join("", [aws_sqs_queue.q.arn, var.suffix])]
  }
}

variable "suffix" {
  default = "-private"
}

resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.id
  policy = data.aws_iam_policy_document.p.json
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = aws_sqs_queue.q.arn
  function_name    = aws_lambda_function.f.function_name
}

resource "aws_lambda_event_source_mapping" "other" {
  event_source_arn = aws_sqs_queue.other.arn
  function_name    = aws_lambda_function.f.function_name
}
