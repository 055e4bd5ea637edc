// Package arn parses and formats Amazon Resource Names and references to Lambda functions. It uses the standard library
// alone and does no I/O.
//
// An ARN has six parts: arn:partition:service:region:account:resource; the resource may contain colons. The simulator
// lives in the partition "aws". A function reference is what the Lambda API takes as FunctionName (see ParseFunctionRef).
package arn

import (
	"fmt"
	"strings"
)

// Partition is the partition in which everything simulated lives.
const Partition = "aws"

// ARN is a parsed Amazon Resource Name.
type ARN struct {
	Partition, Service, Region, Account, Resource string
}

// Parse splits an ARN into its six parts. It demands the prefix "arn:", a partition, a service and a resource.
func Parse(s string) (ARN, error) {
	p := strings.SplitN(s, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[1] == "" || p[2] == "" || p[5] == "" {
		return ARN{}, fmt.Errorf("%q is not an ARN: want arn:partition:service:region:account:resource", s)
	}
	return ARN{Partition: p[1], Service: p[2], Region: p[3], Account: p[4], Resource: p[5]}, nil
}

// String formats the ARN.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

func format(service, region, account, resource string) string {
	return ARN{Partition, service, region, account, resource}.String()
}

// Function is the unqualified ARN of a Lambda function.
func Function(region, account, name string) string {
	return format("lambda", region, account, "function:"+name)
}

// QualifiedFunction is the ARN of a function with a version or alias; with an empty qualifier it is unqualified.
func QualifiedFunction(region, account, name, qualifier string) string {
	if qualifier == "" {
		return Function(region, account, name)
	}
	return Function(region, account, name) + ":" + qualifier
}

// EventSourceMapping is the ARN of an event source mapping.
func EventSourceMapping(region, account, uuid string) string {
	return format("lambda", region, account, "event-source-mapping:"+uuid)
}

// Root is the ARN of an account's root user, which in a policy stands for the account.
func Root(account string) string { return format("iam", "", account, "root") }

// User is the ARN of an IAM user; path begins and ends with a slash.
func User(account, path, name string) string { return format("iam", "", account, "user"+path+name) }

// Role is the ARN of an IAM role; path begins and ends with a slash.
func Role(account, path, name string) string { return format("iam", "", account, "role"+path+name) }

// Group is the ARN of an IAM group; path begins and ends with a slash.
func Group(account, path, name string) string { return format("iam", "", account, "group"+path+name) }

// InstanceProfile is the ARN of an instance profile; path begins and ends with a slash.
func InstanceProfile(account, path, name string) string {
	return format("iam", "", account, "instance-profile"+path+name)
}

// FederatedUser is the ARN of a federated user session.
func FederatedUser(account, name string) string {
	return format("sts", "", account, "federated-user/"+name)
}

// Policy is the ARN of a customer managed policy; path begins and ends with a slash.
func Policy(account, path, name string) string {
	return format("iam", "", account, "policy"+path+name)
}

// AssumedRole is the ARN of a role session. It has the role's name without its path.
func AssumedRole(account, role, session string) string {
	return format("sts", "", account, "assumed-role/"+role+"/"+session)
}

// Bucket is the ARN of an S3 bucket.
func Bucket(name string) string { return format("s3", "", "", name) }

// Object is the ARN of an S3 object.
func Object(bucket, key string) string { return Bucket(bucket) + "/" + key }

// KinesisStream is the ARN of a Kinesis data stream.
func KinesisStream(region, account, name string) string {
	return format("kinesis", region, account, "stream/"+name)
}

// UserPool is the ARN of a Cognito user pool.
func UserPool(region, account, id string) string {
	return format("cognito-idp", region, account, "userpool/"+id)
}

// Queue is the ARN of an SQS queue.
func Queue(region, account, name string) string { return format("sqs", region, account, name) }

// Topic is the ARN of an SNS topic.
func Topic(region, account, name string) string { return format("sns", region, account, name) }

// LogGroup is the ARN of a CloudWatch Logs group. Policies name its streams, and so what is in it, by this and :* at the end.
func LogGroup(region, account, name string) string {
	return format("logs", region, account, "log-group:"+name)
}

// ExecuteAPI returns what a client of an API calls: STAGE/METHOD/PATH of an API, or "" for the API itself.
func ExecuteAPI(region, account, api, call string) string {
	if call != "" {
		api += "/" + call
	}
	return format("execute-api", region, account, api)
}

// Gateway returns the ARN of a part of API Gateway, by its path in the API: /apis/ID/stages/NAME. It names no account.
func Gateway(region, path string) string { return format("apigateway", region, "", path) }

// EventBus is the ARN of an event bus.
func EventBus(region, account, name string) string {
	return format("events", region, account, "event-bus/"+name)
}

// EventRule is the ARN of a rule: name is BUS/RULE for another bus than the default one.
func EventRule(region, account, name string) string {
	return format("events", region, account, "rule/"+name)
}
