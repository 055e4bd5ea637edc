package provider

import "maps"

// The reasons.
const (
	refusedWhole   = "it is refused by name, so there is nothing to compute"
	ownResource    = "deprecated in favour of a resource of its own, which is not simulated; Terraform itself refuses it by name"
	noChecksum     = "S3 gives checksums only where they were asked for, and checksum_algorithm is refused"
	dataDefault    = "data sources have no defaults in the plugin framework: it is filled in when it is read"
	noCounterpart  = "the simulator's own: AWS has nothing like it"
	uncollected    = "its rows were not collected"
	notComputedYet = "nothing in the simulator gives it, and nothing is made up"
)

// differences are where our schemas differ from the AWS provider's on purpose: the type, the path, what about it; and the
// reason. Where a default makes an argument computed is no difference: the plugin framework wants it so.
var differences = map[string]string{
	"aws_lambda_function.capacity_provider_config.lambda_managed_instances_capacity_provider_config is O": "a block cannot be required in the plugin framework, and it is refused by name",
	"aws_lambda_event_source_mapping.batch_size is OC":                                                    "the backend fills it in; the AWS provider suppresses that difference instead",
	"aws_kinesis_stream.arn is C":                                                                         "an ARN that is given would have no meaning: it follows from the name",
	"aws_kinesis_stream.max_record_size_in_kib is O":                                                      refusedWhole,
	"aws_s3_object.acl is O":                                                                              refusedWhole,
	"aws_s3_object.bucket_key_enabled is O":                                                               refusedWhole,
	"aws_s3_object.kms_key_id is O":                                                                       refusedWhole,
	"aws_s3_object.server_side_encryption is O":                                                           refusedWhole,
	"aws_s3_object.storage_class is O":                                                                    refusedWhole,
	"aws_s3_bucket.object_lock_enabled defaults to \"false\"":                                             "what the AWS provider computes",
	"aws_s3_bucket.bucket_namespace absent":                                                               "namespaces of bucket names are not simulated; Terraform itself refuses it by name",
	"aws_s3_bucket.hosted_zone_id absent":                                                                 notComputedYet,
	"aws_s3_bucket_versioning.versioning_configuration is O":                                              "a block cannot be required in the plugin framework; a validator demands it",
	"aws_s3_bucket_public_access_block":                                                                   uncollected,
	"aws_s3_bucket_ownership_controls":                                                                    uncollected,
	"aws_s3_bucket_server_side_encryption_configuration":                                                  uncollected,
	"aws_s3_bucket_acl":                                                                                   uncollected,
	"data aws_s3_bucket":                                                                                  uncollected,
	"data aws_s3_object":                                                                                  uncollected,
	"data aws_region.description absent":                                                                  notComputedYet,
	"data aws_region.endpoint is O":                                                                       refusedWhole,
	"data aws_lambda_invocation.tenant_id absent":                                                         "tenants are not simulated; Terraform itself refuses it by name",
	"data aws_lambda_invocation.qualifier is OC":                                                          dataDefault,
	"data aws_lambda_invocation.qualifier defaults to \"\"":                                               dataDefault,
	"data aws_iam_policy_document.version is OC":                                                          dataDefault,
	"data aws_iam_policy_document.version defaults to \"\"":                                               dataDefault,
	"data aws_iam_policy_document.statement.effect is OC":                                                 dataDefault,
	"data aws_iam_policy_document.statement.effect defaults to \"\"":                                      dataDefault,
	"aws_lambda_resource_policy":                                                                          "newer than the version whose rows were collected",
	"data aws_deliveries":                                                                                 noCounterpart,
	"data aws_cloudwatch_log_events":                                                                      noCounterpart,
}

