package backend_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func notifying(text string) *s3.PutBucketNotificationConfigurationInput {
	in := &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String("plain"), NotificationConfiguration: &s3types.NotificationConfiguration{}}
	if err := json.Unmarshal([]byte(text), in.NotificationConfiguration); err != nil {
		panic(err)
	}
	return in
}

// Recorded 2025-01 (queues), quoted by users (permissions), by analogy (topics).
func TestS3DestinationsThatCannotBeValidated(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.topic(t, "closed", nil)
	if _, err := b.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("closed")}); err != nil {
		t.Fatal(err)
	}
	const unable = "Unable to validate the following destination configurations"
	for name, c := range map[string]struct {
		in, code, message string
		fields            []string
	}{
		"not ARNs": {`{"QueueConfigurations":[{"QueueArn":"invalid-queue","Events":["s3:ObjectCreated:*"]}]}`, "InvalidArgument", "The ARN could not be parsed",
			[]string{"<ArgumentName>Queue</ArgumentName>", "<ArgumentValue>invalid-queue</ArgumentValue>"}},
		"an ARN of another service": {`{"TopicConfigurations":[{"TopicArn":"` + queueARN("closed") + `","Events":["s3:ObjectCreated:*"]}]}`, "InvalidArgument", "The ARN could not be parsed",
			[]string{"<ArgumentName>Topic</ArgumentName>"}},
		"several that are missing": {`{"QueueConfigurations":[{"QueueArn":"` + queueARN("none") + `","Events":["s3:ObjectCreated:*"]}],
			"TopicConfigurations":[{"TopicArn":"` + topicARN("none") + `","Events":["s3:ObjectRemoved:*"]}]}`, "InvalidArgument", unable,
			[]string{"<ArgumentName1>" + topicARN("none") + "</ArgumentName1>", "<ArgumentValue1>The destination topic does not exist</ArgumentValue1>",
				"<ArgumentName2>" + queueARN("none") + "</ArgumentName2>", "<ArgumentValue2>The destination queue does not exist</ArgumentValue2>"}},
		"without permission": {`{"QueueConfigurations":[{"QueueArn":"` + queueARN("closed") + `","Events":["s3:ObjectCreated:*"]}],
			"TopicConfigurations":[{"TopicArn":"` + topicARN("closed") + `","Events":["s3:ObjectRemoved:*"]}]}`, "InvalidArgument", unable,
			[]string{"Permissions on the destination topic do not allow S3 to publish notifications from this bucket", "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"}},
		"FIFO queues": {`{"QueueConfigurations":[{"QueueArn":"` + queueARN("q.fifo") + `","Events":["s3:ObjectCreated:*"]}]}`, "InvalidArgument", "FIFO SQS queues are not supported.", nil},
		"the same id for two kinds": {`{"QueueConfigurations":[{"Id":"a","QueueArn":"` + queueARN("none") + `","Events":["s3:ObjectCreated:*"]}],
			"TopicConfigurations":[{"Id":"a","TopicArn":"` + topicARN("none") + `","Events":["s3:ObjectRemoved:*"]}]}`, "InvalidArgument", "Same ID used for multiple configurations. IDs must be unique", nil},
		"an overlap of two kinds": {`{"QueueConfigurations":[{"QueueArn":"` + queueARN("none") + `","Events":["s3:ObjectCreated:Put"]}],
			"TopicConfigurations":[{"TopicArn":"` + topicARN("none") + `","Events":["s3:ObjectCreated:*"]}]}`, "InvalidArgument",
			"Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.", nil},
		"the test event": {`{"QueueConfigurations":[{"QueueArn":"` + queueARN("none") + `","Events":["s3:TestEvent"]}]}`, "InvalidArgument", "A specified event is not supported for notifications.", nil},
	} {
		t.Run(name+" are refused", func(t *testing.T) {
			var body bytes.Buffer
			_, err := b.s3.PutBucketNotificationConfiguration(t.Context(), notifying(c.in), func(o *s3.Options) { o.HTTPClient = tee{o.HTTPClient, &body} })
			if e := refused(t, err, c.code); e.ErrorMessage() != c.message {
				t.Error(e.ErrorMessage())
			}
			for _, want := range c.fields {
				if !strings.Contains(body.String(), want) {
					t.Errorf("the answer lacks %s:\n%s", want, body.String())
				}
			}
		})
	}
	got, err := b.s3.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String("plain")})
	if err != nil || len(got.QueueConfigurations)+len(got.TopicConfigurations) > 0 || got.EventBridgeConfiguration != nil {
		t.Errorf("something of what was refused is kept: %+v %v", got, err)
	}
}

