# Pull, from a queue: Lambda receives as the function's role, and deletes what the function has done. What fails is visible
# again after the visibility timeout, and after two receipts it goes to the dead-letter queue.

resource "lambdasim_sqs_queue" "orders" {
  name                       = "${var.name}-orders"
  visibility_timeout_seconds = 30

  redrive_policy = jsonencode({
    deadLetterTargetArn = lambdasim_sqs_queue.dead.arn
    maxReceiveCount     = 2
  })
}

resource "lambdasim_sqs_queue" "dead" {
  name = "${var.name}-dead"
}

data "lambdasim_iam_policy_document" "queue" {
  statement {
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [lambdasim_sqs_queue.orders.arn]
  }
}

resource "lambdasim_iam_role_policy" "queue" {
  name   = "receive"
  role   = lambdasim_iam_role.function["queue"].name
  policy = data.lambdasim_iam_policy_document.queue.json
}

resource "lambdasim_function" "queue" {
  function_name = "${var.name}-queue"
  role          = lambdasim_iam_role.function["queue"].arn
  runtime       = "python3.12"
  handler       = "receive.handler"
  filename      = "${path.module}/functions/receive.py"
}

resource "lambdasim_event_source_mapping" "queue" {
  event_source_arn = lambdasim_sqs_queue.orders.arn
  function_name    = lambdasim_function.queue.arn
  batch_size       = 10

  depends_on = [lambdasim_iam_role_policy.queue]
}
