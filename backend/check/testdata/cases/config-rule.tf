# want allowed push/config aws_config_config_rule.good
# want missing push/config aws_config_config_rule.bad : no permission of this plan is on
data "aws_caller_identity" "current" {}

resource "aws_lambda_permission" "p" {
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.f.function_name
  principal      = "config.amazonaws.com"
  source_account = data.aws_caller_identity.current.account_id
}

resource "aws_config_config_rule" "good" {
  name = "good"
  source {
    owner             = "CUSTOM_LAMBDA"
    source_identifier = aws_lambda_function.f.arn
  }
  depends_on = [aws_lambda_permission.p]
}

resource "aws_lambda_function" "g" {
  function_name = "g"
  role          = aws_iam_role.r.arn
  handler       = "x.y"
  runtime       = "python3.12"
  filename      = "x.zip"
}

resource "aws_config_config_rule" "bad" {
  name = "bad"
  source {
    owner             = "CUSTOM_LAMBDA"
    source_identifier = aws_lambda_function.g.arn
  }
}

resource "aws_config_config_rule" "managed" {
  name = "managed"
  source {
    owner             = "AWS"
    source_identifier = "S3_BUCKET_VERSIONING_ENABLED"
  }
}
