# want unknown pull/source aws_lambda_event_source_mapping.m : is not judged here
resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn  = "arn:aws:kafka:eu-central-1:123456789012:cluster/c/1"
  function_name     = aws_lambda_function.f.function_name
  topics            = ["t"]
  starting_position = "LATEST"
}
