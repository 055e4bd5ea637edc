package backend_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// TestTheEventOfASubscriptionIsAWSs reads, decompressed, what a subscription sends: a golden file, which aws-lambda-go reads without loss.
func TestTheEventOfASubscriptionIsAWSs(t *testing.T) {
	b := setup(t)
	b.role(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:*","logs:*"],"Resource":"*"}]}`)
	b.function(t, "talker", "r", "")
	b.function(t, "reader", "r", "")
	s := &story{bundle: b, t: t}
	for name, script := range map[string]string{"talker": `{"outcomes":[{"log":["INFO fine","ERROR \"<first>\""]}]}`, "reader": `{"outcomes":[{}]}`} {
		if err := s.script(t.Context(), name, script); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("seen")}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.lambda.PutFunctionEventInvokeConfig(t.Context(), &lambda.PutFunctionEventInvokeConfigInput{FunctionName: aws.String("reader"),
		DestinationConfig: &lambdatypes.DestinationConfig{OnSuccess: &lambdatypes.OnSuccess{Destination: aws.String(queueARN("seen"))}}}); err != nil {
		t.Fatal(err)
	}
	group := aws.String("/aws/lambda/talker")
	if _, err := b.cloudwatch().CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.lambda.AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: aws.String("reader"), StatementId: aws.String("logs"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("logs.amazonaws.com"), SourceAccount: aws.String(account)}); err != nil {
		t.Fatal(err)
	}
	put := func(name, pattern, to string) error {
		_, err := b.cloudwatch().PutSubscriptionFilter(t.Context(), &cloudwatchlogs.PutSubscriptionFilterInput{LogGroupName: group, FilterName: &name, FilterPattern: &pattern, DestinationArn: &to})
		return err
	}
	for _, pattern := range []string{"nothing", "?ERROR ?FATAL"} { // the second takes the first one's place
		if err := put("errors", pattern, functionARN("reader")); err != nil {
			t.Fatal(err)
		}
	}
	list, err := b.control.Mappings(t.Context(), "reader")
	if err != nil || len(list) != 1 || !list[0].Permitted || list[0].ID != "errors" || list[0].KeptBy != "logs" {
		t.Errorf("mappings: %+v %v", list, err)
	}
	if _, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("talker")}); err != nil {
		t.Fatal(err)
	}
	b.drain(t)
	out, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(b.b.URL() + "/" + account + "/seen")})
	if err != nil || len(out.Messages) != 1 {
		t.Fatal(out, err)
	}
	var record struct {
		RequestPayload events.CloudwatchLogsEvent `json:"requestPayload"`
	}
	if err := json.Unmarshal([]byte(*out.Messages[0].Body), &record); err != nil {
		t.Fatal(err)
	}
	data, err := record.RequestPayload.AWSLogs.Parse()
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.MarshalIndent(data, "", "  ")
	const golden = "testdata/events/logs.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the event differs (-want +got):\n%s", diff)
	}
	deliveries, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{})
	if err != nil || len(deliveries) < 2 || deliveries[1].Parent != deliveries[0].ID {
		t.Errorf("what was written does not follow from the invocation that wrote it: %+v, %v", deliveries, err)
	}
}

func TestSubscriptionFiltersAreRefused(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "reader", "r", "")
	group := aws.String("/app/one")
	if _, err := b.cloudwatch().CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group}); err != nil {
		t.Fatal(err)
	}
	put := func(change func(*cloudwatchlogs.PutSubscriptionFilterInput)) error {
		in := &cloudwatchlogs.PutSubscriptionFilterInput{LogGroupName: group, FilterName: aws.String("f"), FilterPattern: aws.String(""), DestinationArn: aws.String(functionARN("reader"))}
		change(in)
		_, err := b.cloudwatch().PutSubscriptionFilter(t.Context(), in)
		return err
	}
	for want, change := range map[string]func(*cloudwatchlogs.PutSubscriptionFilterInput){
		"Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.": func(*cloudwatchlogs.PutSubscriptionFilterInput) {},
		"lambdasim does not simulate arn:aws:kinesis:us-east-1:000000000000:stream/s as a destination": func(in *cloudwatchlogs.PutSubscriptionFilterInput) {
			in.DestinationArn = aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/s")
		},
		"Invalid destination ARN": func(in *cloudwatchlogs.PutSubscriptionFilterInput) { in.DestinationArn = aws.String("reader") },
		"belongs to another account": func(in *cloudwatchlogs.PutSubscriptionFilterInput) {
			in.DestinationArn = aws.String("arn:aws:lambda:us-east-1:222222222222:function:f")
		},
		"cannot be used with roleArn": func(in *cloudwatchlogs.PutSubscriptionFilterInput) {
			in.RoleArn = aws.String("arn:aws:iam::000000000000:role/r")
		},
		"a quotation mark is not closed":           func(in *cloudwatchlogs.PutSubscriptionFilterInput) { in.FilterPattern = aws.String(`"x`) },
		"does not simulate emitSystemFields":       func(in *cloudwatchlogs.PutSubscriptionFilterInput) { in.EmitSystemFields = []string{"@aws.account"} },
		"does not simulate applyOnTransformedLogs": func(in *cloudwatchlogs.PutSubscriptionFilterInput) { in.ApplyOnTransformedLogs = true },
		"does not simulate fieldSelectionCriteria": func(in *cloudwatchlogs.PutSubscriptionFilterInput) { in.FieldSelectionCriteria = aws.String("x") },
	} {
		wantRefusal(t, put(change), "InvalidParameterException", want)
	}
	if _, err := b.lambda.AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: aws.String("reader"), StatementId: aws.String("logs"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("logs.amazonaws.com")}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if err := put(func(in *cloudwatchlogs.PutSubscriptionFilterInput) { in.FilterName = &name }); err != nil {
			t.Fatal(err)
		}
	}
	wantRefusal(t, put(func(in *cloudwatchlogs.PutSubscriptionFilterInput) { in.FilterName = aws.String("c") }), "LimitExceededException", "Resource limit exceeded.")
	page, err := b.cloudwatch().DescribeSubscriptionFilters(t.Context(), &cloudwatchlogs.DescribeSubscriptionFiltersInput{LogGroupName: group, Limit: aws.Int32(1)})
	if err != nil || len(page.SubscriptionFilters) != 1 || page.NextToken == nil || *page.SubscriptionFilters[0].FilterName != "a" || page.SubscriptionFilters[0].Distribution != "ByLogStream" {
		t.Fatalf("%+v, %v", page, err)
	}
	page, err = b.cloudwatch().DescribeSubscriptionFilters(t.Context(), &cloudwatchlogs.DescribeSubscriptionFiltersInput{LogGroupName: group, NextToken: page.NextToken})
	if err != nil || len(page.SubscriptionFilters) != 1 || page.NextToken != nil || *page.SubscriptionFilters[0].FilterName != "b" {
		t.Fatalf("%+v, %v", page, err)
	}
	if _, err := b.cloudwatch().DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: group}); err != nil {
		t.Fatal(err)
	}
	if list, err := b.control.Mappings(t.Context(), "reader"); err != nil || len(list) > 0 {
		t.Errorf("the group is gone; its filters: %+v, %v", list, err)
	}
}
