# want allowed pull/sqs aws_lambda_event_source_mapping.m
# assumes aws_iam_role_policy.other denies nothing (the policy of aws_iam_role_policy.other is built in the configuration (jsonencode or a template) with aws_sqs_queue.q, and a plan does not show how: a data aws_iam_policy_document can be followed)
resource "aws_sqs_queue" "q" {
  name = "q"
}

resource "aws_iam_role_policy_attachment" "a" {
  role       = aws_iam_role.r.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
}

resource "aws_iam_role_policy" "other" {
  role   = aws_iam_role.r.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.q.arn }] })
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = aws_sqs_queue.q.arn
  function_name    = aws_lambda_function.f.function_name
}