// What is absent for one reason.
func init() {
	absent := func(prefix, reason string, names ...string) {
		for _, name := range names {
			maps.Copy(differences, map[string]string{prefix + name + " absent": reason})
		}
	}
	absent("aws_s3_bucket.", ownResource, "acceleration_status", "acl", "cors_rule", "grant", "lifecycle_rule", "logging", "object_lock_configuration", "policy",
		"replication_configuration", "request_payer", "server_side_encryption_configuration", "versioning", "website", "website_domain", "website_endpoint")
	refusedRow := func(prefix string, rows ...string) {
		for _, row := range rows {
			differences[prefix+row] = refusedWhole
		}
	}
	refusedRow("aws_cognito_user_pool.", "account_recovery_setting.recovery_mechanism is O", "email_configuration.email_sending_account defaults to \"\"",
		"email_verification_message is O", "email_verification_subject is O", "lambda_config.pre_token_generation is O", "lambda_config.pre_token_generation_config is O",
		"sign_in_policy is O", "sms_configuration is O", "sms_configuration.sns_region is O", "sms_verification_message is O",
		"user_pool_add_ons.advanced_security_additional_flows.custom_auth_mode is O", "username_configuration is O", "username_configuration.case_sensitive is O",
		"username_configuration.case_sensitive replaces false", "verification_message_template is O", "verification_message_template.default_email_option defaults to \"\"",
		"verification_message_template.email_message is O", "verification_message_template.email_message_by_link is O", "verification_message_template.email_subject is O",
		"verification_message_template.email_subject_by_link is O", "verification_message_template.sms_message is O")
	differences["aws_cognito_user_pool.admin_create_user_config is O"] = "what it holds is false where it is not given, which is not shown"
	differences["aws_cognito_user_pool.schema replaces true"] = "adding attributes to a pool is not simulated"
	differences["aws_cognito_user_pool.web_authn_configuration absent"] = "passkeys are not simulated; Terraform itself refuses it by name"
	for _, name := range []string{"attributes", "client_metadata", "desired_delivery_mediums", "message_action", "temporary_password", "validation_data"} {
		differences["aws_cognito_user."+name+" replaces true"] = "changing users is not simulated"
	}
	for _, name := range []string{"aws_sqs_message", "aws_sns_message", "aws_cloudwatch_event", "aws_kinesis_record", "aws_event", "aws_account", "aws_function_script", "aws_time_advance"} {
		differences[name] = noCounterpart
	}
	for _, name := range []string{"password", "temporary_password"} {
		differences["aws_cognito_user."+name+" sensitive"] = "as it is in the AWS provider; the rows do not say so"
	}
	for _, name := range []string{"secret", "ses_smtp_password_v4"} {
		differences["aws_iam_access_key."+name+" sensitive"] = "as it is in the AWS provider; the rows do not say so"
	}
	absent("aws_s3_object.checksum_", noChecksum, "crc32", "crc32c", "crc64nvme", "sha1", "sha256")
	for _, name := range []string{"arn", "service_principal", "default_tags", "organizations_organization"} {
		differences["data aws_"+name] = "its rows are not among those that were collected"
	}
	differences["aws_cloudwatch_event_bus_policy"], differences["data aws_cloudwatch_event_bus"] = "its rows are not among those that were collected", "its rows are not among those that were collected"
	refusedRow("aws_cloudwatch_event_target.ecs_target.", "enable_ecs_managed_tags defaults to \"\"", "enable_execute_command defaults to \"\"",
		"network_configuration.assign_public_ip defaults to \"\"", "task_count defaults to \"\"")
	differences["aws_cloudwatch_event_rule.state is OC"] = "the state that follows from is_enabled is shown; the AWS provider suppresses that difference instead"
	dynamodbDifferences(refusedRow)
	gatewayDifferences(refusedRow)
}

// gatewayDifferences are those of APIs.
func gatewayDifferences(refusedRow func(prefix string, rows ...string)) {
	rows := []string{"data_trace_enabled defaults to \"\"", "detailed_metrics_enabled defaults to \"\"", "logging_level is O"}
	refusedRow("aws_apigatewayv2_stage.route_settings.", rows...)
	for _, row := range rows {
		differences["aws_apigatewayv2_stage.default_route_settings."+row] = "they have no effect, and what is not given is not shown"
	}
	differences["aws_apigatewayv2_deployment"] = "its rows are not among those that were collected"
}

// dynamodbDifferences are those of tables.
func dynamodbDifferences(refusedRow func(prefix string, rows ...string)) {
	rows := func(reason string, rows ...string) {
		for _, row := range rows {
			differences["aws_dynamodb_table."+row] = reason
		}
	}
	differences["data aws_sns_topic"] = "its rows are not among those that were collected"
	differences["data aws_dynamodb_table"] = "its rows are not among those that were collected"
	rows("blocks cannot be computed in the plugin framework: what is not given is not shown", "attribute is O", "global_secondary_index is O",
		"global_secondary_index.hash_key is O", "global_secondary_index.key_schema is O", "global_secondary_index.read_capacity is O", "global_secondary_index.write_capacity is O",
		"point_in_time_recovery is O", "point_in_time_recovery.recovery_period_in_days is O", "server_side_encryption is O", "server_side_encryption.kms_key_arn is O", "ttl is O")
	rows("what the AWS provider computes", "deletion_protection_enabled defaults to \"false\"", "deletion_protection_enabled is OC")
	rows("tables cannot be restored or imported here, so there is nothing to compute it from", "hash_key is R")
	rows("the block itself replaces the table", "local_secondary_index.name replaces false", "local_secondary_index.non_key_attributes replaces false",
		"local_secondary_index.projection_type replaces false", "local_secondary_index.range_key replaces false")
	refusedRow("aws_dynamodb_table.", "global_secondary_index.on_demand_throughput.max_read_request_units is O", "global_secondary_index.on_demand_throughput.max_write_request_units is O",
		"global_secondary_index.warm_throughput is O", "global_secondary_index.warm_throughput.read_units_per_second is O", "global_secondary_index.warm_throughput.write_units_per_second is O",
		"global_table_witness is O", "global_table_witness.region_name is O", "import_table.input_format is O", "import_table.s3_bucket_source is O",
		"import_table.s3_bucket_source replaces false", "import_table.s3_bucket_source.bucket is O", "on_demand_throughput.max_read_request_units is O",
		"on_demand_throughput.max_write_request_units is O", "replica.consistency_mode defaults to \"\"", "replica.deletion_protection_enabled is O", "replica.kms_key_arn is O",
		"replica.point_in_time_recovery defaults to \"\"", "replica.propagate_tags defaults to \"\"", "restore_to_latest_time replaces false", "warm_throughput is O",
		"warm_throughput.read_units_per_second is O", "warm_throughput.write_units_per_second is O")
}
