# A module in the manner of public ones for functions: everything is optional, and most blocks are dynamic.

terraform {
  required_providers {
    aws      = { source = "hashicorp/aws", version = ">= 6.28" }
    external = { source = "hashicorp/external", version = ">= 1.0" }
    local    = { source = "hashicorp/local", version = ">= 1.0" }
    null     = { source = "hashicorp/null", version = ">= 2.0" }
  }

  provider_meta "aws" {
    user_agent = ["example.com/functions"]
  }
}

variable "name" { type = string }
variable "source_path" { type = string }
variable "region" {
  type    = string
  default = null
}
variable "publish" {
  type    = bool
  default = false
}
variable "layer" {
  type    = bool
  default = false
}
variable "layers" {
  type    = list(string)
  default = null
}
variable "store_on_s3" {
  type    = bool
  default = false
}
variable "async" {
  type    = bool
  default = false
}
variable "bucket" {
  type    = string
  default = null
}
variable "environment" {
  type    = map(string)
  default = {}
}
variable "dead_letter_arn" {
  type    = string
  default = null
}
variable "subnets" {
  type    = list(string)
  default = null
}
variable "log_format" {
  type    = string
  default = "Text"
}
variable "policies" {
  type    = list(string)
  default = []
}
variable "statements" {
  type    = any
  default = {}
}
variable "triggers" {
  type    = any
  default = {}
}
variable "mappings" {
  type    = any
  default = {}
}
variable "on_success" {
  type    = string
  default = null
}
variable "on_failure" {
  type    = string
  default = null
}
variable "url" {
  type    = bool
  default = false
}
variable "provisioned" {
  type    = number
  default = -1
}
variable "at_edge" {
  type    = bool
  default = false
}
variable "tags" {
  type    = map(string)
  default = {}
}

data "aws_partition" "here" {}
data "aws_region" "here" {}
data "aws_caller_identity" "me" {}

locals {
  function = var.layer ? 0 : 1
  package  = data.external.package.result.filename
  hash     = try(filebase64sha256(terraform_data.package.output), null)
}

data "external" "package" {
  program = ["python3", "${path.module}/pack.py", "name"]
  query   = { source = var.source_path, artifacts = "builds", salt = var.name, region = var.region }
}

resource "local_file" "plan" {
  content         = data.external.package.result.plan
  filename        = data.external.package.result.plan_filename
  file_permission = "0644"
}

resource "null_resource" "package" {
  triggers = { filename = local.package }

  provisioner "local-exec" {
    interpreter = ["python3", "${path.module}/pack.py", "make"]
    command     = data.external.package.result.plan_filename
    quiet       = true
  }

  depends_on = [local_file.plan]
}

resource "terraform_data" "package" {
  input      = local.package
  depends_on = [null_resource.package]
}

resource "aws_s3_object" "package" {
  count = var.store_on_s3 ? 1 : 0

  region = var.region
  bucket = var.bucket
  key    = "builds/${basename(local.package)}"
  source = local.package
  tags   = var.tags

  dynamic "override_provider" {
    for_each = [true]
    content {
      default_tags {
        tags = {}
      }
    }
  }

  depends_on = [null_resource.package]
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = distinct(compact(["lambda.amazonaws.com", var.at_edge ? "edgelambda.amazonaws.com" : ""]))
    }
    dynamic "principals" {
      for_each = []
      content {
        type        = principals.value.type
        identifiers = principals.value.identifiers
      }
    }
  }
}

resource "aws_iam_role" "this" {
  count = local.function

  name                  = var.name
  path                  = "/functions/"
  force_detach_policies = true
  assume_role_policy    = data.aws_iam_policy_document.trust.json
  max_session_duration  = 3600
  permissions_boundary  = null
  tags                  = var.tags
}

data "aws_arn" "logs" {
  count = local.function
  arn   = aws_cloudwatch_log_group.this[0].arn
}

