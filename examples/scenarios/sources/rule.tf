# Push, from a service that has no API here: AWS Config asks a rule's function. Its policy is asked as Config would ask it.

resource "lambdasim_function" "rule" {
  function_name = "${var.name}-rule"
  role          = lambdasim_iam_role.function["rule"].arn
  runtime       = "python3.12"
  handler       = "rule.handler"
  filename      = "${path.module}/functions/rule.py"
}

resource "lambdasim_permission" "rule" {
  statement_id   = "AllowConfig"
  action         = "lambda:InvokeFunction"
  function_name  = lambdasim_function.rule.function_name
  principal      = "config.amazonaws.com"
  source_account = "000000000000"
}