func TestS3NotificationsOfEveryKindAreReadBack(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	in := notifying(`{"QueueConfigurations":[{"Id":"q","QueueArn":"` + queueARN("q") + `","Events":["s3:ObjectCreated:Put","s3:ObjectCreated:Copy"],"Filter":{"Key":{"FilterRules":[{"Name":"PREFIX","Value":"a/"},{"Name":"suffix","Value":""}]}}}],
		"TopicConfigurations":[{"Id":"t","TopicArn":"` + topicARN("t") + `","Events":["s3:ObjectCreated:*"],"Filter":{"Key":{"FilterRules":[{"Name":"prefix","Value":"b/"}]}}}],
		"LambdaFunctionConfigurations":[{"Id":"f","LambdaFunctionArn":"` + functionARN("f") + `","Events":["s3:ObjectRemoved:*","s3:Replication:*","s3:LifecycleExpiration:DeleteMarkerCreated"]}],
		"EventBridgeConfiguration":{}}`)
	in.SkipDestinationValidation = aws.Bool(true)
	if _, err := b.s3.PutBucketNotificationConfiguration(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	out, err := b.s3.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String("plain")})
	if err != nil {
		t.Fatal(err)
	}
	want := in.NotificationConfiguration
	want.QueueConfigurations[0].Filter.Key.FilterRules[0].Name, want.QueueConfigurations[0].Filter.Key.FilterRules[1].Name = "Prefix", "Suffix" // recorded: capitalised
	want.TopicConfigurations[0].Filter.Key.FilterRules[0].Name = "Prefix"
	got := &s3types.NotificationConfiguration{EventBridgeConfiguration: out.EventBridgeConfiguration, LambdaFunctionConfigurations: out.LambdaFunctionConfigurations,
		QueueConfigurations: out.QueueConfigurations, TopicConfigurations: out.TopicConfigurations}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(s3types.NotificationConfiguration{}, s3types.QueueConfiguration{}, s3types.TopicConfiguration{},
		s3types.LambdaFunctionConfiguration{}, s3types.EventBridgeConfiguration{}, s3types.NotificationConfigurationFilter{}, s3types.S3KeyFilter{}, s3types.FilterRule{})); diff != "" {
		t.Error(diff)
	}
	if _, err := b.s3.PutBucketNotificationConfiguration(t.Context(), notifying(`{}`)); err != nil {
		t.Fatal(err)
	}
	out, err = b.s3.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String("plain")})
	if err != nil || out.EventBridgeConfiguration != nil || len(out.QueueConfigurations) > 0 {
		t.Errorf("an empty configuration clears it: %+v %v", out, err)
	}
}

// open lets everybody send to a queue.
func (b *bundle) open(t *testing.T, queue string) {
	t.Helper()
	_, err := b.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &queue, Attributes: map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Service":["s3.amazonaws.com","events.amazonaws.com"]},"Action":"sqs:SendMessage","Resource":"*"}]}`}})
	if err != nil {
		t.Fatal(err)
	}
}

