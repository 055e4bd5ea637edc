# want allowed push/cognito-idp aws_cognito_user_pool.good
# want missing push/cognito-idp aws_cognito_user_pool.bad : no permission of this plan is on
resource "aws_cognito_user_pool" "good" {
  name = "good"
  lambda_config {
    pre_sign_up = aws_lambda_function.f.arn
  }
}

resource "aws_lambda_function" "g" {
  function_name = "g"
  role          = aws_iam_role.r.arn
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
}

resource "aws_cognito_user_pool" "bad" {
  name = "bad"
  lambda_config {
    kms_key_id = "arn:aws:kms:eu-central-1:123456789012:key/k"
    custom_email_sender {
      lambda_arn     = aws_lambda_function.g.arn
      lambda_version = "V1_0"
    }
  }
}

resource "aws_lambda_permission" "p" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "cognito-idp.amazonaws.com"
  source_arn    = aws_cognito_user_pool.good.arn
}
