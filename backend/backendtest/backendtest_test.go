package backendtest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/backendtest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// function creates a function that mail may call, as a module would.
func function(t *testing.T, b *backendtest.Backend) {
	t.Helper()
	cfg := aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "us-east-1", BaseEndpoint: aws.String(b.Endpoint), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	role, err := iam.NewFromConfig(cfg).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trust)})
	if err != nil {
		t.Fatal(err)
	}
	client := lambda.NewFromConfig(cfg)
	empty := "PK\x05\x06" + strings.Repeat("\x00", 18)
	if _, err := client.CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: aws.String("inbox"), Role: role.Role.Arn,
		Runtime: types.RuntimePython312, Handler: aws.String("main.handler"), Code: &types.FunctionCode{ZipFile: []byte(empty)}}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: aws.String("inbox"), StatementId: aws.String("mail"),
		Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("ses.amazonaws.com")}); err != nil {
		t.Fatal(err)
	}
}

var inbox = control.DeliveriesQuery{Function: "inbox"}

func mail(service string) control.Event {
	return control.Event{Service: service, FunctionName: "inbox", Event: json.RawMessage(`{"Records":[]}`)}
}

func TestATestSeesWhatWasDeliveredAndWhatWasDenied(t *testing.T) {
	b := backendtest.Start(t)
	function(t, b)
	b.Script(t, "inbox", control.ScriptedOutcome{ErrorType: "Oops", ErrorMessage: "no"}, control.ScriptedOutcome{})
	b.Publish(t, mail("ses"))
	b.Advance(t, time.Minute)
	if got := b.Delivered(t, inbox, 1); len(got) == 1 && got[0].Attempts != 2 {
		t.Errorf("%d attempts, want 2", got[0].Attempts)
	}
	b.Publish(t, mail("iot"))
	b.Denied(t, control.DeliveriesQuery{Function: "inbox", Source: "iot"}, 1)
}

// recorder is a test that records its failure instead of failing.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Errorf(format string, args ...any) { r.said += fmt.Sprintf(format, args...) }

func TestAFailedAssertionShowsTheTrace(t *testing.T) {
	b := backendtest.Start(t)
	function(t, b)
	b.Publish(t, mail("iot"))
	r := &recorder{TB: t}
	b.Delivered(r, inbox, 1)
	if !strings.Contains(r.said, "0 of 1 deliveries were delivered, want 1 of 1") || !strings.Contains(r.said, "ses.amazonaws.com") {
		t.Errorf("the assertion says:\n%s", r.said)
	}
}
