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
