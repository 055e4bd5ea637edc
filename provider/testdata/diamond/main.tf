# A bucket notifies a topic, which fans out to two queues, which two functions read; one of them puts an event on a bus, whose rule
# invokes a third.

locals {
  sides     = ["left", "right"]
  functions = [["left", "left"], ["right", "last"], ["last", "last"]] # name, program
}

resource "lambdasim_s3_bucket" "uploads" {
  bucket = "uploads"
}

resource "lambdasim_sns_topic" "uploads" {
  name = "uploads"
}

resource "lambdasim_sns_topic_policy" "uploads" {
  arn = lambdasim_sns_topic.uploads.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "bucket"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = lambdasim_sns_topic.uploads.arn
      Condition = { ArnLike = { "aws:SourceArn" = lambdasim_s3_bucket.uploads.arn }, StringEquals = { "aws:SourceAccount" = "000000000000" } }
    }]
  })
}

resource "lambdasim_s3_bucket_notification" "uploads" {
  bucket = lambdasim_s3_bucket.uploads.id

  topic {
    id        = "all"
    topic_arn = lambdasim_sns_topic.uploads.arn
    events    = ["s3:ObjectCreated:*"]
  }

  depends_on = [lambdasim_sns_topic_policy.uploads]
}

resource "lambdasim_sqs_queue" "side" {
  count = 2
  name  = local.sides[count.index]
}

resource "lambdasim_sqs_queue_policy" "side" {
  count     = 2
  queue_url = lambdasim_sqs_queue.side[count.index].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "topic"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = lambdasim_sqs_queue.side[count.index].arn
      Condition = { ArnEquals = { "aws:SourceArn" = lambdasim_sns_topic.uploads.arn } }
    }]
  })
}

# The test event of the notification comes before the subscriptions, and reaches nobody.
resource "lambdasim_sns_topic_subscription" "left" {
  topic_arn  = lambdasim_sns_topic.uploads.arn
  protocol   = "sqs"
  endpoint   = lambdasim_sqs_queue.side[0].arn
  depends_on = [lambdasim_s3_bucket_notification.uploads, lambdasim_sqs_queue_policy.side]
}

resource "lambdasim_sns_topic_subscription" "right" {
  topic_arn  = lambdasim_sns_topic.uploads.arn
  protocol   = "sqs"
  endpoint   = lambdasim_sqs_queue.side[1].arn
  depends_on = [lambdasim_sns_topic_subscription.left]
}

resource "lambdasim_cloudwatch_event_bus" "seen" {
  name = "seen"
}

resource "lambdasim_iam_role" "all" {
  name = "all"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "lambdasim_iam_role_policy" "all" {
  name = "work"
  role = lambdasim_iam_role.all.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], Resource = [for q in lambdasim_sqs_queue.side : q.arn] },
      { Effect = "Allow", Action = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], Resource = "*" },
      { Effect = "Allow", Action = "events:PutEvents", Resource = lambdasim_cloudwatch_event_bus.seen.arn },
    ]
  })
}

resource "lambdasim_function" "each" {
  count         = 3
  function_name = local.functions[count.index][0]
  role          = lambdasim_iam_role.all.arn
  runtime       = "python3.12"
  handler       = "${local.functions[count.index][1]}.handler"
  filename      = "${var.functions}/${local.functions[count.index][1]}.py"
  environment {
    variables = { BUS = lambdasim_cloudwatch_event_bus.seen.name }
  }
  depends_on = [lambdasim_iam_role_policy.all]
}

resource "lambdasim_event_source_mapping" "left" {
  function_name    = lambdasim_function.each[0].arn
  event_source_arn = lambdasim_sqs_queue.side[0].arn
}

resource "lambdasim_event_source_mapping" "right" {
  function_name    = lambdasim_function.each[1].arn
  event_source_arn = lambdasim_sqs_queue.side[1].arn
  depends_on       = [lambdasim_event_source_mapping.left]
}

resource "lambdasim_cloudwatch_event_rule" "seen" {
  name           = "seen"
  event_bus_name = lambdasim_cloudwatch_event_bus.seen.name
  event_pattern  = jsonencode({ source = ["uploads"] })
}

resource "lambdasim_cloudwatch_event_target" "last" {
  rule           = lambdasim_cloudwatch_event_rule.seen.name
  event_bus_name = lambdasim_cloudwatch_event_bus.seen.name
  target_id      = "last"
  arn            = lambdasim_function.each[2].arn
}

resource "lambdasim_permission" "last" {
  statement_id  = "bus"
  action        = "lambda:InvokeFunction"
  function_name = lambdasim_function.each[2].function_name
  principal     = "events.amazonaws.com"
  source_arn    = lambdasim_cloudwatch_event_rule.seen.arn
}

variable "functions" {
  type = string
}

resource "lambdasim_s3_object" "one" {
  bucket  = lambdasim_s3_bucket.uploads.id
  key     = "in/red flower.jpg"
  content = "picture"

  depends_on = [
    lambdasim_sns_topic_subscription.right, lambdasim_event_source_mapping.right, lambdasim_cloudwatch_event_target.last, lambdasim_permission.last,
  ]
}
