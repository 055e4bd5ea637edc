# want missing push/ses aws_ses_receipt_rule.r : no permission of this plan is on
# want missing push/secretsmanager aws_secretsmanager_secret_rotation.r : no permission of this plan is on
# want missing push/iot aws_iot_topic_rule.r : no permission of this plan is on
# want missing push/elasticloadbalancing aws_lb_target_group_attachment.a : no permission of this plan is on
# want missing push/codecommit aws_codecommit_trigger.t : no permission of this plan is on
resource "aws_ses_receipt_rule" "r" {
  name          = "r"
  rule_set_name = "s"
  lambda_action {
    function_arn = aws_lambda_function.f.arn
    position     = 1
  }
}

resource "aws_secretsmanager_secret" "s" {
  name = "s"
}

resource "aws_secretsmanager_secret_rotation" "r" {
  secret_id           = aws_secretsmanager_secret.s.id
  rotation_lambda_arn = aws_lambda_function.f.arn
}

resource "aws_iot_topic_rule" "r" {
  name        = "r"
  enabled     = true
  sql         = "SELECT * FROM 't'"
  sql_version = "2016-03-23"
  lambda {
    function_arn = aws_lambda_function.f.arn
  }
}

resource "aws_lb_target_group" "g" {
  name        = "g"
  target_type = "lambda"
}

resource "aws_lb_target_group_attachment" "a" {
  target_group_arn = aws_lb_target_group.g.arn
  target_id        = aws_lambda_function.f.arn
}

resource "aws_codecommit_repository" "c" {
  repository_name = "c"
}

resource "aws_codecommit_trigger" "t" {
  repository_name = aws_codecommit_repository.c.repository_name
  trigger {
    name            = "all"
    events          = ["all"]
    destination_arn = aws_lambda_function.f.arn
  }
}
