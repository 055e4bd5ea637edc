package lambda_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

func itoa(n int) string { return strconv.Itoa(n) }

func call(name string, change ...func(*lambda.InvokeInput)) *lambda.InvokeInput {
	in := &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`{"n":1}`)}
	for _, c := range change {
		c(in)
	}
	return in
}

func event(in *lambda.InvokeInput) { in.InvocationType = types.InvocationTypeEvent }

// Answers as recorded from AWS in 2025-11 (test_invocation_type_*).
func TestInvokeAnswers(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.script(t, "f", control.ScriptedOutcome{Echo: true, Log: []string{strings.Repeat("x", 5000), "last"}})
	invoke := func(change ...func(*lambda.InvokeInput)) *lambda.InvokeOutput {
		t.Helper()
		out, err := b.Invoke(t.Context(), call("f", change...))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := invoke(); out.StatusCode != 200 || string(out.Payload) != `{"n":1}` || aws.ToString(out.ExecutedVersion) != "$LATEST" || out.FunctionError != nil || out.LogResult != nil {
		t.Errorf("RequestResponse: %+v %s", out, out.Payload)
	}
	if out := invoke(event); out.StatusCode != 202 || len(out.Payload) != 0 || out.ExecutedVersion != nil {
		t.Errorf("Event: %+v", out)
	}
	if out := invoke(func(in *lambda.InvokeInput) { in.InvocationType = types.InvocationTypeDryRun }); out.StatusCode != 204 || out.ExecutedVersion != nil {
		t.Errorf("DryRun: %+v", out)
	}
	if out := invoke(func(in *lambda.InvokeInput) { in.Payload = nil }); string(out.Payload) != "{}" {
		t.Errorf("an event of nothing: %s", out.Payload)
	}
	out := invoke(func(in *lambda.InvokeInput) { in.LogType = types.LogTypeTail })
	log, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if err != nil || len(log) != 4096 || !strings.Contains(string(log), "last\nEND RequestId: ") || !strings.HasSuffix(string(log), "\t\n") {
		t.Errorf("Tail: %d bytes, %v: %.200s", len(log), err, log)
	}
	b.script(t, "f", control.ScriptedOutcome{ErrorType: "Boom", ErrorMessage: "went wrong"})
	if out := invoke(); out.StatusCode != 200 || aws.ToString(out.FunctionError) != "Unhandled" || aws.ToString(out.ExecutedVersion) != "$LATEST" ||
		string(out.Payload) != `{"errorMessage":"went wrong","errorType":"Boom"}` {
		t.Errorf("a function that fails: %+v %s", out, out.Payload)
	}
	if out := invoke(event); out.StatusCode != 202 || out.FunctionError != nil {
		t.Errorf("an event of a function that fails: %+v", out)
	}
}

// Messages as recorded from AWS in 2025-11 (test_invoke_exceptions, test_invalid_invoke), or quoted.
func TestInvokeRefuses(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.script(t, "f", control.ScriptedOutcome{})
	const notFound = "ResourceNotFoundException"
	const pattern = `Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`
	large := func(n int) func(*lambda.InvokeInput) {
		return func(in *lambda.InvokeInput) { in.Payload = []byte(`"` + strings.Repeat("x", n-2) + `"`) }
	}
	qualifier := func(q string) func(*lambda.InvokeInput) {
		return func(in *lambda.InvokeInput) { in.Qualifier = &q }
	}
	for name, c := range map[string]struct {
		in            *lambda.InvokeInput
		status        int
		code, message string
	}{
		"a function that does not exist":             {call("doesnotexist"), 404, notFound, "Function not found: " + prefix + "doesnotexist:$LATEST"},
		"an event for one":                           {call("doesnotexist", event), 404, notFound, "Function not found: " + prefix + "doesnotexist:$LATEST"},
		"a version that does not exist":              {call("f", qualifier("1221")), 404, notFound, "Function not found: " + prefix + "f:1221"},
		"$latest":                                    {call("f", qualifier("$latest")), 404, notFound, "Function not found: " + prefix + "f:$latest"},
		"another region":                             {call("arn:aws:lambda:eu-west-1:000000000000:function:f"), 404, notFound, "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"},
		"a name out of pattern":                      {call("*"), 400, "ValidationException", "1 validation error detected: Value '*' at 'functionName' failed to satisfy constraint: " + pattern},
		"two qualifiers, before the function's lack": {call("nobody:1", qualifier("2")), 400, "InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier."},
		"a synchronous payload over the limit":       {call("f", large(6291457)), 413, "RequestEntityTooLargeException", "Request must be smaller than 6291456 bytes for the InvokeFunction operation"},
		"an asynchronous payload over the limit":     {call("f", event, large(1048577)), 413, "RequestEntityTooLargeException", "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"},
		"an unknown invocation type": {call("f", func(in *lambda.InvokeInput) { in.InvocationType = "Later" }), 400, "ValidationException",
			"1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"},
		"what is not simulated, by name": {call("f", func(in *lambda.InvokeInput) { in.TenantId = aws.String("t") }), 400, "InvalidParameterValueException",
			"lambdasim does not simulate TenantId of lambda:Invoke yet"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Invoke(t.Context(), c.in)
			refused(t, err, c.status, c.code, c.message)
		})
	}
	for name, in := range map[string]*lambda.InvokeInput{"a body": call("f"), "an event": call("f", event)} {
		t.Run(name+" that is not JSON", func(t *testing.T) {
			in.Payload = []byte("\x99")
			_, err := b.Invoke(t.Context(), in)
			if err == nil || !strings.Contains(err.Error(), "InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json: ") {
				t.Errorf("got %v", err)
			}
		})
	}
	for name, in := range map[string]*lambda.InvokeInput{"synchronous": call("f", large(6291456)), "asynchronous": call("f", event, large(1048576))} {
		t.Run("a "+name+" payload of exactly the limit passes", func(t *testing.T) {
			if _, err := b.Invoke(t.Context(), in); err != nil {
				t.Error(err)
			}
		})
	}
}

