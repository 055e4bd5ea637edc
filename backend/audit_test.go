package backend_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

// refusedSince returns what was refused since the last call, as "PRINCIPAL ACTION", and demands that it was let through.
func (b *bundle) audited(t *testing.T, seen *int) []string {
	t.Helper()
	list, err := b.control.Refusals(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range list[*seen:] {
		if !r.Audited || !strings.Contains(r.Message, "is not authorized to perform: "+r.Action) || !strings.HasPrefix(r.Reason, "refused:") || len(r.Decision) < 3 {
			t.Errorf("not as it should be: %+v", r)
		}
		out = append(out, r.Principal[strings.LastIndexAny(r.Principal, ":")+1:]+" "+r.Action)
	}
	*seen = len(list)
	return out
}

// In audit mode nothing is refused, and at every point where something would have been, the decision is recorded.
func TestAuditLetsThroughAndRecords(t *testing.T) {
	b := setupOn(t, backend.Config{Clock: "virtual", Seed: 1, IAM: "audit", DatabaseURL: pgtest.URL(t)})
	ctx, seen := t.Context(), 0
	want := func(point string, err error, entries ...string) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", point, err)
		}
		got := slices.Compact(b.audited(t, &seen))
		if !slices.Equal(got, entries) {
			t.Errorf("%s:\n got %q\nwant %q", point, got, entries)
		}
	}
	marked := func(service string) {
		t.Helper()
		list, err := b.control.Deliveries(ctx, control.DeliveriesQuery{Source: service})
		if err != nil || len(list) == 0 {
			t.Fatalf("%s: %d deliveries, %v", service, len(list), err)
		}
		d := list[len(list)-1]
		for _, step := range d.Steps {
			if step.Kind == "authorized" {
				if !strings.HasPrefix(step.Reason, "audit: this would have been refused, and goes on\n") || !strings.Contains(step.Reason, "refused:") || !strings.Contains(string(step.Decision), "Deny") {
					t.Errorf("%s: %+v", service, step)
				}
				if d.Outcome != "delivered" {
					t.Errorf("%s: %s", service, d.Outcome)
				}
				return
			}
		}
		t.Errorf("%s: no authorized step in %+v", service, d)
	}
	nobody := b.user(t, "nobody", "")
	b.makeRole(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
	b.rolePolicy(t, "r", writesLogs)
	want("the beginning", nil)

	_, err := nobody.sqs.ListQueues(ctx, &sqs.ListQueuesInput{})
	want("a call", err, "user/nobody sqs:listqueues")
	_, err = nobody.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: s("f"), Role: s(plainRole), Runtime: "python3.12", Handler: s("main.handler"),
		Code: codeOf(archive(t, map[string]string{"main.py": ""}))})
	want("PassRole and the role's trust", err, "user/nobody lambda:CreateFunction", "user/nobody iam:PassRole", "lambda.amazonaws.com sts:AssumeRole")
	if err := b.control.PutScript(ctx, "f", control.Script{Outcomes: []control.ScriptedOutcome{{}}}); err != nil {
		t.Fatal(err)
	}
	_, err = nobody.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: s(plainRole), RoleSessionName: s("me")})
	want("AssumeRole", err, "user/nobody sts:AssumeRole")

	_, err = nobody.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: s("f")})
	want("Invoke", err, "user/nobody lambda:InvokeFunction")
	marked("invoke")
	_, err = b.as("222222222222").lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: s(fnARN)})
	want("Invoke across accounts", err, "root lambda:InvokeFunction")
	marked("invoke")

	b.bucket(t, "bkt")
	_, err = b.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: s("bkt"), NotificationConfiguration: &s3types.NotificationConfiguration{
		LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{{LambdaFunctionArn: s(fnARN), Events: []s3types.Event{"s3:ObjectCreated:*"}}}}})
	want("S3's notification", err, "s3.amazonaws.com lambda:InvokeFunction")
	_, err = b.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: s("bkt"), Key: s("k")})
	if err == nil {
		_, err = b.control.Drain(ctx, 20*second)
	}
	want("push", err, "s3.amazonaws.com lambda:InvokeFunction")
	marked("s3")

	if _, err := b.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: s("s"), ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	stream := "arn:aws:kinesis:us-east-1:000000000000:stream/s"
	_, err = b.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: s("f"), EventSourceArn: &stream, StartingPosition: "TRIM_HORIZON"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.kinesis.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: s("s"), PartitionKey: s("p"), Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	b.drain(t)
	got := b.audited(t, &seen)
	for _, entry := range []string{"assumed-role/r/f kinesis:GetRecords", "assumed-role/r/f kinesis:DescribeStream", "lambda.amazonaws.com sts:AssumeRole"} {
		if !slices.Contains(got, entry) {
			t.Errorf("pull: %q is not in %q", entry, got)
		}
	}
	marked("kinesis")
}