data "aws_iam_policy_document" "logs" {
  count = local.function
  statement {
    actions   = compact(["logs:CreateLogStream", "logs:PutLogEvents", ""])
    resources = [for form in ["%v:*", "%v:*:*"] : format(form, format("arn:%s:%s:%s:%s:%s", data.aws_arn.logs[0].partition, data.aws_arn.logs[0].service, var.at_edge ? "*" : data.aws_arn.logs[0].region, data.aws_arn.logs[0].account, data.aws_arn.logs[0].resource))]
  }
}

resource "aws_iam_role_policy" "logs" {
  count  = local.function
  name   = "${var.name}-logs"
  role   = aws_iam_role.this[0].name
  policy = data.aws_iam_policy_document.logs[0].json
}

data "aws_iam_policy" "tracing" {
  count = local.function
  arn   = "arn:${data.aws_partition.here.partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"
}

resource "aws_iam_role_policy" "tracing" {
  count  = local.function
  name   = "${var.name}-tracing"
  role   = aws_iam_role.this[0].name
  policy = data.aws_iam_policy.tracing[0].policy
}

data "aws_iam_policy_document" "statements" {
  count = length(var.statements) > 0 ? 1 : 0
  dynamic "statement" {
    for_each = var.statements
    content {
      sid           = try(statement.value.sid, replace(statement.key, "/[^0-9A-Za-z]*/", ""))
      effect        = try(statement.value.effect, null)
      actions       = try(statement.value.actions, null)
      not_actions   = try(statement.value.not_actions, null)
      resources     = try(statement.value.resources, null)
      not_resources = try(statement.value.not_resources, null)
    }
  }
}

resource "aws_iam_role_policy" "statements" {
  count  = length(var.statements) > 0 ? local.function : 0
  name   = "${var.name}-statements"
  role   = aws_iam_role.this[0].name
  policy = data.aws_iam_policy_document.statements[0].json
}

resource "aws_iam_role_policy_attachment" "many" {
  count      = length(var.policies)
  role       = aws_iam_role.this[0].name
  policy_arn = var.policies[count.index]
}

resource "aws_cloudwatch_log_group" "this" {
  count = local.function

  region                      = var.region
  name                        = "/aws/lambda/${var.name}"
  retention_in_days           = null
  kms_key_id                  = null
  skip_destroy                = false
  log_group_class             = null
  deletion_protection_enabled = false
  tags                        = var.tags
}

resource "aws_lambda_layer_version" "this" {
  count = 1 - local.function

  region              = var.region
  layer_name          = var.name
  compatible_runtimes = ["python3.12"]
  skip_destroy        = false
  filename            = local.package
  source_code_hash    = local.hash
  depends_on          = [null_resource.package]
}

