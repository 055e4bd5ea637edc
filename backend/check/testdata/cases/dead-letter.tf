# want missing destination/sqs aws_lambda_function.g : no policy of it allows sqs:SendMessage
# mend { Effect = "Allow", Action = ["sqs:SendMessage"], Resource = aws_sqs_queue.q.arn }
resource "aws_sqs_queue" "q" {
  name = "q"
}

resource "aws_lambda_function" "g" {
  function_name = "g"
  role          = aws_iam_role.r.arn
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
  dead_letter_config {
    target_arn = aws_sqs_queue.q.arn
  }
}
