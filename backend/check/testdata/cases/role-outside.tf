# want unknown trust/lambda aws_lambda_function.g : the role arn:aws:iam::123456789012:role/theirs is not in this plan
# want unknown pull/sqs aws_lambda_event_source_mapping.g : the role arn:aws:iam::123456789012:role/theirs is not in this plan
# want allowed pull/sqs aws_lambda_event_source_mapping.h
resource "aws_lambda_function" "g" {
  function_name = "g"
  role          = "arn:aws:iam::123456789012:role/theirs"
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
}

data "aws_iam_role" "read" {
  name = "read"
}

resource "aws_lambda_function" "h" {
  function_name = "h"
  role          = data.aws_iam_role.read.arn
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
}

resource "aws_iam_role_policy_attachment" "h" {
  role       = data.aws_iam_role.read.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
}

resource "aws_lambda_event_source_mapping" "g" {
  event_source_arn = "arn:aws:sqs:eu-central-1:123456789012:q"
  function_name    = aws_lambda_function.g.arn
}

resource "aws_lambda_event_source_mapping" "h" {
  event_source_arn = "arn:aws:sqs:eu-central-1:123456789012:q"
  function_name    = aws_lambda_function.h.arn
}