resource "aws_lambda_function" "this" {
  count = local.function

  region                             = var.region
  function_name                      = var.name
  description                        = ""
  role                               = aws_iam_role.this[0].arn
  handler                            = "main.handler"
  memory_size                        = 128
  reserved_concurrent_executions     = -1
  runtime                            = "python3.12"
  layers                             = var.layers
  timeout                            = 3
  publish                            = var.publish
  kms_key_arn                        = null
  image_uri                          = null
  package_type                       = "Zip"
  architectures                      = null
  code_signing_config_arn            = null
  replace_security_groups_on_destroy = null
  replacement_security_group_ids     = null
  skip_destroy                       = null
  filename                           = var.store_on_s3 ? null : local.package
  source_code_hash                   = local.hash
  s3_bucket                          = var.bucket
  s3_key                             = try(aws_s3_object.package[0].key, null)
  s3_object_version                  = try(aws_s3_object.package[0].version_id, null)
  tags                               = var.tags

  dynamic "environment" {
    for_each = length(var.environment) == 0 ? [] : [true]
    content {
      variables = var.environment
    }
  }
  dynamic "ephemeral_storage" {
    for_each = [512]
    content {
      size = ephemeral_storage.value
    }
  }
  dynamic "dead_letter_config" {
    for_each = var.dead_letter_arn == null ? [] : [true]
    content {
      target_arn = var.dead_letter_arn
    }
  }
  dynamic "tracing_config" {
    for_each = ["PassThrough"]
    content {
      mode = tracing_config.value
    }
  }
  dynamic "vpc_config" {
    for_each = var.subnets == null ? [] : [true]
    content {
      security_group_ids          = ["sg-0a1b2c3d"]
      subnet_ids                  = var.subnets
      ipv6_allowed_for_dual_stack = false
    }
  }
  dynamic "file_system_config" {
    for_each = []
    content {
      arn              = file_system_config.value
      local_mount_path = "/mnt/shared"
    }
  }
  dynamic "image_config" {
    for_each = []
    content {
      command = image_config.value
    }
  }
  dynamic "snap_start" {
    for_each = []
    content {
      apply_on = "PublishedVersions"
    }
  }
  dynamic "logging_config" {
    for_each = data.aws_partition.here.partition == "aws" ? [true] : []
    content {
      log_group             = null
      log_format            = var.log_format
      application_log_level = var.log_format == "Text" ? null : "INFO"
      system_log_level      = var.log_format == "Text" ? null : "WARN"
    }
  }
  dynamic "durable_config" {
    for_each = []
    content {
      execution_timeout = durable_config.value
      retention_period  = null
    }
  }
  dynamic "capacity_provider_config" {
    for_each = []
    content {
      lambda_managed_instances_capacity_provider_config {
        capacity_provider_arn = capacity_provider_config.value
      }
    }
  }
  dynamic "tenancy_config" {
    for_each = []
    content {
      tenant_isolation_mode = "PER_TENANT"
    }
  }
  dynamic "timeouts" {
    for_each = [true]
    content {
      create = "20m"
      update = "20m"
      delete = null
    }
  }

  depends_on = [null_resource.package, aws_s3_object.package, aws_cloudwatch_log_group.this, aws_iam_role_policy.logs]
}

resource "aws_lambda_provisioned_concurrency_config" "this" {
  count = var.provisioned > -1 ? local.function : 0

  region                            = var.region
  function_name                     = aws_lambda_function.this[0].function_name
  qualifier                         = aws_lambda_function.this[0].version
  provisioned_concurrent_executions = var.provisioned
}

resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = var.async ? toset(["version", "unqualified"]) : toset([])

  region                       = var.region
  function_name                = aws_lambda_function.this[0].function_name
  qualifier                    = each.key == "version" ? aws_lambda_function.this[0].version : null
  maximum_event_age_in_seconds = 100
  maximum_retry_attempts       = 1

  dynamic "destination_config" {
    for_each = [true]
    content {
      dynamic "on_failure" {
        for_each = var.on_failure != null ? [true] : []
        content {
          destination = var.on_failure
        }
      }
      dynamic "on_success" {
        for_each = [true]
        content {
          destination = var.on_success
        }
      }
    }
  }
}

resource "aws_lambda_permission" "version" {
  for_each = { for name, t in var.triggers : name => t if var.publish }

  region                 = var.region
  function_name          = aws_lambda_function.this[0].function_name
  qualifier              = aws_lambda_function.this[0].version
  statement_id_prefix    = each.key
  action                 = try(each.value.action, "lambda:InvokeFunction")
  principal              = try(each.value.principal, format("%s.amazonaws.com", try(each.value.service, "")))
  principal_org_id       = try(each.value.principal_org_id, null)
  source_arn             = try(each.value.source_arn, null)
  source_account         = try(each.value.source_account, null)
  event_source_token     = try(each.value.event_source_token, null)
  function_url_auth_type = try(each.value.function_url_auth_type, null)

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lambda_permission" "unqualified" {
  for_each = var.triggers

  region              = var.region
  function_name       = aws_lambda_function.this[0].function_name
  statement_id_prefix = each.key
  action              = try(each.value.action, "lambda:InvokeFunction")
  principal           = try(each.value.principal, format("%s.amazonaws.com", try(each.value.service, "")))
  source_arn          = try(each.value.source_arn, null)

  lifecycle {
    create_before_destroy = true
  }
}

