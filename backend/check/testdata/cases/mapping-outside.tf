# want unknown pull/sqs aws_lambda_event_source_mapping.m : the function arn:aws:lambda:eu-central-1:{account}:function:elsewhere is not in this plan
resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = "arn:aws:sqs:eu-central-1:123456789012:q"
  function_name    = "elsewhere"
}
