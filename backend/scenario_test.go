package backend_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

var update = flag.Bool("update", false, "write the golden files anew")

const second = time.Second

func codeOf(zip []byte) *lambdatypes.FunctionCode { return &lambdatypes.FunctionCode{ZipFile: zip} }

// TestScenarios runs the stories of testdata/scenarios: each is a list of steps, sent by the real SDK to a backend with a
// virtual clock, and the trace that it must leave. With one seed and one input the trace is the same to the letter.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d scenarios were found (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			steps, want, _ := strings.Cut(string(text), "\n-- trace --\n")
			got := play(t, steps)
			if *update {
				if err := os.WriteFile(file, []byte(steps+"\n-- trace --\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the trace differs (-want +got):\n%s", diff)
			}
		})
	}
}

// story is a scenario that is being played.
type story struct {
	*bundle
	t    *testing.T
	said strings.Builder // what the callers were answered
}

func play(t *testing.T, steps string) string {
	s := &story{bundle: setup(t), t: t}
	for i, line := range strings.Split(steps, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		verb, rest, _ := strings.Cut(line, " ")
		do, ok := verbs[verb]
		if !ok {
			t.Fatalf("line %d: there is no step %q", i+1, verb)
		}
		if err := do(t.Context(), s, rest); err != nil {
			refusal, ok := errors.AsType[smithy.APIError](err)
			if !ok {
				t.Fatalf("line %d: %s: %v", i+1, line, err)
			}
			fmt.Fprintf(&s.said, "%s: %s: %s\n", line, refusal.ErrorCode(), refusal.ErrorMessage())
		}
		s.drain(t)
	}
	trace, err := s.control.DeliveriesText(t.Context(), control.DeliveriesQuery{})
	if err != nil {
		t.Fatal(err)
	}
	s.everyEndIsSettled(t)
	if s.said.Len() > 0 {
		return s.said.String() + "\n" + trace
	}
	return trace
}

// everyEndIsSettled holds the trace to its flow: a delivery that has ended ends with the step settled, and only it does.
func (b *bundle) everyEndIsSettled(t *testing.T) {
	t.Helper()
	list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if last := d.Steps[len(d.Steps)-1]; (d.Outcome != "pending") != (last.Kind == "settled") {
			t.Errorf("delivery %d is %s, and its last step is %s", d.ID, d.Outcome, last.Kind)
		}
	}
}

// words splits a step's arguments; the last takes the rest of the line.
func words(rest string, n int) []string {
	parts := strings.SplitN(rest, " ", n)
	for len(parts) < n {
		parts = append(parts, "")
	}
	return parts
}

func functionARN(name string) string {
	return "arn:aws:lambda:us-east-1:" + account + ":function:" + name
}

