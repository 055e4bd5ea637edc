package backend_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

// found is what a walk through Kinesis, DynamoDB with its stream, and SQS says that it found.
type found struct {
	Failed  int      `json:"failed"` // of PutRecords
	All     []string `json:"TRIM_HORIZON"`
	After   []string `json:"AFTER_SEQUENCE_NUMBER"`
	N       string   `json:"n"`
	B       []int    `json:"b"`
	Count   int      `json:"count"`
	Refused string   `json:"refused"`
	Same    bool     `json:"same"` // ListStreams has the stream of the table's description
	Changes []string `json:"changes"`
	Bodies  []string `json:"bodies"`
	Kind    string   `json:"kind"`
	Left    string   `json:"left"`
}

// wholeWalk is what each client must find.
var wholeWalk = found{All: []string{"one", "two", "three"}, After: []string{"two", "three"}, N: "9007199254740994", B: []int{0, 255}, Count: 1,
	Refused: "ConditionalCheckFailedException", Same: true, Changes: []string{"INSERT a", "MODIFY a", "REMOVE a"}, Bodies: []string{"m1", "m2", "m3"}, Kind: "x", Left: "00"}

// Clients that others have written read and write the sources of event source mappings: each takes the same walk, and checks on
// its way what it checks of AWS's answers (MD5s of messages, CRC32 of DynamoDB's).
func TestClientsOfOthersReadAndWriteTheSources(t *testing.T) {
	b := setup(t)
	walk := func(name string, run func(t *testing.T, b *bundle) found) {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the CLI takes a second for each call
			if diff := cmp.Diff(wholeWalk, run(t, b)); diff != "" {
				t.Error(diff)
			}
		})
	}
	walk("aws-sdk-go-v2", walkInGo)
	walk("the AWS CLI", walkWithTheCLI)
	walk("the SDK for Python", func(t *testing.T, b *bundle) found {
		python := ""
		for _, name := range []string{"/usr/bin/python3", "python3"} { // Debian's, which has Debian's boto3
			if exec.CommandContext(t.Context(), name, "-c", "import boto3").Run() == nil {
				python = name
				break
			}
		}
		if python == "" {
			t.Skip("there is no Python with boto3 on this machine: make test installs Debian's python3-boto3, .ci/setup.sh too")
		}
		return walkOf(t, b, "python", "", python, "walk.py")
	})
	walk("the SDK for JavaScript", func(t *testing.T, b *bundle) found {
		dir, err := libraries()
		must(t, err)
		return walkOf(t, b, "javascript", filepath.Join(dir, "nodejs"), "node", "walk.mjs")
	})
}

// walkOf runs a program of testdata/clients. Where its modules lie in a folder, a copy of it runs there: Node looks for the modules
// of an ES module beside it.
func walkOf(t *testing.T, b *bundle, name, modules, interpreter, program string) (f found) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "clients", program))
	must(t, err)
	if modules != "" {
		text, err := os.ReadFile(path)
		must(t, err)
		dir := t.TempDir()
		must(t, os.Symlink(filepath.Join(modules, "node_modules"), filepath.Join(dir, "node_modules")))
		path = filepath.Join(dir, program)
		must(t, os.WriteFile(path, text, 0o644))
	}
	cmd := exec.CommandContext(t.Context(), interpreter, path, b.b.URL(), name)
	cmd.Env = foreign()
	var complaints strings.Builder
	cmd.Stderr = &complaints
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", interpreter, program, err, complaints.String())
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("%s: %s", err, text)
	}
	return f
}

