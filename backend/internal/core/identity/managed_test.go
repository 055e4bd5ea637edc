package identity_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

const page = "../../../../docs/managed-policies.md"

var update = flag.Bool("update", false, "write docs/managed-policies.md")

// The policies that modules for functions attach are known, and each that is known can be evaluated.
func TestManagedPoliciesOfAWSAreWhole(t *testing.T) {
	known := map[string]*identity.Policy{}
	for _, p := range identity.AWSPolicies() {
		known[strings.TrimPrefix(p.ARN, "arn:aws:iam::aws:policy")] = p
		if _, err := policy.Parse([]byte(p.Document)); err != nil {
			t.Errorf("%s: %v", p.ARN, err)
		}
		if p.Version < 1 || p.Created.IsZero() || p.Updated.Before(p.Created) || p.Path+p.Name != strings.TrimPrefix(p.ARN, "arn:aws:iam::aws:policy") {
			t.Errorf("%+v", p)
		}
	}
	for _, name := range strings.Fields(`/service-role/AWSLambdaBasicExecutionRole /service-role/AWSLambdaKinesisExecutionRole /service-role/AWSLambdaDynamoDBExecutionRole
		/service-role/AWSLambdaSQSQueueExecutionRole /service-role/AWSLambdaVPCAccessExecutionRole /service-role/AWSLambdaMSKExecutionRole
		/service-role/AWSLambdaENIManagementAccess /service-role/AWSLambdaRole /AWSLambdaInvocation-DynamoDB /AWSLambda_FullAccess /AWSLambda_ReadOnlyAccess
		/AWSLambdaExecute /AWSXRayDaemonWriteAccess /AWSXrayWriteOnlyAccess /CloudWatchLambdaInsightsExecutionRolePolicy /CloudWatchLogsFullAccess
		/AmazonS3FullAccess /AmazonS3ReadOnlyAccess /AmazonSQSFullAccess /AmazonSQSReadOnlyAccess /AmazonSNSFullAccess /AmazonSNSReadOnlyAccess
		/AmazonDynamoDBFullAccess /AmazonDynamoDBFullAccess_v2 /AmazonDynamoDBReadOnlyAccess /AmazonKinesisFullAccess /AmazonKinesisReadOnlyAccess
		/AmazonEventBridgeFullAccess /AmazonSSMReadOnlyAccess /SecretsManagerReadWrite /AmazonAPIGatewayInvokeFullAccess
		/service-role/AmazonAPIGatewayPushToCloudWatchLogs /AmazonCognitoPowerUser /AWSStepFunctionsFullAccess /AdministratorAccess /PowerUserAccess
		/ReadOnlyAccess /IAMFullAccess /IAMReadOnlyAccess`) {
		if known[name] == nil {
			t.Errorf("%s is not known", name)
		}
	}
	// As the Lambda Developer Guide prints it (AWS managed policies for AWS Lambda, AWSLambdaKinesisExecutionRole).
	p := known["/service-role/AWSLambdaKinesisExecutionRole"]
	if want := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kinesis:DescribeStream","kinesis:DescribeStreamSummary","kinesis:GetRecords","kinesis:GetShardIterator","kinesis:ListShards","kinesis:ListStreams","kinesis:SubscribeToShard","logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}`; p.Document != want {
		t.Error(p.Document)
	}
}

// The page is what is known: `go test ./backend/internal/core/identity -run Page -update` writes it.
func TestManagedPoliciesOfAWSAreOnTheirPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Managed policies of AWS\n\nThose that the simulator knows, each with its true document and the version that was the default one in April 2026.\n" +
		"Another one is refused when it is attached, with AWS's `NoSuchEntity`, and named in the backend's log; it is never taken for an\n" +
		"empty policy. Of a policy's versions the default one alone is known.\n")
	for _, p := range identity.AWSPolicies() {
		if heading := "\n## `arn:aws:iam::aws:policy" + p.Path + "`\n\n"; !strings.Contains(b.String(), heading) {
			for _, q := range identity.AWSPolicies() {
				if q.Path == p.Path {
					b.WriteString(heading)
					fmt.Fprintf(&b, "- %s v%d\n", q.Name, q.Version)
					heading = ""
				}
			}
		}
	}
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != b.String() {
		t.Error("docs/managed-policies.md is not what is known; run with -update")
	}
}
