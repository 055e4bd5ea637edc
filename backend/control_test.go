package backend_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

// status fails the test unless err is the control API's refusal with the status and every word.
func status(t *testing.T, err error, want int, words ...string) {
	t.Helper()
	e, ok := errors.AsType[*control.Error](err)
	if !ok || e.Status != want {
		t.Fatalf("want status %d, got %v", want, err)
	}
	for _, w := range words {
		if !strings.Contains(e.Message, w) {
			t.Errorf("the message lacks %q: %s", w, e.Message)
		}
	}
}

// ask sends a request as it is.
func (b *bundle) ask(t *testing.T, method, path, body string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.b.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if req.Header.Set(headers[i], headers[i+1]); headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestControlRefusals(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", "def handler(e, c): pass")
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "nothing", "", 404, "the control API has no GET nothing"},
		{"POST", "health", "", 404, "the control API has no POST health"},
		{"GET", "deliveries?outcome=lost", "", 400, "want one of"},
		{"GET", "deliveries?colour=red", "", 400, "there is no parameter"},
		{"GET", "deliveries?limit=10001", "", 400, "at most 10000"},
		{"POST", "clock/advance", `{}`, 400, "give either"},
		{"POST", "clock/advance", `{"by":"-1s"}`, 400, "not negative"},
		{"POST", "clock/advance", `{"by":"1s"} more`, 400, "the body"},
		{"POST", "clock/advance", `{"for":"1s"}`, 400, `unknown field "for"; it has by, to`},
		{"POST", "events", `{"function":"f"}`, 400, "it has service, source_arn, source_account, function_name, event"},
		{"PUT", "functions/f/script", `{"outcomes":[{"fail":true}]}`, 400, "it has outcomes[].payload, outcomes[].error_type"},
		{"POST", "drain", `{"timeout":"soon"}`, 400, "positive duration"},
		{"POST", "reset", `{"account":"12"}`, 400, "twelve digits"},
		{"POST", "events", `{"service":"s3","function_name":"f","event":{}}`, 400, "has its own API"},
		{"POST", "events", `{"service":"nothing","function_name":"f","event":{}}`, 400, "want one of"},
		{"POST", "events", `{"service":"ses","function_name":"f"}`, 400, "is missing"},
		{"POST", "events", `{"service":"ses","function_name":"f","event":{},"source_account":"1"}`, 400, "twelve digits"},
		{"POST", "events", `{"service":"ses","function_name":"f","event":{},"source_arn":"nothing"}`, 400, "is not an ARN"},
		{"GET", "functions/none/script", "", 404, "none"},
		{"GET", "functions/..%2f..%2fetc/code", "", 400, "is not a function's name or ARN"},
	} {
		got, body := b.ask(t, c.method, control.Prefix+c.path, c.body)
		var answer struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil || got != c.status || !strings.Contains(answer.Error.Message, c.says) || answer.Error.Code == "" {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, got, body)
		}
	}
}

func TestControlTheRealClockDoesNotMove(t *testing.T) {
	b := setupOn(t, backend.Config{DatabaseURL: pgtest.URL(t)})
	_, err := b.control.AdvanceBy(t.Context(), time.Hour)
	status(t, err, http.StatusConflict, "--clock virtual")
}

func TestControlDrainSaysWhatIsAtWork(t *testing.T) {
	b := setupOn(t, backend.Config{DatabaseURL: pgtest.URL(t)})
	b.role(t, "r", "")
	b.function(t, "slow", "r", "import time\ndef handler(e, c): time.sleep(2)")
	if _, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("slow"), InvocationType: "Event"}); err != nil {
		t.Fatal(err)
	}
	_, err := b.control.Drain(t.Context(), 50*time.Millisecond)
	status(t, err, http.StatusRequestTimeout, "still something at work", "slow")
	b.drain(t)
}

// Against web pages: an unlisted Host, an Origin of elsewhere, a cross-site request, for the control API and AWS's alike.
func TestControlWebPagesAreKeptOut(t *testing.T) {
	b := setup(t)
	for _, path := range []string{control.Prefix + "health", "/"} {
		for _, h := range [][]string{{"Host", "evil.example:4566"}, {"Host", "127.0.0.1.nip.io"}, {"Host", "localhost.evil.example"}, {"Host", "0.0.0.0:4566"},
			{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "http://localhost.evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
			if got, body := b.ask(t, "GET", path, "", h...); got != http.StatusForbidden || !strings.Contains(body, "Forbidden") {
				t.Errorf("%s with %v: %d %s", path, h, got, body)
			}
		}
	}
	for _, h := range [][]string{{"Host", "localhost:4566"}, {"Host", "[::1]:4566"}, {"Origin", "http://localhost:3000"}, {"Sec-Fetch-Site", "same-origin"}} {
		if got, body := b.ask(t, "GET", control.Prefix+"health", "", h...); got != http.StatusOK {
			t.Errorf("%v: %d %s", h, got, body)
		}
	}
}

// Beyond loopback the machine's own addresses and the names that were allowed are this backend's; others are not, and the
// control API wants its token.
func TestControlBeyondLoopback(t *testing.T) {
	cfg := backend.Config{Listen: "0.0.0.0:0", DatabaseURL: pgtest.URL(t)}
	if _, err := backend.New(cfg); err == nil || !strings.Contains(err.Error(), "LAMBDASIM_CONTROL_TOKEN") {
		t.Errorf("without a token: %v", err)
	}
	cfg.Token, cfg.Hosts, cfg.Clock = "secret", []string{"Simulator"}, "virtual"
	b := setupAt(t, cfg)
	token := []string{"Authorization", "Bearer secret"}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range append([]string{"simulator:4566", "bucket.s3.simulator"}, hostsOf(addresses)...) {
		if got, body := b.ask(t, "GET", control.Prefix+"health", "", append(token, "Host", host)...); got != http.StatusOK {
			t.Errorf("host %s: %d %s", host, got, body)
		}
	}
	if got, _ := b.ask(t, "GET", control.Prefix+"health", "", append(token, "Host", "evil.example")...); got != http.StatusForbidden {
		t.Errorf("another host: %d", got)
	}
	for _, given := range []string{"", "Bearer ", "Bearer wrong", "secret2"} {
		if got, _ := b.ask(t, "GET", control.Prefix+"health", "", "Authorization", given); got != http.StatusUnauthorized {
			t.Errorf("token %q: %d", given, got)
		}
	}
}

func hostsOf(addresses []net.Addr) (list []string) {
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil {
			list = append(list, n.IP.String()+":4566")
		}
	}
	return list
}

