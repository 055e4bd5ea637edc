# want unknown pull/kinesis aws_lambda_event_source_mapping.m : is built from
# want allowed pull/kinesis aws_lambda_event_source_mapping.l
# (something known beside a reference may be a part of the same text, as for k, or an element of its own, as for l)
variable "suffix" {
  default = "-private"
}

variable "also" {
  default = "arn:aws:kinesis:eu-central-1:123456789012:stream/also"
}

resource "aws_kinesis_stream" "k" {
  name        = "k"
  shard_count = 1
}

resource "aws_kinesis_stream" "l" {
  name        = "l"
  shard_count = 1
}

data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["kinesis:*"]
    resources = ["${aws_kinesis_stream.k.arn}${var.suffix}"]
  }
  statement {
    actions   = ["kinesis:*"]
    resources = [aws_kinesis_stream.l.arn, var.also]
  }
}

resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.id
  policy = data.aws_iam_policy_document.p.json
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn  = aws_kinesis_stream.k.arn
  function_name     = aws_lambda_function.f.arn
  starting_position = "LATEST"
}

resource "aws_lambda_event_source_mapping" "l" {
  event_source_arn  = aws_kinesis_stream.l.arn
  function_name     = aws_lambda_function.f.arn
  starting_position = "LATEST"
}
