package backend_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// where is an allow of everything under a condition.
func where(operator, key string, value any) string {
	text, _ := json.Marshal(map[string]any{operator: map[string]any{key: value}})
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":` + string(text) + `}]}`
}

// The condition keys that a request has, with their values; what AWS leaves absent is absent (IAM guide, global condition
// context keys; Service Authorization Reference).
func TestConditionKeys(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.describe(t, control.Account{ID: account, OrganizationPath: organization + "/r-ab12/"})
	b.role(t, "r", "")
	b.function(t, "f", "r", "")
	b.bucket(t, "bkt")
	url, err := b.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: s("q"), Tags: map[string]string{"Team": "a"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.lambda.TagResource(ctx, &lambda.TagResourceInput{Resource: s(fnARN), Tags: map[string]string{"Team": "a"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: s("s"), ShardCount: aws.Int32(1), Tags: map[string]string{"Team": "a"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: s("bkt"), Key: s("tagged"), Tagging: s("class=secret")}); err != nil {
		t.Fatal(err)
	}
	b.conditionTable(t)
	user := b.user(t, "ana", "")
	if _, err := b.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: s("r"), Tags: []iamtypes.Tag{{Key: s("Team"), Value: s("a")}}}); err != nil {
		t.Fatal(err)
	}
	id, err := b.iam.GetUser(ctx, &iam.GetUserInput{UserName: s("ana")})
	if err != nil {
		t.Fatal(err)
	}
	attributes := func() error {
		_, err := user.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url.QueueUrl})
		return err
	}
	role := func() error { _, err := user.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: s("r")}); return err }
	function := func() error {
		_, err := user.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: s("f")})
		return err
	}
	stream := func() error {
		_, err := user.kinesis.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: s("s")})
		return err
	}
	tag := func() error {
		_, err := user.sqs.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: url.QueueUrl, Tags: map[string]string{"team": "a", "stage": "b"}})
		return err
	}
	list := func() error {
		_, err := user.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: s("bkt"), Prefix: s("in/"), MaxKeys: aws.Int32(10)})
		return err
	}
	get := func() error {
		_, err := user.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: s("bkt"), Key: s("tagged")})
		return err
	}
	put := func() error {
		_, err := user.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: s("bkt"), Key: s("k"), ACL: "private", Tagging: s("class=open")})
		return err
	}
	read := func() error {
		_, err := user.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: s("orders"), Key: map[string]dynamodbtypes.AttributeValue{"id": &dynamodbtypes.AttributeValueMemberS{Value: "1"}}, ProjectionExpression: s("#t"),
			ExpressionAttributeNames: map[string]string{"#t": "total"}})
		return err
	}
	for i, row := range []struct {
		call          func() error
		operator, key string
		value         any
	}{
		{attributes, "StringEquals", "aws:PrincipalArn", "arn:aws:iam::000000000000:user/ana"},
		{attributes, "StringEquals", "aws:PrincipalAccount", account}, {attributes, "StringEquals", "aws:PrincipalType", "User"},
		{attributes, "StringEquals", "aws:username", "ana"}, {attributes, "StringEquals", "aws:userid", *id.User.UserId},
		{attributes, "StringEquals", "aws:PrincipalOrgID", organization}, {attributes, "StringEquals", "aws:ResourceOrgID", organization},
		{attributes, "ForAnyValue:StringLike", "aws:PrincipalOrgPaths", organization + "/r-ab12/*"},
		{attributes, "StringEquals", "aws:RequestedRegion", "us-east-1"}, {attributes, "StringEquals", "aws:ResourceAccount", account},
		{attributes, "IpAddress", "aws:SourceIp", "127.0.0.0/8"}, {attributes, "StringLike", "aws:UserAgent", "aws-sdk-go-v2/*"},
		{attributes, "Bool", "aws:SecureTransport", "true"}, {attributes, "Bool", "aws:ViaAWSService", "false"}, {attributes, "Bool", "aws:PrincipalIsAWSService", "false"},
		{attributes, "DateEquals", "aws:CurrentTime", "2026-01-01T00:00:00Z"}, {attributes, "NumericEquals", "aws:EpochTime", "1767225600"},
		{attributes, "StringEquals", "aws:ResourceTag/team", "a"}, {function, "StringEquals", "aws:ResourceTag/Team", "a"}, {stream, "StringEquals", "aws:ResourceTag/Team", "a"},
		{role, "StringEquals", "aws:ResourceTag/Team", "a"}, {role, "StringEquals", "iam:ResourceTag/Team", "a"},
		{tag, "StringEquals", "aws:RequestTag/team", "a"}, {tag, "ForAllValues:StringEquals", "aws:TagKeys", []string{"team", "stage"}},
		{attributes, "Null", "aws:TagKeys", "true"}, {attributes, "Null", "aws:TokenIssueTime", "true"}, {attributes, "Null", "aws:MultiFactorAuthPresent", "true"},
		{attributes, "Null", "aws:SourceArn", "true"}, {attributes, "Null", "aws:CalledVia", "true"}, {attributes, "Null", "lambda:SourceFunctionArn", "true"},
		{attributes, "Null", "aws:PrincipalServiceName", "true"}, {attributes, "Null", "aws:FederatedProvider", "true"}, {attributes, "Null", "aws:SourceIdentity", "true"},
		{list, "StringEquals", "s3:prefix", "in/"}, {list, "NumericEquals", "s3:max-keys", "10"}, {list, "Null", "s3:delimiter", "true"},
		{get, "StringEquals", "s3:ExistingObjectTag/class", "secret"}, {get, "StringEquals", "s3:signatureversion", "AWS4-HMAC-SHA256"}, {get, "StringEquals", "s3:authType", "REST-HEADER"},
		{get, "Null", "s3:prefix", "true"}, {put, "StringEquals", "s3:x-amz-acl", "private"}, {put, "StringEquals", "s3:RequestObjectTag/class", "open"},
		{read, "ForAllValues:StringEquals", "dynamodb:LeadingKeys", "1"}, {read, "ForAllValues:StringEquals", "dynamodb:Attributes", []string{"id", "total"}},
		{read, "StringEquals", "dynamodb:Select", "SPECIFIC_ATTRIBUTES"},
	} {
		t.Run(fmt.Sprint(i, " ", row.operator, " ", row.key), func(t *testing.T) {
			allow := where(row.operator, row.key, row.value)
			if _, err := b.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: s("ana"), PolicyName: s("main"), PolicyDocument: &allow}); err != nil {
				t.Fatal(err)
			}
			if err := row.call(); err != nil {
				t.Error(err)
			}
		})
	}
	for _, row := range []struct {
		call          func() error
		operator, key string
		value         any
	}{ // what must not hold
		{attributes, "StringEquals", "aws:ResourceTag/team", "b"}, {tag, "ForAllValues:StringEquals", "aws:TagKeys", []string{"team"}},
		{read, "ForAllValues:StringEquals", "dynamodb:LeadingKeys", "2"}, {read, "ForAllValues:StringEquals", "dynamodb:Attributes", []string{"id"}},
		{get, "StringEquals", "s3:ExistingObjectTag/class", "open"}, {attributes, "StringEquals", "aws:PrincipalOrgID", "o-zzzzzzzzzz"},
	} {
		allow := where(row.operator, row.key, row.value)
		if _, err := b.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: s("ana"), PolicyName: s("main"), PolicyDocument: &allow}); err != nil {
			t.Fatal(err)
		}
		if err := row.call(); err == nil {
			t.Errorf("%s %s %v holds", row.operator, row.key, row.value)
		}
	}
}