// Quoted from AWS: the log is for callers of the function's own account.
func TestAnotherAccount(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.script(t, "f", control.ScriptedOutcome{})
	other := b.as("111111111111")
	tail := func(in *lambda.InvokeInput) { in.LogType = types.LogTypeTail }
	_, err := other.Invoke(t.Context(), call(prefix+"f"))
	refused(t, err, 403, "AccessDeniedException", "User: arn:aws:iam::111111111111:root is not authorized to perform: lambda:InvokeFunction on resource: "+prefix+
		"f because no resource-based policy allows the lambda:InvokeFunction action")
	in := permission("other")
	in.Principal = aws.String("111111111111")
	if _, err := b.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Invoke(t.Context(), call(prefix+"f")); err != nil {
		t.Error(err)
	}
	_, err = other.Invoke(t.Context(), call(prefix+"f", tail))
	refused(t, err, 403, "AccessDeniedException", "Cross-account log access is not allowed")
}

// Lambda quotas: 1,000 concurrent executions in an account and region; an event is accepted all the same.
func TestTheAccountsConcurrencyHolds(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.script(t, "f", control.ScriptedOutcome{Duration: "2s"})
	for range 1000 {
		if _, err := b.Invoke(t.Context(), call("f")); err != nil {
			t.Fatal(err)
		}
	}
	_, err := b.Invoke(t.Context(), call("f"))
	refused(t, err, 429, "TooManyRequestsException", "Rate Exceeded.")
	if e, ok := asType[*types.TooManyRequestsException](err); !ok || e.Reason != types.ThrottleReasonConcurrentInvocationLimitExceeded || aws.ToString(e.RetryAfterSeconds) == "" || aws.ToString(e.Type) != "User" {
		t.Errorf("got %+v", e)
	}
	if out, err := b.Invoke(t.Context(), call("f", event)); err != nil || out.StatusCode != 202 {
		t.Errorf("an event: %v %v", out, err)
	}
	if _, err := b.control.AdvanceBy(t.Context(), 3*time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Invoke(t.Context(), call("f")); err != nil {
		t.Errorf("after they have ended: %v", err)
	}
}

// A caller that goes away does not end what it has called.
func TestAnInvocationOutlivesItsCaller(t *testing.T) {
	b := setup(t)
	ctx, leave := context.WithCancel(t.Context())
	answer := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		leave()
		<-answer
	}))
	defer server.Close()
	in := input(t, "f")
	in.Timeout = aws.Int32(60)
	in.Environment = &types.Environment{Variables: map[string]string{"URL": server.URL}}
	in.Code.ZipFile = archive(t, "main.py", "import os, urllib.request\ndef handler(e, c):\n    urllib.request.urlopen(os.environ['URL']).read()\n")
	if _, err := b.CreateFunction(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Invoke(ctx, call("f")); err == nil {
		t.Fatal("the caller did not go away")
	}
	close(answer)
	if _, err := b.control.Drain(t.Context(), 30*time.Second); err != nil {
		t.Fatal(err)
	}
	list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{Function: "f"})
	if err != nil || len(list) != 1 || list[0].Outcome != "delivered" {
		t.Errorf("got %+v %v", list, err)
	}
}

// A role that Lambda may no longer assume gives a new environment no credentials.
func TestTheRoleIsAskedWhenAnEnvironmentStarts(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	if err := b.trust(t, "exec", trust); err != nil {
		t.Fatal(err)
	}
	_, err := b.Invoke(t.Context(), call("f"))
	refused(t, err, 403, "AccessDeniedException", "The role defined for the function cannot be assumed by Lambda.")
}