// foreign is an environment in which clients find no configuration of this machine's.
func foreign() []string {
	return append(without(os.Environ(), "AWS_CA_BUNDLE"), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
}

func walkWithTheCLI(t *testing.T, b *bundle) (f found) {
	program := ""
	for _, name := range []string{"/usr/bin/aws", "aws", "/usr/local/bin/aws"} {
		if version, err := exec.CommandContext(t.Context(), name, "--version").CombinedOutput(); err == nil && strings.HasPrefix(string(version), "aws-cli/2") {
			program = name
			break
		}
	}
	if program == "" {
		t.Skip("there is no AWS CLI of version 2 on this machine: make test installs Debian's awscli, .ci/setup.sh too")
	}
	const name = "the-cli"
	try := func(to any, args string, more ...string) error {
		cmd := exec.CommandContext(t.Context(), program, append(append([]string{"--endpoint-url", b.b.URL(), "--region", "us-east-1", "--output", "json"}, strings.Fields(args)...), more...)...)
		cmd.Env = foreign()
		text, err := cmd.CombinedOutput()
		switch {
		case err != nil:
			return errors.New(string(text))
		case to == nil:
			return nil
		}
		return json.Unmarshal(text, to)
	}
	run := func(to any, args string, more ...string) {
		t.Helper()
		if err := try(to, args, more...); err != nil {
			t.Fatalf("aws %s: %v", args, err)
		}
	}
	cliKinesis(run, name, &f)
	cliDynamoDB(t, run, try, name, &f)
	cliSQS(run, name, &f)
	return f
}

type cli func(to any, args string, more ...string)

func cliKinesis(run cli, name string, f *found) {
	run(nil, "kinesis create-stream --shard-count 1 --stream-name "+name)
	var first kinesis.PutRecordOutput
	run(&first, "kinesis put-record --cli-binary-format raw-in-base64-out --partition-key k --data one --stream-name "+name)
	var put kinesis.PutRecordsOutput
	run(&put, "kinesis put-records --cli-binary-format raw-in-base64-out --records PartitionKey=k,Data=two PartitionKey=k,Data=three --stream-name "+name)
	f.Failed = int(*put.FailedRecordCount)
	var shards kinesis.ListShardsOutput
	run(&shards, "kinesis list-shards --stream-name "+name)
	read := func(kind string) (data []string) {
		var at kinesis.GetShardIteratorOutput
		run(&at, "kinesis get-shard-iterator --shard-id "+*shards.Shards[0].ShardId+" --stream-name "+name+" --shard-iterator-type "+kind)
		var got struct{ Records []struct{ Data string } }
		run(&got, "kinesis get-records --shard-iterator", *at.ShardIterator)
		for _, r := range got.Records {
			text, _ := base64.StdEncoding.DecodeString(r.Data)
			data = append(data, string(text))
		}
		return data
	}
	f.All, f.After = read("TRIM_HORIZON"), read("AFTER_SEQUENCE_NUMBER --starting-sequence-number "+*first.SequenceNumber)
}

func cliDynamoDB(t *testing.T, run cli, try func(any, string, ...string) error, name string, f *found) {
	run(nil, "dynamodb create-table --key-schema AttributeName=id,KeyType=HASH --attribute-definitions AttributeName=id,AttributeType=S "+
		"--provisioned-throughput ReadCapacityUnits=1,WriteCapacityUnits=1 --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES --table-name "+name)
	table, key := " --table-name "+name, []string{"--key", `{"id":{"S":"a"}}`}
	run(nil, "dynamodb put-item"+table, "--item", `{"id":{"S":"a"},"n":{"N":"9007199254740993"},"b":{"B":"AP8="},"s":{"SS":["x"]}}`)
	run(nil, "dynamodb update-item"+table, append(key, "--update-expression", "SET n = n + :one", "--expression-attribute-values", `{":one":{"N":"1"}}`)...)
	var got struct {
		Item struct {
			N struct{ N string } `json:"n"`
			B struct{ B []byte } `json:"b"`
		}
	}
	run(&got, "dynamodb get-item --consistent-read"+table, key...)
	f.N = got.Item.N.N
	for _, b := range got.Item.B.B {
		f.B = append(f.B, int(b))
	}
	var queried struct{ Count int }
	run(&queried, "dynamodb query"+table, "--key-condition-expression", "id = :i", "--expression-attribute-values", `{":i":{"S":"a"}}`)
	f.Count = queried.Count
	if err := try(nil, "dynamodb delete-item"+table, append(key, "--condition-expression", "attribute_not_exists(id)")...); err != nil && strings.Contains(err.Error(), "(ConditionalCheckFailedException)") {
		f.Refused = "ConditionalCheckFailedException"
	} else {
		t.Errorf("a condition that does not hold: %v", err)
	}
	run(nil, "dynamodb delete-item"+table, key...)
	var described struct {
		Table struct{ LatestStreamArn string }
	}
	run(&described, "dynamodb describe-table"+table)
	var listed struct{ Streams []struct{ StreamArn string } }
	run(&listed, "dynamodbstreams list-streams"+table)
	stream := listed.Streams[0].StreamArn
	f.Same = stream == described.Table.LatestStreamArn
	var shards struct {
		StreamDescription struct{ Shards []struct{ ShardId string } }
	}
	run(&shards, "dynamodbstreams describe-stream --stream-arn "+stream)
	for _, shard := range shards.StreamDescription.Shards {
		var at struct{ ShardIterator string }
		run(&at, "dynamodbstreams get-shard-iterator --shard-iterator-type TRIM_HORIZON --stream-arn "+stream+" --shard-id "+shard.ShardId)
		var read struct {
			Records []struct {
				EventName string `json:"eventName"`
				Dynamodb  struct {
					Keys struct {
						ID struct{ S string } `json:"id"`
					}
				} `json:"dynamodb"`
			}
		}
		run(&read, "dynamodbstreams get-records --shard-iterator", at.ShardIterator)
		for _, r := range read.Records {
			f.Changes = append(f.Changes, r.EventName+" "+r.Dynamodb.Keys.ID.S)
		}
	}
}

func cliSQS(run cli, name string, f *found) {
	var made sqs.CreateQueueOutput
	run(&made, "sqs create-queue --attributes VisibilityTimeout=60 --queue-name "+name)
	queue := " --queue-url " + *made.QueueUrl
	run(nil, "sqs send-message --message-body m1 --message-attributes kind={DataType=String,StringValue=x}"+queue)
	run(nil, "sqs send-message-batch --entries Id=2,MessageBody=m2 Id=3,MessageBody=m3"+queue)
	var got sqs.ReceiveMessageOutput
	run(&got, "sqs receive-message --max-number-of-messages 10 --wait-time-seconds 1 --message-attribute-names All"+queue)
	for _, m := range got.Messages {
		f.Bodies = append(f.Bodies, *m.Body)
		run(nil, "sqs delete-message"+queue, "--receipt-handle", *m.ReceiptHandle)
	}
	f.Kind = *got.Messages[0].MessageAttributes["kind"].StringValue
	var counted struct{ Attributes map[string]string }
	run(&counted, "sqs get-queue-attributes --attribute-names All"+queue)
	f.Left = counted.Attributes["ApproximateNumberOfMessages"] + counted.Attributes["ApproximateNumberOfMessagesNotVisible"]
}

func walkInGo(t *testing.T, b *bundle) (f found) {
	ctx, name := t.Context(), aws.String("golang")
	b.stream(t, *name, 1)
	first := b.record(t, *name, "k", "one")
	put, err := b.kinesis.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: name, Records: []kinesistypes.PutRecordsRequestEntry{
		{PartitionKey: aws.String("k"), Data: []byte("two")}, {PartitionKey: aws.String("k"), Data: []byte("three")}}})
	must(t, err)
	f.Failed = int(*put.FailedRecordCount)
	shards, err := b.kinesis.ListShards(ctx, &kinesis.ListShardsInput{StreamName: name})
	must(t, err)
	at := kinesis.GetShardIteratorInput{StreamName: name, ShardId: shards.Shards[0].ShardId, ShardIteratorType: "TRIM_HORIZON"}
	f.All = b.readFrom(t, &at)
	at.ShardIteratorType, at.StartingSequenceNumber = "AFTER_SEQUENCE_NUMBER", first.SequenceNumber
	f.After = b.readFrom(t, &at)

	b.table(t, &dynamodb.CreateTableInput{TableName: name, ProvisionedThroughput: &dynamodbtypes.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1)},
		BillingMode: "PROVISIONED", StreamSpecification: &dynamodbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "NEW_AND_OLD_IMAGES"}})
	key := av(`{"id":{"S":"a"}}`)
	item := av(`{"id":{"S":"a"},"n":{"N":"9007199254740993"},"s":{"SS":["x"]}}`)
	item["b"] = &dynamodbtypes.AttributeValueMemberB{Value: []byte{0, 255}}
	_, err = b.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: item})
	must(t, err)
	_, err = b.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: key, UpdateExpression: aws.String("SET n = n + :one"), ExpressionAttributeValues: av(`{":one":{"N":"1"}}`)})
	must(t, err)
	got, err := b.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: key, ConsistentRead: aws.Bool(true)})
	must(t, err)
	f.N = got.Item["n"].(*dynamodbtypes.AttributeValueMemberN).Value
	for _, x := range got.Item["b"].(*dynamodbtypes.AttributeValueMemberB).Value {
		f.B = append(f.B, int(x))
	}
	queried, err := b.tables.Query(ctx, &dynamodb.QueryInput{TableName: name, KeyConditionExpression: aws.String("id = :i"), ExpressionAttributeValues: av(`{":i":{"S":"a"}}`)})
	must(t, err)
	f.Count = int(queried.Count)
	_, err = b.tables.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: key, ConditionExpression: aws.String("attribute_not_exists(id)")})
	if refusal, ok := errors.AsType[*dynamodbtypes.ConditionalCheckFailedException](err); ok {
		f.Refused = refusal.ErrorCode()
	}
	_, err = b.tables.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: key})
	must(t, err)
	listed, err := b.streams.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{TableName: name})
	must(t, err)
	f.Same = *listed.Streams[0].StreamArn == *b.streamOf(t, *name)
	for _, r := range b.streamRecords(t, listed.Streams[0].StreamArn) {
		f.Changes = append(f.Changes, string(r.EventName)+" a")
	}

	url := b.queue(t, *name, "VisibilityTimeout", "60")
	_, err = b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m1"), MessageAttributes: map[string]sqstypes.MessageAttributeValue{"kind": {DataType: aws.String("String"), StringValue: aws.String("x")}}})
	must(t, err)
	_, err = b.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: []sqstypes.SendMessageBatchRequestEntry{{Id: aws.String("2"), MessageBody: aws.String("m2")}, {Id: aws.String("3"), MessageBody: aws.String("m3")}}})
	must(t, err)
	received, err := b.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, MessageAttributeNames: []string{"All"}})
	must(t, err)
	for _, m := range received.Messages {
		f.Bodies = append(f.Bodies, *m.Body)
	}
	f.Kind = *received.Messages[0].MessageAttributes["kind"].StringValue
	b.deleteAll(t, url, received.Messages)
	left := b.queueAttributes(t, url)
	f.Left = left["ApproximateNumberOfMessages"] + left["ApproximateNumberOfMessagesNotVisible"]
	return f
}