func (b *bundle) conditionTable(t *testing.T) {
	t.Helper()
	_, err := b.tables.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: s("orders"), BillingMode: "PAY_PER_REQUEST",
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: s("id"), AttributeType: "S"}},
		KeySchema:            []dynamodbtypes.KeySchemaElement{{AttributeName: s("id"), KeyType: "HASH"}}})
	if err != nil {
		t.Fatal(err)
	}
}

// The role's credentials that a function's code has carry the function's ARN; Lambda assumes the role on behalf of the function.
func TestConditionKeysOfFunctionCode(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.makeRole(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole",
		"Condition":{"ArnEquals":{"aws:SourceArn":"`+fnARN+`"},"StringEquals":{"aws:SourceAccount":"000000000000"}}}]}`)
	b.rolePolicy(t, "r", where("ArnEquals", "lambda:SourceFunctionArn", fnARN))
	b.function(t, "f", "r", "import os\ndef handler(event, context):\n    return [os.environ[k] for k in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN')]")
	_, err := b.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: s("g"), Role: s(plainRole), Runtime: "python3.12", Handler: s("main.handler"), Code: codeOf(archive(t, map[string]string{"main.py": ""}))})
	refused(t, err, "InvalidParameterValueException") // the role trusts Lambda for f alone
	out, err := b.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: s("f")})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	if err := json.Unmarshal(out.Payload, &keys); err != nil || len(keys) != 3 {
		t.Fatalf("%s: %v", out.Payload, err)
	}
	code := newClients(b.b.URL(), keys[0], keys[1], keys[2])
	if _, err := code.sqs.ListQueues(ctx, &sqs.ListQueuesInput{}); err != nil {
		t.Error(err)
	}
	b.rolePolicy(t, "r", where("ArnEquals", "lambda:SourceFunctionArn", fnARN+"x"))
	if _, err := code.sqs.ListQueues(ctx, &sqs.ListQueuesInput{}); err == nil {
		t.Error("another function's right is this one's")
	}
	b.rolePolicy(t, "r", where("StringEquals", "aws:PrincipalArn", plainRole)) // the role's, not the session's
	if _, err := code.sqs.ListQueues(ctx, &sqs.ListQueuesInput{}); err != nil {
		t.Error(err)
	}
}
