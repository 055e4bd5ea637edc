package backend_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// A policy's Resource is compared with the ARN that a caller gives. So an ARN that is written otherwise than the resource's own
// must name nothing: it would pass a statement that denies.
func TestAnotherSpellingOfAnARNIsNoWayAroundADeny(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("secret")})
	b.putItem(t, "secret", `{"id":{"S":"a"}}`)
	b.stream(t, "secret", 1)
	pool, err := b.cognito().CreateUserPool(ctx, &cognito.CreateUserPoolInput{PoolName: aws.String("secret")})
	if err != nil {
		t.Fatal(err)
	}
	u := b.user(t, "u", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":"*","Resource":["arn:aws:dynamodb:us-east-1:000000000000:table/secret","arn:aws:kinesis:us-east-1:000000000000:stream/secret","`+*pool.UserPool.Arn+`"]}]}`)
	key, err := b.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("u")})
	if err != nil {
		t.Fatal(err)
	}
	people := cognito.New(b.cognito().Options(), func(o *cognito.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	})
	get := func(table string) error {
		_, err := u.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: av(`{"id":{"S":"a"}}`)})
		return err
	}
	describe := func(stream string) error {
		_, err := u.kinesis.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamARN: &stream})
		return err
	}
	tags := func(arn string) error {
		_, err := people.ListTagsForResource(ctx, &cognito.ListTagsForResourceInput{ResourceArn: &arn})
		return err
	}
	if err := get("arn:aws:dynamodb:us-east-1:000000000000:table/other"); err == nil {
		t.Error("a table that is not there was read")
	}
	id := *pool.UserPool.Id
	for arn, ask := range map[string]func(string) error{
		"arn:aws:dynamodb:us-east-1:000000000000:table/secret":         get,
		"arn:aws:dynamodb:us-east-1:000000000000:table/secret/index/x": get,
		"arn:aws-cn:dynamodb:us-east-1:000000000000:table/secret":      get,
		"arn:aws:kinesis:us-east-1:000000000000:stream/secret":         describe,
		"arn:aws-cn:kinesis:us-east-1:000000000000:stream/secret":      describe,
		"arn:aws:other:us-east-1:000000000000:stream/secret":           describe,
		*pool.UserPool.Arn: tags,
		"arn:aws-cn:cognito-idp:us-east-1:000000000000:userpool/" + id: tags,
		"arn:aws:cognito-idp:eu-west-1:000000000000:userpool/" + id:    tags,
	} {
		if ask(arn) == nil {
			t.Errorf("%s was served although its resource is denied", arn)
		}
	}
}

func TestTagsOfAMappingAreAskedForUnderItsOwnARN(t *testing.T) {
	b := setup(t)
	b.role(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kinesis:*","Resource":"*"}]}`)
	b.function(t, "f", "r", "def handler(event, context): pass")
	b.stream(t, "s", 1)
	m, err := b.lambda.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), StartingPosition: "LATEST",
		EventSourceArn: aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/s")})
	if err != nil {
		t.Fatal(err)
	}
	for prefix, own := range map[string]bool{"arn:aws:lambda:us-east-1:000000000000": true, "arn:aws:lambda:eu-west-1:000000000000": false, "arn:aws-cn:lambda:us-east-1:000000000000": false} {
		arn := aws.String(prefix + ":event-source-mapping:" + *m.UUID)
		_, err := b.lambda.ListTags(t.Context(), &lambda.ListTagsInput{Resource: arn})
		_, tagErr := b.lambda.TagResource(t.Context(), &lambda.TagResourceInput{Resource: arn, Tags: map[string]string{"k": "v"}})
		if (err == nil) != own || (tagErr == nil) != own {
			t.Errorf("%s: ListTags %v, TagResource %v", *arn, err, tagErr)
		}
	}
}

// Tables and streams have no policies here, so nobody reaches those of another account, whatever their own policies say.
func TestTablesAndStreamsOfAnotherAccountAreOutOfReach(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("mine"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "KEYS_ONLY"}})
	b.stream(t, "mine", 1)
	table, stream := aws.String("arn:aws:dynamodb:us-east-1:000000000000:table/mine"), aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/mine")
	it, err := b.kinesis.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamARN: stream, ShardId: aws.String("shardId-000000000000"), ShardIteratorType: "LATEST"})
	if err != nil {
		t.Fatal(err)
	}
	root := b.as("222222222222")
	for who, c := range map[string]*clients{"the root": root, "an administrator": b.userOf(t, root, "admin", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)} {
		_, get := c.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: av(`{"id":{"S":"a"}}`)})
		_, put := c.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: av(`{"id":{"S":"a"}}`)})
		_, batch := c.tables.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*table: {{PutRequest: &types.PutRequest{Item: av(`{"id":{"S":"a"}}`)}}}}})
		_, describe := c.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: b.streamOf(t, "mine")})
		_, record := c.kinesis.PutRecord(ctx, &kinesis.PutRecordInput{StreamARN: stream, PartitionKey: aws.String("k"), Data: []byte("x")})
		_, read := c.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
		for what, err := range map[string]error{"GetItem": get, "PutItem": put, "BatchWriteItem": batch, "DescribeStream": describe, "PutRecord": record, "GetRecords": read} {
			t.Log(who, what)
			refusedAs(t, err, "AccessDeniedException", "is not authorized to perform")
		}
	}
}

// Nobody need sign a sign-up, but a signature that is there must be right.
func TestASignUpWithAWrongSignatureIsRefused(t *testing.T) {
	b, _ := cognitoSetup(t)
	_, client := b.userPool(t, &cognito.CreateUserPoolInput{}, false)
	body, _ := json.Marshal(map[string]any{"ClientId": client.ClientId, "Username": "ada", "Password": "Passw0rd!"})
	for signature, want := range map[string]int{"Credential=test/20260101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host;x-amz-date, Signature=00": 400, "": 200} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.b.URL(), bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.SignUp")
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
		if signature != "" {
			req.Header.Set("Authorization", "AWS4-HMAC-SHA256 "+signature)
			req.Header.Set("X-Amz-Date", "20260101T000000Z")
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("signed with %q: %d, want %d", signature, res.StatusCode, want)
		}
	}
}
