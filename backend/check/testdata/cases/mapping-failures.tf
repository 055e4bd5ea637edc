# want allowed pull/sqs aws_lambda_event_source_mapping.m
# want missing destination/s3 aws_lambda_event_source_mapping.m : no policy of it allows s3:ListBucket
resource "aws_sqs_queue" "q" {
  name = "q"
}

resource "aws_s3_bucket" "failed" {
  bucket = "failed"
}

resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["sqs:*", "s3:PutObject"], Resource = "*" }] })
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = aws_sqs_queue.q.arn
  function_name    = aws_lambda_function.f.arn
  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
}
