package provider

import "maps"

// The reasons.
const (
	refusedWhole   = "it is refused by name, so there is nothing to compute"
	ownResource    = "deprecated in favour of a resource of its own, which is not simulated; Terraform itself refuses it by name"
	noChecksum     = "S3 gives checksums only where they were asked for, and checksum_algorithm is refused"
	dataDefault    = "data sources have no defaults in the plugin framework: it is filled in when it is read"
	noCounterpart  = "the simulator's own: AWS has nothing like it"
	notComputedYet = "nothing in the simulator gives it, and nothing is made up"
)

// differences are where our schemas differ from the AWS provider's on purpose: the type, the path, what about it; and the
// reason. Where a default makes an argument computed is no difference: the plugin framework wants it so.
var differences = map[string]string{
	"aws_lambda_function.capacity_provider_config.lambda_managed_instances_capacity_provider_config is O": "a block cannot be required in the plugin framework, and it is refused by name",
	"aws_lambda_event_source_mapping.batch_size is OC":                                                    "the backend fills it in; the AWS provider suppresses that difference instead",
	"aws_iam_role.inline_policy is O":                                                                     refusedWhole,
	"aws_iam_role.managed_policy_arns is O":                                                               refusedWhole,
	"aws_iam_policy.attachment_count absent":                                                              notComputedYet,
	"aws_kinesis_stream.arn is C":                                                                         "an ARN that is given would have no meaning: it follows from the name",
	"aws_kinesis_stream.max_record_size_in_kib is O":                                                      refusedWhole,
	"aws_s3_object.acl is O":                                                                              refusedWhole,
	"aws_s3_object.bucket_key_enabled is O":                                                               refusedWhole,
	"aws_s3_object.kms_key_id is O":                                                                       refusedWhole,
	"aws_s3_object.server_side_encryption is O":                                                           refusedWhole,
	"aws_s3_object.storage_class is O":                                                                    refusedWhole,
	"aws_s3_object.tags_all absent":                                                                       "tags of objects are not simulated",
	"aws_s3_bucket.object_lock_enabled defaults to \"false\"":                                             "what the AWS provider computes",
	"aws_s3_bucket.bucket_namespace absent":                                                               "namespaces of bucket names are not simulated; Terraform itself refuses it by name",
	"aws_s3_bucket.hosted_zone_id absent":                                                                 notComputedYet,
	"data aws_region.description absent":                                                                  notComputedYet,
	"data aws_region.endpoint is O":                                                                       refusedWhole,
	"data aws_lambda_invocation.tenant_id absent":                                                         "tenants are not simulated; Terraform itself refuses it by name",
	"data aws_lambda_invocation.qualifier is OC":                                                          dataDefault,
	"data aws_lambda_invocation.qualifier defaults to \"\"":                                               dataDefault,
	"data aws_iam_policy_document.version is OC":                                                          dataDefault,
	"data aws_iam_policy_document.version defaults to \"\"":                                               dataDefault,
	"data aws_iam_policy_document.statement.effect is OC":                                                 dataDefault,
	"data aws_iam_policy_document.statement.effect defaults to \"\"":                                      dataDefault,
	"data aws_deliveries":                                                                                 noCounterpart,
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
	for _, name := range []string{"aws_sqs_message", "aws_kinesis_record", "aws_event"} {
		differences[name] = noCounterpart
	}
	for _, name := range []string{"password", "temporary_password"} {
		differences["aws_cognito_user."+name+" sensitive"] = "as it is in the AWS provider; the rows do not say so"
	}
	absent("aws_s3_object.checksum_", noChecksum, "crc32", "crc32c", "crc64nvme", "sha1", "sha256")
}
