# want missing trust/lambda aws_lambda_function.g : does not let Lambda assume it
# want missing pull/sqs aws_lambda_event_source_mapping.m : lambda.amazonaws.com may not assume
# want unknown trust/lambda aws_lambda_function.h : aws:SourceAccount, which only the call itself shows
resource "aws_iam_role" "ec2" {
  name               = "ec2"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}

resource "aws_lambda_function" "g" {
  function_name = "g"
  role          = aws_iam_role.ec2.arn
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
}

resource "aws_iam_role_policy_attachment" "a" {
  role       = aws_iam_role.ec2.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = "arn:aws:sqs:eu-central-1:123456789012:q"
  function_name    = aws_lambda_function.g.function_name
}

data "aws_caller_identity" "current" {}

resource "aws_iam_role" "narrow" {
  name = "narrow"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole",
  Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } } }] })
}

resource "aws_lambda_function" "h" {
  function_name = "h"
  role          = aws_iam_role.narrow.arn
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
}
