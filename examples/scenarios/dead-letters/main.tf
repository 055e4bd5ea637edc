# A queue whose function cannot do its work. Each message is received six times, twelve hours apart, and after three days it lies
# in the dead-letter queue, where another function tells somebody about it.

data "lambdasim_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "lambdasim_iam_role" "function" {
  for_each = toset(["orders", "alarm"])

  name               = "${var.name}-${each.key}"
  assume_role_policy = data.lambdasim_iam_policy_document.trust.json
}

resource "lambdasim_iam_role_policy" "function" {
  for_each = { orders = lambdasim_sqs_queue.orders.arn, alarm = lambdasim_sqs_queue.dead.arn }

  name = "receive"
  role = lambdasim_iam_role.function[each.key].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      Resource = each.value
    }]
  })
}

resource "lambdasim_sqs_queue" "orders" {
  name                       = "${var.name}-orders"
  visibility_timeout_seconds = 43200

  redrive_policy = jsonencode({
    deadLetterTargetArn = lambdasim_sqs_queue.dead.arn
    maxReceiveCount     = 6
  })
}

resource "lambdasim_sqs_queue" "dead" {
  name                      = "${var.name}-dead"
  message_retention_seconds = 1209600 # or a message that was sent three days ago would be gone on the fourth
}

resource "lambdasim_function" "function" {
  for_each = toset(["orders", "alarm"])

  function_name = "${var.name}-${each.key}"
  role          = lambdasim_iam_role.function[each.key].arn
  runtime       = "python3.12"
  handler       = "${each.key}.handler"
  filename      = "${path.module}/functions/${each.key}.py"
}

resource "lambdasim_event_source_mapping" "function" {
  for_each = { orders = lambdasim_sqs_queue.orders.arn, alarm = lambdasim_sqs_queue.dead.arn }

  event_source_arn = each.value
  function_name    = lambdasim_function.function[each.key].arn

  depends_on = [lambdasim_iam_role_policy.function]
}

# To write its log.
resource "lambdasim_iam_role_policy_attachment" "log" {
  for_each = lambdasim_iam_role.function

  role       = each.value.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