// bodies receives all that a queue has, and empties it.
func (b *bundle) bodies(t *testing.T, queue string) (list []string) {
	t.Helper()
	url := aws.String(b.b.URL() + "/" + account + "/" + queue)
	for {
		out, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return list
		}
		for _, m := range out.Messages {
			list = append(list, *m.Body)
			if _, err := b.sqs.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// golden compares texts with a golden file, each indented.
func golden(t *testing.T, file string, texts []string) {
	t.Helper()
	var all bytes.Buffer
	for _, text := range texts {
		if err := json.Indent(&all, []byte(text), "", "  "); err != nil {
			t.Fatal(err)
		}
		all.WriteString("\n")
	}
	file = "testdata/events/" + file
	if *update {
		if err := os.WriteFile(file, all.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), all.String()); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}

// lost lists the members of before that after does not have, with the values that they had: what a decoder that knows more
// members (urlDecodedKey) must not lose.
func lost(path string, before, after any) (list []string) {
	if m, ok := before.(map[string]any); ok {
		n, _ := after.(map[string]any)
		for name := range m {
			list = append(list, lost(path+"."+name, m[name], n[name])...)
		}
		return list
	}
	if l, ok := before.([]any); ok {
		n, _ := after.([]any)
		for i := range l {
			if i >= len(n) {
				return append(list, path)
			}
			list = append(list, lost(path, l[i], n[i])...)
		}
		return list
	}
	if !cmp.Equal(before, after) {
		list = append(list, path)
	}
	return list
}

// decodes holds an event to aws-lambda-go's type: it reads it, strictly where the type has no reader of its own, and loses nothing.
func decodes(t *testing.T, text string, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatal(err)
	}
	var before, after any
	again, err := json.Marshal(into)
	if err != nil || json.Unmarshal([]byte(text), &before) != nil || json.Unmarshal(again, &after) != nil {
		t.Fatal(err)
	}
	if gone := lost("", before, after); len(gone) > 0 {
		t.Errorf("aws-lambda-go loses %v of\n%s", gone, text)
	}
}

func TestTheEventsOfABucketAreAWSs(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.open(t, "records")
	b.open(t, "bridged")
	if _, err := b.control.AdvanceBy(t.Context(), 123*time.Millisecond); err != nil { // the time's milliseconds are seen
		t.Fatal(err)
	}
	for _, verb := range [][2]string{{"rule", `default all {"source":["aws.s3"]}`}, {"target", `default all {"Id":"1","Arn":"` + queueARN("bridged") + `"}`}} {
		if err := verbs[verb[0]](t.Context(), &story{bundle: b, t: t}, verb[1]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.s3.PutBucketNotificationConfiguration(t.Context(), notifying(`{"EventBridgeConfiguration":{},"QueueConfigurations":[{"Id":"n","QueueArn":"`+queueARN("records")+`",
		"Events":["s3:ObjectCreated:*","s3:ObjectRemoved:*","s3:ObjectTagging:*"]}]}`)); err != nil {
		t.Fatal(err)
	}
	b.drain(t)
	decodes(t, b.bodies(t, "records")[0], &events.S3TestEvent{})
	for _, step := range []string{"put plain in/a@b+ü&.jpg picture", "copy plain in/a@b+ü&.jpg copy", "tag plain copy kind test", "untag plain copy", "remove plain copy"} {
		verb, rest, _ := strings.Cut(step, " ")
		if err := verbs[verb](t.Context(), &story{bundle: b, t: t}, rest); err != nil {
			t.Fatal(step, err)
		}
		b.drain(t) // so that the golden file has them in this order
	}
	records, bridged := b.bodies(t, "records"), b.bodies(t, "bridged")
	golden(t, "s3.json", records)
	golden(t, "s3_eventbridge.json", bridged)
	if len(records) != 5 || len(bridged) != 5 {
		t.Fatalf("%d records and %d events of EventBridge", len(records), len(bridged))
	}
	for i := range records {
		decodes(t, records[i], &events.S3Event{})
		decodes(t, bridged[i], &events.EventBridgeEvent{})
	}
}
