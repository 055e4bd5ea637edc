# made by lambdasim's own provider, with everything but the mapping applied
# want allowed push/s3 lambdasim_s3_bucket_notification.inbox : allowed by lambdasim_permission.inbox
# want missing pull/kinesis lambdasim_event_source_mapping.s : no policy of it allows kinesis:GetRecords
# mend resource "lambdasim_iam_role_policy" "hello_kinesis_getrecords"
terraform {
  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

provider "lambdasim" {}

data "lambdasim_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "lambdasim_iam_role" "hello" {
  name               = "hello"
  assume_role_policy = data.lambdasim_iam_policy_document.trust.json
}

resource "lambdasim_function" "hello" {
  function_name = "hello"
  role          = lambdasim_iam_role.hello.arn
  runtime       = "python3.12"
  handler       = "hello.handler"
  filename      = "${path.module}/hello.py"
}

resource "lambdasim_s3_bucket" "inbox" {
  bucket        = "inbox"
  force_destroy = true
}

resource "lambdasim_permission" "inbox" {
  statement_id  = "AllowInbox"
  action        = "lambda:InvokeFunction"
  function_name = lambdasim_function.hello.function_name
  principal     = "s3.amazonaws.com"
  source_arn    = lambdasim_s3_bucket.inbox.arn
}

resource "lambdasim_s3_bucket_notification" "inbox" {
  bucket = lambdasim_s3_bucket.inbox.id

  lambda_function {
    lambda_function_arn = lambdasim_function.hello.arn
    events              = ["s3:ObjectCreated:*"]
  }

  depends_on = [lambdasim_permission.inbox]
}

resource "lambdasim_kinesis_stream" "s" {
  name        = "s"
  shard_count = 1
}

resource "lambdasim_event_source_mapping" "s" {
  event_source_arn  = lambdasim_kinesis_stream.s.arn
  function_name     = lambdasim_function.hello.arn
  starting_position = "LATEST"
}
