# want missing destination/sqs aws_lambda_function_event_invoke_config.c : no policy of it allows sqs:SendMessage
# want allowed destination/sns aws_lambda_function_event_invoke_config.c
# want missing destination/lambda aws_lambda_function_event_invoke_config.d : no policy of it allows lambda:InvokeFunction
# want missing destination/events aws_lambda_function_event_invoke_config.d : no policy of it allows events:PutEvents
resource "aws_sqs_queue" "q" {
  name = "q"
}

resource "aws_sns_topic" "t" {
  name = "t"
}

resource "aws_cloudwatch_event_bus" "b" {
  name = "b"
}

data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.t.arn]
  }
}

resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.id
  policy = data.aws_iam_policy_document.p.json
}

resource "aws_lambda_function_event_invoke_config" "c" {
  function_name = aws_lambda_function.f.function_name
  destination_config {
    on_success {
      destination = aws_sqs_queue.q.arn
    }
    on_failure {
      destination = aws_sns_topic.t.arn
    }
  }
}

resource "aws_lambda_function_event_invoke_config" "d" {
  function_name = aws_lambda_function.f.function_name
  qualifier     = "live"
  destination_config {
    on_success {
      destination = aws_lambda_function.f.arn
    }
    on_failure {
      destination = aws_cloudwatch_event_bus.b.arn
    }
  }
}
