# want unknown pull/sqs aws_lambda_event_source_mapping.m : in another account, is not in this plan
data "aws_caller_identity" "current" {}

resource "aws_iam_role_policy_attachment" "a" {
  role       = aws_iam_role.r.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = "arn:aws:sqs:eu-central-1:210987654321:q"
  function_name    = aws_lambda_function.f.function_name
}
