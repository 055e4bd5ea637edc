package backend_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/check"
)

// planned is a plan in which everything is known, with the resources given as type.name and values.
func planned(t *testing.T, resources map[string]map[string]any) *check.Plan {
	t.Helper()
	var list, configured []any
	for address, values := range resources {
		typ, name, _ := strings.Cut(address, ".")
		list = append(list, map[string]any{"address": address, "mode": "managed", "type": typ, "name": name, "values": values})
		configured = append(configured, map[string]any{"address": address, "mode": "managed", "type": typ, "name": name, "provider_config_key": "p", "expressions": map[string]any{}})
	}
	text, err := json.Marshal(map[string]any{"format_version": "1.2", "complete": true,
		"planned_values": map[string]any{"root_module": map[string]any{"resources": list}},
		"configuration":  map[string]any{"root_module": map[string]any{"resources": configured}}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := check.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func verdict(t *testing.T, p *check.Plan, kind check.Kind) check.Finding {
	t.Helper()
	for _, f := range check.Check(p).Findings {
		if f.Kind == kind {
			return f
		}
	}
	t.Fatal("no finding")
	return check.Finding{}
}

func roleARN(name string) string { return "arn:aws:iam::" + account + ":role/" + name }

// TestCheckAgreesWithThePushModel compares check with S3's own question, for every combination of what a permission may have.
func TestCheckAgreesWithThePushModel(t *testing.T) {
	b := setup(t)
	b.role(t, "agrees", "")
	b.function(t, "agrees", "agrees", "")
	if _, err := b.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("agrees")}); err != nil {
		t.Fatal(err)
	}
	functionARN := "arn:aws:lambda:us-east-1:" + account + ":function:agrees"
	n, allowed := 0, 0
	for _, principal := range []string{"s3.amazonaws.com", "sns.amazonaws.com", "*", account} {
		for _, action := range []string{"lambda:InvokeFunction", "lambda:*", "*", "lambda:GetFunction"} {
			for _, source := range []string{"", "arn:aws:s3:::agrees", "arn:aws:s3:::agree?", "arn:aws:s3:::agrees/*", "arn:aws:s3:::*", "arn:aws:s3:::other"} {
				for _, sourceAccount := range []string{"", account, "111111111111"} {
					n++
					values := map[string]any{"statement_id": "p", "function_name": "agrees", "principal": principal, "action": action}
					in := &lambda.AddPermissionInput{FunctionName: aws.String("agrees"), StatementId: aws.String("p"), Principal: &principal, Action: &action}
					if source != "" {
						values["source_arn"], in.SourceArn = source, &source
					}
					if sourceAccount != "" {
						values["source_account"], in.SourceAccount = sourceAccount, &sourceAccount
					}
					if _, err := b.lambda.AddPermission(t.Context(), in); err != nil {
						t.Fatalf("%v: %v", values, err)
					}
					_, err := b.s3.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String("agrees"),
						NotificationConfiguration: &s3types.NotificationConfiguration{LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{
							{LambdaFunctionArn: &functionARN, Events: []s3types.Event{"s3:ObjectCreated:*"}}}}})
					if _, err := b.lambda.RemovePermission(t.Context(), &lambda.RemovePermissionInput{FunctionName: aws.String("agrees"), StatementId: aws.String("p")}); err != nil {
						t.Fatal(err)
					}
					f := verdict(t, planned(t, map[string]map[string]any{
						"lambdasim_iam_role.r":   {"name": "agrees", "arn": roleARN("agrees"), "assume_role_policy": trustLambda},
						"lambdasim_function.f":   {"function_name": "agrees", "arn": functionARN, "role": roleARN("agrees")},
						"lambdasim_permission.p": values,
						"lambdasim_s3_bucket.b":  {"bucket": "agrees", "arn": "arn:aws:s3:::agrees"},
						"lambdasim_s3_bucket_notification.n": {"bucket": "agrees", "lambda_function": []any{
							map[string]any{"lambda_function_arn": functionARN, "events": []any{"s3:ObjectCreated:*"}}}},
					}), check.Trigger)
					want := check.Missing
					if err == nil {
						want = check.Allowed
						allowed++
					}
					if f.Verdict != want {
						t.Errorf("%v: check says %s (%s), the backend %v", values, f.Verdict, f.Reason, err)
					}
				}
			}
		}
	}
	if allowed == 0 || allowed == n {
		t.Errorf("%d of %d were allowed: the combinations tell nothing", allowed, n)
	}
}

// TestCheckAgreesWithThePullModel compares check with Lambda's own question when a mapping is made, for combinations of what
// a role's policy may have.
func TestCheckAgreesWithThePullModel(t *testing.T) {
	b := setup(t)
	b.role(t, "agrees", "")
	b.function(t, "agrees", "agrees", "")
	if _, err := b.kinesis.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String("agrees"), ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	stream := "arn:aws:kinesis:us-east-1:" + account + ":stream/agrees"
	functionARN := "arn:aws:lambda:us-east-1:" + account + ":function:agrees"
	n, allowed := 0, 0
	for _, actions := range []string{`"kinesis:*"`, `["kinesis:GetRecords","kinesis:GetShardIterator","kinesis:DescribeStream","kinesis:ListShards","kinesis:ListStreams"]`,
		`["kinesis:Get*","kinesis:List*"]`, `"kinesis:GetRecords"`, `["kinesis:?e*","kinesis:List*"]`} {
		for _, resource := range []string{"*", stream, "arn:aws:kinesis:*:*:stream/agrees", "arn:aws:kinesis:us-east-1:" + account + ":stream/other", "arn:aws:kinesis:us-east-1:111111111111:stream/*"} {
			for _, condition := range []string{``, `"StringEquals":{"aws:RequestedRegion":"us-east-1"}`, `"StringEquals":{"aws:PrincipalAccount":"111111111111"}`,
				fmt.Sprintf(`"ArnLike":{"aws:PrincipalArn":"%s"}`, roleARN("agr*")), `"Null":{"aws:PrincipalServiceName":"true"}`} {
				for _, deny := range []string{``, `,{"Effect":"Deny","Action":"kinesis:ListStreams","Resource":"*"}`} {
					n++
					text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%s,"Resource":%q,"Condition":{%s}}%s]}`, actions, resource, condition, deny)
					b.rolePolicy(t, "agrees", text)
					m, err := b.lambda.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("agrees"), EventSourceArn: &stream,
						StartingPosition: lambdatypes.EventSourcePositionLatest, Enabled: aws.Bool(false)})
					want := check.Missing
					if err == nil {
						want = check.Allowed
						allowed++
						if _, err := b.lambda.DeleteEventSourceMapping(t.Context(), &lambda.DeleteEventSourceMappingInput{UUID: m.UUID}); err != nil {
							t.Fatal(err)
						}
					}
					f := verdict(t, planned(t, map[string]map[string]any{
						"lambdasim_iam_role.r":             {"name": "agrees", "arn": roleARN("agrees"), "assume_role_policy": trustLambda},
						"lambdasim_iam_role_policy.p":      {"role": "agrees", "policy": text},
						"lambdasim_function.f":             {"function_name": "agrees", "arn": functionARN, "role": roleARN("agrees")},
						"lambdasim_event_source_mapping.m": {"function_name": "agrees", "event_source_arn": stream},
					}), check.Mapping)
					if f.Verdict != want {
						t.Errorf("%s: check says %s (%s), the backend %v", text, f.Verdict, f.Reason, err)
					}
				}
			}
		}
	}
	if allowed == 0 || allowed == n {
		t.Errorf("%d of %d were allowed: the combinations tell nothing", allowed, n)
	}
}