// What a source may do hangs on its ARN and its account, both to the letter.
func TestPushSourceAccountAndARN(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", "def handler(e, c): pass")
	if err := b.control.PutScript(t.Context(), "f", control.Script{Outcomes: []control.ScriptedOutcome{{}}}); err != nil {
		t.Fatal(err)
	}
	const rule = "arn:aws:ses:us-east-1:111111111111:receipt-rule-set/S:receipt-rule/R"
	_, err := b.lambda.AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("s"), Principal: aws.String("ses.amazonaws.com"),
		Action: aws.String("lambda:InvokeFunction"), SourceAccount: aws.String("111111111111"), SourceArn: aws.String("arn:aws:ses:us-east-1:111111111111:receipt-rule-set/S:*")})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		event   control.Event
		outcome string
	}{
		{"the source itself", control.Event{Service: "ses", SourceARN: rule, SourceAccount: "111111111111"}, "delivered"},
		{"another account", control.Event{Service: "ses", SourceARN: rule, SourceAccount: "222222222222"}, "denied"},
		{"no account: the default one's", control.Event{Service: "ses", SourceARN: rule}, "denied"},
		{"another case of the ARN", control.Event{Service: "ses", SourceARN: strings.Replace(rule, "/S:", "/s:", 1), SourceAccount: "111111111111"}, "denied"},
		{"another ARN", control.Event{Service: "ses", SourceARN: "arn:aws:ses:us-east-1:111111111111:receipt-rule-set/T:receipt-rule/R", SourceAccount: "111111111111"}, "denied"},
		{"no ARN", control.Event{Service: "ses", SourceAccount: "111111111111"}, "denied"},
		{"another service", control.Event{Service: "sns", SourceARN: rule, SourceAccount: "111111111111"}, "denied"},
	} {
		t.Run(c.name+": "+c.outcome, func(t *testing.T) {
			c.event.FunctionName, c.event.Event = "f", json.RawMessage(`{}`)
			out, err := b.control.Publish(t.Context(), c.event)
			if err != nil {
				t.Fatal(err)
			}
			b.drain(t)
			list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{After: out.Delivery.ID - 1, Limit: 1})
			if err != nil || len(list) != 1 || list[0].Outcome != c.outcome {
				t.Errorf("%+v %v", list, err)
			}
		})
	}
	b.everyEndIsSettled(t)
}

// A reset of one account leaves the others alone.
func TestControlReset(t *testing.T) {
	b := setup(t)
	other := b.as("111111111111")
	b.makeRole(t, "r", trustLambda)
	other.makeRole(t, "r", trustLambda)
	if err := b.control.Reset(t.Context(), "111111111111"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("r")}); err != nil {
		t.Error(err)
	}
	_, err := other.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("r")})
	refused(t, err, "NoSuchEntity")
}

// A script outlives the backend, and goes with its function.
func TestAScriptOutlivesARestart(t *testing.T) {
	cfg := backend.Config{Clock: "virtual", Seed: 1, DatabaseURL: pgtest.URL(t)}
	invoked := func(b *bundle) string {
		out, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"n":7}`)})
		if err != nil {
			t.Fatal(err)
		}
		return string(out.Payload)
	}
	script := control.Script{Outcomes: []control.ScriptedOutcome{{Echo: true}}, Cases: []control.ScriptCase{
		{Event: json.RawMessage(`{"n":7}`), Outcomes: []control.ScriptedOutcome{{Payload: json.RawMessage(`"seven"`)}}}}}
	t.Run("before", func(t *testing.T) {
		b := setupOn(t, cfg)
		b.role(t, "r", "")
		b.function(t, "f", "r", "def handler(event, context): return 'code'")
		if err := b.control.PutScript(t.Context(), "f", script); err != nil {
			t.Fatal(err)
		}
	})
	b := setupOn(t, cfg)
	if got := invoked(b); got != `"seven"` {
		t.Errorf("after the restart it answers %s", got)
	}
	if _, err := b.lambda.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	b.function(t, "f", "r", "def handler(event, context): return 'code'")
	if got := invoked(b); got != `"code"` {
		t.Errorf("after it was made again it answers %s", got)
	}
}