// verbs are the steps of a scenario.
var verbs = map[string]func(ctx context.Context, s *story, rest string) error{
	// role NAME [POLICY]
	"role": func(_ context.Context, s *story, rest string) error {
		w := words(rest, 2)
		s.role(s.t, w[0], w[1])
		return nil
	},
	// policy ROLE POLICY
	"policy": func(_ context.Context, s *story, rest string) error {
		w := words(rest, 2)
		s.rolePolicy(s.t, w[0], w[1])
		return nil
	},
	// revoke ROLE: removes its policy
	"revoke": func(ctx context.Context, s *story, rest string) error {
		_, err := s.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &rest, PolicyName: aws.String("main")})
		return err
	},
	// function NAME ROLE [SCRIPT]
	"function": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		s.function(s.t, w[0], w[1], "def handler(event, context): pass")
		if w[2] == "" {
			w[2] = `{"outcomes":[{}]}`
		}
		return s.script(ctx, w[0], w[2])
	},
	// script FUNCTION SCRIPT
	"script": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		return s.script(ctx, w[0], w[1])
	},
	// permit FUNCTION SID PRINCIPAL [SOURCE_ARN [SOURCE_ACCOUNT]]
	"permit": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 5)
		in := &lambda.AddPermissionInput{FunctionName: &w[0], StatementId: &w[1], Principal: &w[2], Action: aws.String("lambda:InvokeFunction")}
		if w[3] != "" {
			in.SourceArn = &w[3]
		}
		if w[4] != "" {
			in.SourceAccount = &w[4]
		}
		_, err := s.lambda.AddPermission(ctx, in)
		return err
	},
	// forbid FUNCTION SID
	"forbid": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.lambda.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: &w[0], StatementId: &w[1]})
		return err
	},
	// bucket NAME
	"bucket": func(ctx context.Context, s *story, rest string) error {
		_, err := s.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &rest})
		return err
	},
	// notify BUCKET FUNCTION EVENT [PREFIX]
	"notify": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 4)
		c := s3types.LambdaFunctionConfiguration{Id: aws.String("n"), LambdaFunctionArn: aws.String(functionARN(w[1])), Events: []s3types.Event{s3types.Event(w[2])}}
		if w[3] != "" {
			c.Filter = &s3types.NotificationConfigurationFilter{Key: &s3types.S3KeyFilter{FilterRules: []s3types.FilterRule{{Name: "prefix", Value: &w[3]}}}}
		}
		_, err := s.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: &w[0],
			NotificationConfiguration: &s3types.NotificationConfiguration{LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{c}}})
		return err
	},
	// put BUCKET KEY TEXT
	"put": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		_, err := s.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &w[0], Key: &w[1], Body: strings.NewReader(w[2])})
		return err
	},
	// objects BUCKET: says which objects the bucket holds, and what is in them
	"objects": func(ctx context.Context, s *story, rest string) error {
		list, err := s.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &rest})
		if err != nil {
			return err
		}
		for _, o := range list.Contents {
			got, err := s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &rest, Key: o.Key})
			if err != nil {
				return err
			}
			body, err := io.ReadAll(got.Body)
			if err != nil {
				return err
			}
			fmt.Fprintf(&s.said, "%s: %s: %s\n", rest, *o.Key, body)
		}
		return nil
	},
	// remove BUCKET KEY
	"remove": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &w[0], Key: &w[1]})
		return err
	},
	// stream NAME
	"stream": func(ctx context.Context, s *story, rest string) error {
		_, err := s.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &rest, ShardCount: aws.Int32(1)})
		return err
	},
	// map STREAM FUNCTION POSITION BATCH RETRIES
	"map": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 5)
		var batch, retries int32
		if _, err := fmt.Sscan(w[3]+" "+w[4], &batch, &retries); err != nil {
			return err
		}
		_, err := s.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: &w[1],
			EventSourceArn: aws.String("arn:aws:kinesis:us-east-1:" + account + ":stream/" + w[0]), StartingPosition: lambdatypes.EventSourcePosition(w[2]),
			BatchSize: &batch, MaximumRetryAttempts: &retries})
		return err
	},
	// mapping STREAM FUNCTION JSON: a mapping with the members of CreateEventSourceMapping
	"mapping": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		in := &lambda.CreateEventSourceMappingInput{FunctionName: &w[1], StartingPosition: lambdatypes.EventSourcePositionTrimHorizon,
			EventSourceArn: aws.String("arn:aws:kinesis:us-east-1:" + account + ":stream/" + w[0])}
		if err := json.Unmarshal([]byte(w[2]), in); err != nil {
			return err
		}
		_, err := s.lambda.CreateEventSourceMapping(ctx, in)
		return err
	},
	// remap FUNCTION JSON: changes the function's only mapping with the members of UpdateEventSourceMapping
	"remap": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		list, err := s.lambda.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{FunctionName: &w[0]})
		if err != nil {
			return err
		}
		in := &lambda.UpdateEventSourceMappingInput{UUID: list.EventSourceMappings[0].UUID}
		if err := json.Unmarshal([]byte(w[1]), in); err != nil {
			return err
		}
		_, err = s.lambda.UpdateEventSourceMapping(ctx, in)
		return err
	},
	// rerole FUNCTION ROLE
	"rerole": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &w[0],
			Role: aws.String("arn:aws:iam::" + account + ":role/" + w[1])})
		return err
	},
	// unstream NAME
	"unstream": func(ctx context.Context, s *story, rest string) error {
		_, err := s.kinesis.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: &rest})
		return err
	},
	// keyed STREAM KEY DATA…: records with a partition key
	"keyed": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		in := &kinesis.PutRecordsInput{StreamName: &w[0]}
		for _, data := range strings.Fields(w[2]) {
			in.Records = append(in.Records, kinesistypes.PutRecordsRequestEntry{PartitionKey: &w[1], Data: []byte(data)})
		}
		_, err := s.kinesis.PutRecords(ctx, in)
		return err
	},
	// records STREAM DATA…
	"records": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		in := &kinesis.PutRecordsInput{StreamName: &w[0]}
		for _, data := range strings.Fields(w[1]) {
			in.Records = append(in.Records, kinesistypes.PutRecordsRequestEntry{PartitionKey: aws.String("k"), Data: []byte(data)})
		}
		_, err := s.kinesis.PutRecords(ctx, in)
		return err
	},
	// table NAME VIEW: with a stream, in one partition
	"table": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		s.bundle.table(s.t, &dynamodb.CreateTableInput{TableName: &w[0], BillingMode: "PROVISIONED",
			StreamSpecification: &dynamodbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: dynamodbtypes.StreamViewType(w[1])}})
		return nil
	},
	// item TABLE ITEM
	"item": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: &w[0], Item: av(w[1])})
		return err
	},
	// drop TABLE KEY
	"drop": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.tables.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &w[0], Key: av(w[1])})
		return err
	},
	// follow TABLE FUNCTION POSITION BATCH RETRIES: map, for the stream of a table
	"follow": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 5)
		var batch, retries int32
		if _, err := fmt.Sscan(w[3]+" "+w[4], &batch, &retries); err != nil {
			return err
		}
		_, err := s.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: &w[1], EventSourceArn: s.streamOf(s.t, w[0]),
			StartingPosition: lambdatypes.EventSourcePosition(w[2]), BatchSize: &batch, MaximumRetryAttempts: &retries})
		return err
	},
	// invoke FUNCTION TYPE PAYLOAD
	"invoke": func(ctx context.Context, s *story, rest string) error { return s.call(ctx, s.clients, rest) },
	// other ACCOUNT FUNCTION TYPE PAYLOAD: the same as the root of another account
	"other": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		return s.call(ctx, s.as(w[0]), w[1])
	},
	// publish SERVICE FUNCTION SOURCE_ARN EVENT
	"publish": func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 4)
		_, err := s.control.Publish(ctx, control.Event{Service: w[0], FunctionName: w[1], SourceARN: w[2], Event: json.RawMessage(w[3])})
		return err
	},
	// advance DURATION
	"advance": func(ctx context.Context, s *story, rest string) error {
		d, err := time.ParseDuration(rest)
		if err != nil {
			return err
		}
		_, err = s.control.AdvanceBy(ctx, d)
		return err
	},
}

func (s *story) call(ctx context.Context, c *clients, rest string) error {
	w := words(rest, 3)
	out, err := c.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(functionARN(w[0])), InvocationType: lambdatypes.InvocationType(w[1]), Payload: []byte(w[2])})
	if err != nil {
		return err
	}
	fmt.Fprintf(&s.said, "%s: %d %s%s\n", rest, out.StatusCode, out.Payload, aws.ToString(out.FunctionError))
	return nil
}

func (s *story) script(ctx context.Context, function, text string) error {
	var script control.Script
	if err := json.Unmarshal([]byte(text), &script); err != nil {
		return err
	}
	return s.control.PutScript(ctx, function, script)
}
