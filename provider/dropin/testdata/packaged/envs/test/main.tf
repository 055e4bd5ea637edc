terraform {
  required_providers {
    aws    = { source = "hashicorp/aws", version = ">= 6.28" }
    random = { source = "hashicorp/random", version = ">= 2.0" }
  }
}

provider "aws" {
  region                      = "eu-west-1"
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_credentials_validation = true
  default_tags {
    tags = { stage = "test" }
  }
}

resource "random_pet" "this" {
  length = 2
}

locals {
  name = random_pet.this.id
}

resource "aws_sqs_queue" "in" {
  name                 = "${local.name}-in"
  policy               = ""
  redrive_policy       = ""
  redrive_allow_policy = ""
}

resource "aws_sqs_queue" "aliased" {
  name = "${local.name}-aliased"
}

resource "aws_sqs_queue" "done" {
  name_prefix = local.name
}

resource "aws_sns_topic" "failed" {
  name_prefix = local.name
}

resource "aws_kinesis_stream" "this" {
  name        = local.name
  shard_count = 1
}

resource "aws_dynamodb_table" "this" {
  name             = local.name
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_s3_bucket" "builds" {
  bucket_prefix = "${local.name}-"
  force_destroy = true
}

resource "aws_cloudwatch_event_rule" "this" {
  name          = local.name
  event_pattern = jsonencode({ source = ["shop"] })
}

resource "aws_cloudwatch_event_target" "this" {
  rule = aws_cloudwatch_event_rule.this.name
  arn  = module.events.arn
}

module "layer" {
  source      = "../../fn"
  name        = "${local.name}-layer"
  source_path = "${path.module}/../../src"
  layer       = true
}

# Invoked by sources of both models, and asynchronously.
module "events" {
  source      = "../../fn"
  name        = "${local.name}-events"
  source_path = "${path.module}/../../src"
  publish     = true
  layers      = [module.layer.layer_arn]
  environment = { NAME = "value" }
  on_success  = aws_sqs_queue.done.arn
  on_failure  = aws_sns_topic.failed.arn
  async       = true
  url         = true
  tags        = { team = "orders" }

  triggers = {
    Rule = {
      principal  = "events.amazonaws.com"
      source_arn = aws_cloudwatch_event_rule.this.arn
    }
    Api = {
      service    = "apigateway"
      source_arn = "arn:aws:execute-api:eu-west-1:111122223333:abc/*/*/*"
    }
  }
  mappings = {
    queue = {
      event_source_arn        = aws_sqs_queue.in.arn
      function_response_types = ["ReportBatchItemFailures"]
      scaling_config          = { maximum_concurrency = 20 }
    }
    stream = {
      event_source_arn  = aws_kinesis_stream.this.arn
      starting_position = "TRIM_HORIZON"
      filter_criteria   = { pattern = jsonencode({ data = { n = [{ numeric = [">", 0] }] } }) }
    }
    table = {
      event_source_arn           = aws_dynamodb_table.this.stream_arn
      starting_position          = "TRIM_HORIZON"
      destination_arn_on_failure = aws_sqs_queue.done.arn
      filter_criteria            = [{ pattern = jsonencode({ eventName = ["INSERT"] }) }, { pattern = jsonencode({ eventName = ["REMOVE"] }) }]
    }
  }
  statements = {
    destinations = {
      effect    = "Allow"
      actions   = ["sqs:SendMessage", "sns:Publish"]
      resources = [aws_sqs_queue.done.arn, aws_sns_topic.failed.arn]
    }
  }
  policies = [
    "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
    "arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole",
    "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole",
  ]
}

module "alias" {
  source           = "../../alias"
  name             = "live"
  function         = module.events.name
  function_version = module.events.version
  source_arn       = "arn:aws:execute-api:eu-west-1:111122223333:def/*/*/*"
  queue_arn        = aws_sqs_queue.aliased.arn
}

# In a network, with its code in S3, in another region, without any trigger.
module "bare" {
  source          = "../../fn"
  name            = "${local.name}-bare"
  source_path     = "${path.module}/../../src"
  subnets         = ["subnet-0a1b2c3d", "subnet-1a1b2c3d"]
  store_on_s3     = true
  bucket          = aws_s3_bucket.builds.id
  dead_letter_arn = aws_sqs_queue.done.arn
  log_format      = "JSON"
  at_edge         = true
  statements = {
    network = { actions = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"], resources = ["*"] }
    dead    = { actions = ["sqs:SendMessage"], resources = [aws_sqs_queue.done.arn] }
  }
}

module "abroad" {
  source      = "../../fn"
  for_each    = toset(["dev", "prod"])
  region      = "us-east-1"
  name        = "${local.name}-${each.key}"
  source_path = "${path.module}/../../src"
}

output "name" { value = local.name }
output "done" { value = aws_sqs_queue.done.url }
output "arn" { value = module.events.arn }
output "alias" { value = module.alias.arn }
