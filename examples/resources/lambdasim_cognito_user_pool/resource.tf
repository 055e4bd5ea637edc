data "lambdasim_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "lambdasim_iam_role" "gate" {
  name               = "gate"
  assume_role_policy = data.lambdasim_iam_policy_document.trust.json
}

resource "lambdasim_function" "gate" {
  function_name = "gate"
  role          = lambdasim_iam_role.gate.arn
  runtime       = "python3.12"
  handler       = "gate.handler"
  filename      = "${path.module}/gate.py"
}

# The pool may not call the function before the permission is there: what signs up must depend on it.
resource "lambdasim_cognito_user_pool" "people" {
  name                     = "people"
  auto_verified_attributes = ["email"]

  lambda_config {
    pre_sign_up = lambdasim_function.gate.arn
  }
}

resource "lambdasim_permission" "people" {
  statement_id  = "AllowUserPool"
  action        = "lambda:InvokeFunction"
  function_name = lambdasim_function.gate.function_name
  principal     = "cognito-idp.amazonaws.com"
  source_arn    = lambdasim_cognito_user_pool.people.arn
}
