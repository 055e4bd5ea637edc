# A report every morning at half past two in UTC, by a rule of EventBridge. The function's policy lets the one rule in.

data "lambdasim_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "lambdasim_iam_role" "report" {
  name               = "${var.name}-report"
  assume_role_policy = data.lambdasim_iam_policy_document.trust.json
}

resource "lambdasim_function" "report" {
  function_name = "${var.name}-report"
  role          = lambdasim_iam_role.report.arn
  runtime       = "python3.12"
  handler       = "report.handler"
  filename      = "${path.module}/functions/report.py"
}

resource "lambdasim_cloudwatch_event_rule" "nightly" {
  name                = "${var.name}-nightly"
  schedule_expression = "cron(30 2 * * ? *)"
}

resource "lambdasim_cloudwatch_event_target" "report" {
  rule  = lambdasim_cloudwatch_event_rule.nightly.name
  arn   = lambdasim_function.report.arn
  input = jsonencode({ report = "stock" })
}

resource "lambdasim_permission" "nightly" {
  count = var.permit ? 1 : 0

  statement_id  = "AllowNightly"
  action        = "lambda:InvokeFunction"
  function_name = lambdasim_function.report.function_name
  principal     = "events.amazonaws.com"
  source_arn    = lambdasim_cloudwatch_event_rule.nightly.arn
}

# To write its log.
resource "lambdasim_iam_role_policy_attachment" "log" {
  role       = lambdasim_iam_role.report.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
