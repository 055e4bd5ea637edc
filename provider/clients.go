package provider

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// Clients are the clients of one provider configuration. All of them speak to the one endpoint.
type Clients struct {
	Endpoint    string
	Region      string // of resources that do not say theirs
	DefaultTags map[string]string
	TagsUnknown bool // whether a default tag is not known yet
	IgnoreTags  IgnoredTags
	Control     *control.Client
	Patience    time.Duration // for which a call is tried again whose needs may be made at the same time

	config aws.Config

	identity sync.Mutex
	account  string

	locks    sync.Mutex             // guards policies
	policies map[string]*sync.Mutex // by the function's name: one change of a function's policy at a time
}

// IgnoredTags are tags that are left as they are, whoever set them: they are in no resource's state.
type IgnoredTags struct{ Keys, Prefixes []string }

// ignores reports whether a tag is one of them, or one of AWS's own.
func (t IgnoredTags) ignores(key string) bool {
	return strings.HasPrefix(key, "aws:") || slices.Contains(t.Keys, key) ||
		slices.ContainsFunc(t.Prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// newClients builds the SDK's configuration by hand, so that nothing of the user's machine gets into it.
func newClients(endpoint, region string, keys aws.Credentials) *Clients {
	return &Clients{
		Endpoint: endpoint, Region: region, Control: control.New(endpoint), Patience: ownPatience, policies: map[string]*sync.Mutex{},
		config: aws.Config{
			Region:                     region,
			BaseEndpoint:               aws.String(endpoint),
			Credentials:                credentials.StaticCredentialsProvider{Value: keys},
			HTTPClient:                 httpClient(),
			RetryMaxAttempts:           3,
			RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
			ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		},
	}
}

// httpClient waits longer than the longest invocation lasts.
func httpClient() *http.Client {
	c := sdkhttp.Client(nil)
	c.Timeout = 16 * time.Minute
	return c
}

// in is the configuration for a region; "" is the provider's.
func (c *Clients) in(region string) aws.Config {
	cfg := c.config.Copy()
	if region != "" {
		cfg.Region = region
	}
	return cfg
}

// Lambda is a client of Lambda in a region; "" is the provider's. So are the others.
func (c *Clients) Lambda(region string) *lambda.Client { return lambda.NewFromConfig(c.in(region)) }

// Cognito is a client of Cognito user pools in a region.
func (c *Clients) Cognito(region string) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.NewFromConfig(c.in(region))
}

// Logs is a client of CloudWatch Logs in a region.
func (c *Clients) Logs(region string) *cloudwatchlogs.Client {
	return cloudwatchlogs.NewFromConfig(c.in(region))
}

// HTTPAPIs is a client of API Gateway's second version in a region.
func (c *Clients) HTTPAPIs(region string) *apigatewayv2.Client {
	return apigatewayv2.NewFromConfig(c.in(region))
}

// EventBridge returns an EventBridge client for a region, or for the provider's when region is "".
func (c *Clients) EventBridge(region string) *eventbridge.Client {
	return eventbridge.NewFromConfig(c.in(region))
}

// IAM is a client of IAM.
func (c *Clients) IAM() *iam.Client { return iam.NewFromConfig(c.in("")) }

// STS is a client of STS.
func (c *Clients) STS() *sts.Client { return sts.NewFromConfig(c.in("")) }

// Kinesis is a client of Kinesis in a region.
func (c *Clients) Kinesis(region string) *kinesis.Client { return kinesis.NewFromConfig(c.in(region)) }

// SNS is a client of SNS in a region.
func (c *Clients) SNS(region string) *sns.Client { return sns.NewFromConfig(c.in(region)) }

// SQS is a client of SQS in a region.
func (c *Clients) SQS(region string) *sqs.Client { return sqs.NewFromConfig(c.in(region)) }

// DynamoDB is a client of DynamoDB in a region.
func (c *Clients) DynamoDB(region string) *dynamodb.Client {
	return dynamodb.NewFromConfig(c.in(region))
}

// S3 is a client of S3 in a region.
func (c *Clients) S3(region string) *s3.Client {
	return s3.NewFromConfig(c.in(region), func(o *s3.Options) { o.UsePathStyle = true })
}

// Account is the caller's account. It is asked for once.
func (c *Clients) Account(ctx context.Context) (string, error) {
	c.identity.Lock()
	defer c.identity.Unlock()
	if c.account == "" {
		out, err := c.STS().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", err
		}
		c.account = aws.ToString(out.Account)
	}
	return c.account, nil
}

// lockPolicy keeps others from changing the policy of a function until the returned function is called: AddPermission
// reads, changes and writes the whole policy.
func (c *Clients) lockPolicy(function string) (unlock func()) {
	if m := functionNameForm.FindStringSubmatch(function); m != nil {
		function = m[5] // the same for a name and an ARN
	}
	c.locks.Lock()
	mu := c.policies[function]
	if mu == nil {
		mu = &sync.Mutex{}
		c.policies[function] = mu
	}
	c.locks.Unlock()
	mu.Lock()
	return mu.Unlock
}
