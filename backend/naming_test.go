package backend_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
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