# The role's policies are not named here: the AWS provider waits for them.
resource "aws_lambda_event_source_mapping" "this" {
  for_each = var.mappings

  region                             = var.region
  function_name                      = aws_lambda_function.this[0].arn
  event_source_arn                   = try(each.value.event_source_arn, null)
  batch_size                         = try(each.value.batch_size, null)
  maximum_batching_window_in_seconds = try(each.value.maximum_batching_window_in_seconds, null)
  enabled                            = try(each.value.enabled, true)
  starting_position                  = try(each.value.starting_position, null)
  starting_position_timestamp        = try(each.value.starting_position_timestamp, null)
  parallelization_factor             = try(each.value.parallelization_factor, null)
  maximum_retry_attempts             = try(each.value.maximum_retry_attempts, null)
  maximum_record_age_in_seconds      = try(each.value.maximum_record_age_in_seconds, null)
  bisect_batch_on_function_error     = try(each.value.bisect_batch_on_function_error, null)
  topics                             = try(each.value.topics, null)
  queues                             = try(each.value.queues, null)
  function_response_types            = try(each.value.function_response_types, null)
  tumbling_window_in_seconds         = try(each.value.tumbling_window_in_seconds, null)
  tags                               = var.tags

  dynamic "destination_config" {
    for_each = try(each.value.destination_arn_on_failure, null) != null ? [true] : []
    content {
      on_failure {
        destination_arn = each.value.destination_arn_on_failure
      }
    }
  }
  dynamic "scaling_config" {
    for_each = try([each.value.scaling_config], [])
    content {
      maximum_concurrency = scaling_config.value.maximum_concurrency
    }
  }
  dynamic "self_managed_event_source" {
    for_each = try(each.value.self_managed_event_source, [])
    content {
      endpoints = self_managed_event_source.value.endpoints
    }
  }
  dynamic "self_managed_kafka_event_source_config" {
    for_each = try(each.value.self_managed_kafka_event_source_config, [])
    content {
      consumer_group_id = self_managed_kafka_event_source_config.value.consumer_group_id
    }
  }
  dynamic "amazon_managed_kafka_event_source_config" {
    for_each = try(each.value.amazon_managed_kafka_event_source_config, [])
    content {
      consumer_group_id = amazon_managed_kafka_event_source_config.value.consumer_group_id
    }
  }
  dynamic "source_access_configuration" {
    for_each = try(each.value.source_access_configuration, [])
    content {
      type = source_access_configuration.value["type"]
      uri  = source_access_configuration.value["uri"]
    }
  }
  dynamic "filter_criteria" {
    for_each = try(each.value.filter_criteria, null) != null ? [true] : []
    content {
      dynamic "filter" {
        for_each = flatten([each.value.filter_criteria])
        content {
          pattern = filter.value.pattern
        }
      }
    }
  }
  dynamic "document_db_event_source_config" {
    for_each = try(each.value.document_db_event_source_config, [])
    content {
      database_name = document_db_event_source_config.value.database_name
    }
  }
}

resource "aws_lambda_function_url" "this" {
  count = var.url ? 1 : 0

  region             = var.region
  function_name      = aws_lambda_function.this[0].function_name
  qualifier          = null
  authorization_type = "AWS_IAM"
  invoke_mode        = null

  dynamic "cors" {
    for_each = [{ allow_origins = ["*"], max_age = 60 }]
    content {
      allow_credentials = try(cors.value.allow_credentials, null)
      allow_headers     = try(cors.value.allow_headers, null)
      allow_methods     = try(cors.value.allow_methods, null)
      allow_origins     = cors.value.allow_origins
      expose_headers    = try(cors.value.expose_headers, null)
      max_age           = cors.value.max_age
    }
  }
}

resource "aws_lambda_function_recursion_config" "this" {
  count = var.url ? 1 : 0

  region         = var.region
  function_name  = aws_lambda_function.this[0].function_name
  recursive_loop = "Allow"
}

output "arn" { value = try(aws_lambda_function.this[0].arn, "") }
output "name" { value = try(aws_lambda_function.this[0].function_name, "") }
output "version" { value = try(aws_lambda_function.this[0].version, "") }
output "layer_arn" { value = try(aws_lambda_layer_version.this[0].arn, "") }
output "role" { value = try(aws_iam_role.this[0].arn, "") }
output "mapping" { value = { for k, v in aws_lambda_event_source_mapping.this : k => v.uuid } }
