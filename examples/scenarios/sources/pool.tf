# Push, and the caller waits: the user pool calls its trigger, whose answer decides whether somebody signs up.

resource "lambdasim_function" "gate" {
  function_name = "${var.name}-gate"
  role          = lambdasim_iam_role.function["gate"].arn
  runtime       = "python3.12"
  handler       = "gate.handler"
  filename      = "${path.module}/functions/gate.py"
}

resource "lambdasim_cognito_user_pool" "people" {
  name                     = "${var.name}-people"
  auto_verified_attributes = ["email"]

  lambda_config {
    pre_sign_up = lambdasim_function.gate.arn
  }
}

resource "lambdasim_permission" "gate" {
  statement_id  = "AllowUserPool"
  action        = "lambda:InvokeFunction"
  function_name = lambdasim_function.gate.function_name
  principal     = "cognito-idp.amazonaws.com"
  source_arn    = lambdasim_cognito_user_pool.people.arn
}
