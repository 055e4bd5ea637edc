package check

import "github.com/lambdasim/terraform-provider-lambdasim/backend/policy"

// ofAWS holds AWS's managed policies that execution roles usually have, by name, with the actions that count here (AWS
// Managed Policy Reference Guide). One that is not here is open.
var ofAWS = map[string][]statement{
	"AWSLambdaBasicExecutionRole":                 allow(logging...),
	"AWSLambdaVPCAccessExecutionRole":             allow(append([]string{"ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"}, logging...)...),
	"AWSLambdaKinesisExecutionRole":               allow(append([]string{"kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:ListStreams", "kinesis:SubscribeToShard"}, logging...)...),
	"AWSLambdaDynamoDBExecutionRole":              allow(append([]string{"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}, logging...)...),
	"AWSLambdaSQSQueueExecutionRole":              allow(append([]string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, logging...)...),
	"AWSLambdaInvocation-DynamoDB":                allow("lambda:InvokeFunction", "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
	"AWSLambdaRole":                               allow("lambda:InvokeFunction"),
	"AWSXRayDaemonWriteAccess":                    allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries"),
	"CloudWatchLambdaInsightsExecutionRolePolicy": allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
	"AdministratorAccess":                         allow("*"),
	"AmazonKinesisFullAccess":                     allow("kinesis:*"),
	"AmazonKinesisReadOnlyAccess":                 allow("kinesis:Get*", "kinesis:List*", "kinesis:Describe*"),
	"AmazonSNSFullAccess":                         allow("sns:*"),
	"AmazonSQSFullAccess":                         allow("sqs:*"),
	"AmazonS3FullAccess":                          allow("s3:*", "s3-object-lambda:*"),
}

var logging = []string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}

// allow is a statement that allows actions on everything.
func allow(actions ...string) []statement {
	s := statement{effect: string(policy.Allow), resources: []value{known("*")}}
	for _, a := range actions {
		s.actions = append(s.actions, known(a))
	}
	return []statement{s}
}
