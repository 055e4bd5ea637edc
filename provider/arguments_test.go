package provider

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

var update = flag.Bool("update", false, "write docs/arguments.md anew")

// TestArgumentTable holds docs/arguments.md to the schemas and to the tables of what is refused: every argument is acted
// upon, stored, or refused by name.
func TestArgumentTable(t *testing.T) {
	const file = "../docs/arguments.md"
	var b strings.Builder
	b.WriteString("# Arguments\n\nWritten from the schemas by `go test ./provider -run TestArgumentTable -update`. Every argument is taken, or refused by name\n" +
		"when it is planned; what is taken but only stored says so in the reference.\n")
	for _, r := range []struct {
		name    string
		new     func() resource.Resource
		refused []refused
	}{
		{"lambdasim_function", newFunctionResource, functionRefused}, {"lambdasim_event_source_mapping", newEventSourceMappingResource, mappingRefused},
		{"lambdasim_permission", newPermissionResource, nil}, {"lambdasim_function_event_invoke_config", newFunctionEventInvokeConfigResource, nil},
		{"lambdasim_function_url", newFunctionURLResource, nil}, {"lambdasim_invocation", newInvocationResource, invocationRefused},
		{"lambdasim_layer_version", newLayerVersionResource, nil}, {"lambdasim_function_recursion_config", newFunctionRecursionConfigResource, nil},
		{"lambdasim_layer_version_permission", newLayerVersionPermissionResource, nil}, {"lambdasim_runtime_management_config", newRuntimeManagementConfigResource, nil},
		{"lambdasim_alias", newAliasResource, nil}, {"lambdasim_resource_policy", newResourcePolicyResource, nil},
		{"lambdasim_provisioned_concurrency_config", newProvisionedConcurrencyResource, nil},
		{"lambdasim_iam_role", newIAMRoleResource, nil},
		{"lambdasim_iam_role_policy", newIAMRolePolicyResource, nil}, {"lambdasim_kinesis_stream", newKinesisStreamResource, streamRefused},
		{"lambdasim_s3_bucket", newS3BucketResource, bucketRefused}, {"lambdasim_s3_bucket_notification", newS3BucketNotificationResource, nil},
		{"lambdasim_s3_object", newS3ObjectResource, objectRefused}, {"lambdasim_s3_bucket_policy", newS3BucketPolicyResource, nil},
		{"lambdasim_s3_bucket_versioning", newS3BucketVersioningResource, bucketVersioningRefused},
		{"lambdasim_s3_bucket_public_access_block", newS3PublicAccessBlockResource, nil}, {"lambdasim_s3_bucket_ownership_controls", newS3OwnershipControlsResource, nil},
		{"lambdasim_s3_bucket_server_side_encryption_configuration", newS3BucketEncryptionResource, nil}, {"lambdasim_s3_bucket_acl", newS3BucketACLResource, bucketACLRefused},
		{"lambdasim_iam_policy", newIAMPolicyResource, policyRefused}, {"lambdasim_iam_role_policy_attachment", newIAMRolePolicyAttachmentResource, nil},
		{"lambdasim_iam_user", newIAMUserResource, nil}, {"lambdasim_iam_user_policy", newIAMUserPolicyResource, nil},
		{"lambdasim_iam_user_policy_attachment", newIAMUserPolicyAttachmentResource, nil}, {"lambdasim_iam_access_key", newIAMAccessKeyResource, accessKeyRefused},
		{"lambdasim_iam_group", newIAMGroupResource, nil}, {"lambdasim_iam_group_policy", newIAMGroupPolicyResource, nil},
		{"lambdasim_iam_group_policy_attachment", newIAMGroupPolicyAttachmentResource, nil}, {"lambdasim_iam_group_membership", newIAMGroupMembershipResource, nil},
		{"lambdasim_iam_user_group_membership", newIAMUserGroupMembershipResource, nil}, {"lambdasim_iam_instance_profile", newIAMInstanceProfileResource, nil},
		{"lambdasim_iam_policy_attachment", newIAMEveryPolicyAttachmentResource, nil}, {"lambdasim_iam_role_policies_exclusive", newIAMRolePoliciesExclusiveResource, nil},
		{"lambdasim_iam_role_policy_attachments_exclusive", newIAMRolePolicyAttachmentsExclusiveResource, nil},
		{"lambdasim_sqs_message", newSQSMessageResource, nil}, {"lambdasim_sns_message", newSNSMessageResource, nil}, {"lambdasim_cloudwatch_event", newBusEventResource, nil}, {"lambdasim_kinesis_record", newKinesisRecordResource, nil}, {"lambdasim_event", newEventResource, nil},
		{"lambdasim_account", newAccountResource, nil}, {"lambdasim_function_script", newFunctionScriptResource, nil}, {"lambdasim_time_advance", newTimeAdvanceResource, nil},
		{"lambdasim_dynamodb_table", newDynamoDBTableResource, tableRefused}, {"lambdasim_dynamodb_table_item", newDynamoDBTableItemResource, nil},
		{"lambdasim_cognito_user_pool", newUserPoolResource, userPoolRefused}, {"lambdasim_cognito_user", newUserResource, userRefused},
		{"lambdasim_cloudwatch_log_group", newLogGroupResource, logGroupRefused}, {"lambdasim_cloudwatch_log_subscription_filter", newSubscriptionFilterResource, subscriptionFilterRefused},
		{"lambdasim_cloudwatch_event_bus", newEventBusResource, eventBusRefused}, {"lambdasim_cloudwatch_event_bus_policy", newEventBusPolicyResource, nil},
		{"lambdasim_cloudwatch_event_permission", newEventPermissionResource, nil}, {"lambdasim_cloudwatch_event_rule", newEventRuleResource, nil},
		{"lambdasim_cloudwatch_event_target", newEventTargetResource, eventTargetRefused},
		{"lambdasim_apigatewayv2_api", newHTTPAPIResource, httpAPIRefused}, {"lambdasim_apigatewayv2_integration", newHTTPIntegrationResource, httpIntegrationRefused},
		{"lambdasim_apigatewayv2_route", newHTTPRouteResource, httpRouteRefused}, {"lambdasim_apigatewayv2_stage", newHTTPStageResource, httpStageRefused},
		{"lambdasim_apigatewayv2_deployment", newHTTPDeploymentResource, nil},
		{"lambdasim_sqs_queue", newSQSQueueResource, nil}, {"lambdasim_sqs_queue_policy", newSQSQueuePolicyResource, nil},
		{"lambdasim_sqs_queue_redrive_policy", newSQSQueueRedrivePolicyResource, nil}, {"lambdasim_sqs_queue_redrive_allow_policy", newSQSQueueRedriveAllowPolicyResource, nil},
		{"lambdasim_sns_topic", newSNSTopicResource, topicRefused}, {"lambdasim_sns_topic_policy", newSNSTopicPolicyResource, nil},
		{"lambdasim_sns_topic_subscription", newSNSTopicSubscriptionResource, subscriptionRefused},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n| argument | what becomes of it |\n|---|---|\n", r.name)
		var s resource.SchemaResponse
		r.new().Schema(context.Background(), resource.SchemaRequest{}, &s)
		var names []string
		for name, a := range s.Schema.Attributes {
			if a.IsRequired() || a.IsOptional() {
				names = append(names, name)
			}
		}
		for name := range s.Schema.Blocks {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, x := range r.refused {
			if !slices.Contains(names, x.name) {
				t.Errorf("%s refuses %q, which is no argument of it", r.name, x.name)
			}
		}
		for _, name := range names {
			what := "taken"
			if i := slices.IndexFunc(r.refused, func(x refused) bool { return x.name == name }); i >= 0 {
				what = "refused by name"
				for _, v := range r.refused[i].allowed {
					what += ", unless it is `" + strings.ReplaceAll(v.String(), "\n", " ") + "`"
				}
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", name, what)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || string(have) != b.String() {
		t.Errorf("docs/arguments.md is not what the schemas say (%v): run this test with -update", err)
	}
}
