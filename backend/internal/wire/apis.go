package wire

import (
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// The APIs of the services that are simulated. Each is found once in a process.

// LambdaAPI is AWS Lambda: REST-JSON.
var LambdaAPI = sync.OnceValue(func() *API {
	c := &capture{seen: map[string]*smithy.OperationSchema{}}
	callAll(lambda.NewFromConfig(nowhere(withoutValidation), func(o *lambda.Options) { o.Protocol = c }))
	validating := lambda.NewFromConfig(nowhere(stopAfterValidation))
	return described(&API{Name: "lambda", Protocol: RESTJSON}, validating, c.seen)
})

// KinesisAPI is Amazon Kinesis Data Streams: JSON 1.1.
var KinesisAPI = sync.OnceValue(func() *API {
	c := &capture{seen: map[string]*smithy.OperationSchema{}}
	callAll(kinesis.NewFromConfig(nowhere(withoutValidation), func(o *kinesis.Options) { o.Protocol = c }))
	validating := kinesis.NewFromConfig(nowhere(stopAfterValidation))
	return described(&API{Name: "kinesis", Protocol: JSON11, Target: "Kinesis_20131202"}, validating, c.seen)
})

// CognitoAPI is Amazon Cognito user pools: JSON 1.1.
var CognitoAPI = sync.OnceValue(func() *API {
	return reflected(&API{Name: "cognito-idp", Protocol: JSON11, Target: "AWSCognitoIdentityProviderService"},
		cognitoidentityprovider.NewFromConfig(nowhere(stopAfterValidation)))
})

// SQSAPI is Amazon SQS: JSON 1.0, and Query for clients older than that (awscli before 2.13). One schema drives both.
var SQSAPI = sync.OnceValue(func() *API {
	c := &capture{seen: map[string]*smithy.OperationSchema{}}
	callAll(sqs.NewFromConfig(nowhere(withoutValidation), func(o *sqs.Options) { o.Protocol = c }))
	validating := sqs.NewFromConfig(nowhere(stopAfterValidation))
	api := described(&API{Name: "sqs", Protocol: JSON10, Target: "AmazonSQS"}, validating, c.seen)
	api.queryErrors = queryErrorsOf(sqs.TypeRegistry)
	older := *api
	older.Protocol, older.Target, older.Namespace = Query, "", "http://queue.amazonaws.com/doc/2012-11-05/"
	api.older = &older
	return api
})

// DynamoDBAPI is Amazon DynamoDB: JSON 1.0. It shares its signing name with its streams.
var DynamoDBAPI = sync.OnceValue(func() *API {
	c := &capture{seen: map[string]*smithy.OperationSchema{}}
	callAll(dynamodb.NewFromConfig(nowhere(withoutValidation), func(o *dynamodb.Options) { o.Protocol = c }))
	validating := dynamodb.NewFromConfig(nowhere(stopAfterValidation))
	return described(&API{Name: "dynamodb", Protocol: JSON10, Target: "DynamoDB_20120810"}, validating, c.seen)
})

// DynamoDBStreamsAPI is Amazon DynamoDB Streams: JSON 1.0.
var DynamoDBStreamsAPI = sync.OnceValue(func() *API {
	c := &capture{seen: map[string]*smithy.OperationSchema{}}
	callAll(dynamodbstreams.NewFromConfig(nowhere(withoutValidation), func(o *dynamodbstreams.Options) { o.Protocol = c }))
	validating := dynamodbstreams.NewFromConfig(nowhere(stopAfterValidation))
	return described(&API{Name: "dynamodb", Protocol: JSON10, Target: "DynamoDBStreams_20120810"}, validating, c.seen)
})

// LogsAPI is Amazon CloudWatch Logs: JSON 1.1.
var LogsAPI = sync.OnceValue(func() *API {
	c := &capture{seen: map[string]*smithy.OperationSchema{}}
	callAll(cloudwatchlogs.NewFromConfig(nowhere(withoutValidation), func(o *cloudwatchlogs.Options) { o.Protocol = c }))
	validating := cloudwatchlogs.NewFromConfig(nowhere(stopAfterValidation))
	return described(&API{Name: "logs", Protocol: JSON11, Target: "Logs_20140328"}, validating, c.seen)
})

// EventBridgeAPI is Amazon EventBridge: JSON 1.1.
var EventBridgeAPI = sync.OnceValue(func() *API {
	c := &capture{seen: map[string]*smithy.OperationSchema{}}
	callAll(eventbridge.NewFromConfig(nowhere(withoutValidation), func(o *eventbridge.Options) { o.Protocol = c }))
	validating := eventbridge.NewFromConfig(nowhere(stopAfterValidation))
	return described(&API{Name: "events", Protocol: JSON11, Target: "AWSEvents"}, validating, c.seen)
})

// RESTAPIs is Amazon API Gateway, version 1: REST-JSON.
var RESTAPIs = sync.OnceValue(func() *API {
	c := &capture{seen: map[string]*smithy.OperationSchema{}}
	callAll(apigateway.NewFromConfig(nowhere(withoutValidation), func(o *apigateway.Options) { o.Protocol = c }))
	validating := apigateway.NewFromConfig(nowhere(stopAfterValidation))
	return described(&API{Name: "apigateway", Plain: true, Protocol: RESTJSON}, validating, c.seen)
})

// HTTPAPIs is Amazon API Gateway, version 2: REST-JSON. It shares its signing name with version 1.
var HTTPAPIs = sync.OnceValue(func() *API {
	c := &capture{seen: map[string]*smithy.OperationSchema{}}
	callAll(apigatewayv2.NewFromConfig(nowhere(withoutValidation), func(o *apigatewayv2.Options) { o.Protocol = c }))
	validating := apigatewayv2.NewFromConfig(nowhere(stopAfterValidation))
	return described(&API{Name: "apigateway", Under: "/v2/", Plain: true, Protocol: RESTJSON}, validating, c.seen)
})

// IAMAPI is AWS Identity and Access Management: Query.
var IAMAPI = sync.OnceValue(func() *API {
	return reflected(&API{Name: "iam", Protocol: Query, Namespace: "https://iam.amazonaws.com/doc/2010-05-08/"},
		iam.NewFromConfig(nowhere(stopAfterValidation)))
})

// SNSAPI is Amazon SNS: Query.
var SNSAPI = sync.OnceValue(func() *API {
	return reflected(&API{Name: "sns", Protocol: Query, Namespace: "http://sns.amazonaws.com/doc/2010-03-31/"},
		sns.NewFromConfig(nowhere(stopAfterValidation)))
})

// STSAPI is AWS Security Token Service: Query.
var STSAPI = sync.OnceValue(func() *API {
	return reflected(&API{Name: "sts", Protocol: Query, Namespace: "https://sts.amazonaws.com/doc/2011-06-15/"},
		sts.NewFromConfig(nowhere(stopAfterValidation)))
})

// S3API is Amazon S3: REST-XML, with a front of its own.
var S3API = sync.OnceValue(func() *API {
	return &API{Name: "s3", Protocol: RESTXML, Namespace: "http://s3.amazonaws.com/doc/2006-03-01/"}
})
