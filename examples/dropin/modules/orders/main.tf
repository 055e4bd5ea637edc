data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  package = "${path.module}/functions/orders.zip"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "managed" {
  for_each = toset(["AWSLambdaBasicExecutionRole", "AWSLambdaKinesisExecutionRole"])

  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/${each.value}"
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = 14
  tags              = var.tags
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  description      = "Takes orders, from a bucket, a stream, a queue and a table."
  role             = aws_iam_role.this.arn
  handler          = "orders.handler"
  runtime          = "python3.12"
  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  timeout          = 30
  tags             = var.tags

  environment {
    variables = {
      ACCOUNT = data.aws_caller_identity.current.account_id
    }
  }

  dynamic "vpc_config" {
    for_each = []
    content {
      subnet_ids         = []
      security_group_ids = []
    }
  }

  depends_on = [aws_cloudwatch_log_group.this]
}

# The bucket pushes: it invokes the function, whose policy must let it.
resource "aws_s3_bucket" "orders" {
  bucket_prefix = "${var.name}-"
  force_destroy = true
  tags          = var.tags
}

resource "aws_lambda_permission" "bucket" {
  statement_id   = "AllowBucket"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this.function_name
  principal      = "s3.amazonaws.com"
  source_arn     = aws_s3_bucket.orders.arn
  source_account = data.aws_caller_identity.current.account_id
}

resource "aws_s3_bucket_notification" "orders" {
  bucket = aws_s3_bucket.orders.id

  lambda_function {
    lambda_function_arn = aws_lambda_function.this.arn
    events              = ["s3:ObjectCreated:*"]
    filter_prefix       = "incoming/"
  }

  depends_on = [aws_lambda_permission.bucket]
}

# From the stream Lambda pulls: it reads as the function's role.
resource "aws_kinesis_stream" "orders" {
  name             = var.name
  shard_count      = 1
  retention_period = 24
  tags             = var.tags
}

resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn  = aws_kinesis_stream.orders.arn
  function_name     = aws_lambda_function.this.arn
  starting_position = "TRIM_HORIZON"
  batch_size        = var.batch_size

  depends_on = [aws_iam_role_policy_attachment.managed]
}

# From the queue and from the table's stream too. Reading these is granted by hand.
resource "aws_sqs_queue" "orders" {
  name                       = var.name
  visibility_timeout_seconds = 60
  tags                       = var.tags
}

resource "aws_dynamodb_table" "orders" {
  name             = var.name
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
  tags             = var.tags

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_iam_role_policy" "read" {
  name = "read"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = aws_sqs_queue.orders.arn
      },
      {
        Effect   = "Allow"
        Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
        Resource = aws_dynamodb_table.orders.stream_arn
      },
    ]
  })
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn = aws_sqs_queue.orders.arn
  function_name    = aws_lambda_function.this.arn
  batch_size       = 10

  depends_on = [aws_iam_role_policy.read]
}

resource "aws_lambda_event_source_mapping" "table" {
  event_source_arn  = aws_dynamodb_table.orders.stream_arn
  function_name     = aws_lambda_function.this.arn
  starting_position = "TRIM_HORIZON"

  depends_on = [aws_iam_role_policy.read]
}
