package lambda_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// page is what a function URL answered.
type page struct {
	status int
	header http.Header
	body   string
}

func fetch(t *testing.T, method, url, body string, edit func(*http.Request)) page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{res.StatusCode, res.Header, string(text)}
}

// signed signs a request with an access key.
func signed(t *testing.T, body, key, secret string) func(*http.Request) {
	return func(r *http.Request) {
		sum := sha256.Sum256([]byte(body))
		err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, r, hex.EncodeToString(sum[:]), "lambda", "us-east-1", time.Now())
		if err != nil {
			t.Fatal(err)
		}
	}
}

// public gives everybody what a function URL without authorization needs since October 2025: both statements.
func (b *bundle) public(t *testing.T) {
	t.Helper()
	for sid, in := range map[string]*lambda.AddPermissionInput{
		"url":    {Action: aws.String("lambda:InvokeFunctionUrl"), FunctionUrlAuthType: types.FunctionUrlAuthTypeNone},
		"invoke": {Action: aws.String("lambda:InvokeFunction"), InvokedViaFunctionUrl: aws.Bool(true)},
	} {
		in.FunctionName, in.StatementId, in.Principal = aws.String("f"), &sid, aws.String("*")
		if _, err := b.AddPermission(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bundle) functionURL(t *testing.T, in lambda.CreateFunctionUrlConfigInput) string {
	t.Helper()
	in.FunctionName = aws.String("f")
	out, err := b.CreateFunctionUrlConfig(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	return *out.FunctionUrl
}

const forbidden = `{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}`

// The Lambda guide, access control of function URLs: without authorization the function's policy still decides, and both actions
// must be allowed.
func TestAFunctionURLIsOpenOnlyWithBothPermissions(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.script(t, "f", control.ScriptedOutcome{Payload: json.RawMessage(`{"hello":"world"}`)})
	url := b.functionURL(t, lambda.CreateFunctionUrlConfigInput{AuthType: types.FunctionUrlAuthTypeNone})
	refusedNow := func(when string) {
		t.Helper()
		if got := fetch(t, "GET", url, "", nil); got.status != 403 || strings.TrimSpace(got.body) != forbidden || got.header.Get("X-Amzn-Errortype") != "AccessDeniedException" {
			t.Errorf("%s: %+v", when, got)
		}
	}
	refusedNow("without a permission")
	b.public(t)
	if got := fetch(t, "GET", url, "", nil); got.status != 200 || got.body != `{"hello":"world"}` || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("with both: %+v", got)
	}
	if _, err := b.RemovePermission(t.Context(), &lambda.RemovePermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("invoke")}); err != nil {
		t.Fatal(err)
	}
	refusedNow("with one")
	list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{Source: "lambda-url"})
	if err != nil || len(list) != 3 || list[0].Outcome != "denied" || list[1].Outcome != "delivered" || list[2].Outcome != "denied" {
		t.Errorf("deliveries: %+v, %v", list, err)
	}
}

// The Lambda guide, payload format 2.0.
func TestAFunctionURLMakesAnEvent(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.script(t, "f", control.ScriptedOutcome{Echo: true})
	b.public(t)
	url := b.functionURL(t, lambda.CreateFunctionUrlConfigInput{AuthType: types.FunctionUrlAuthTypeNone})
	event := func(contentType, body string) map[string]any {
		got := fetch(t, "POST", url+"a%20b/c?x=1&y=2&x=3", body, func(r *http.Request) {
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("X-Custom", "One")
			r.Header.Set("Cookie", "a=1; b=2")
			r.Header.Set("User-Agent", "tester")
		})
		var e map[string]any
		if err := json.Unmarshal([]byte(got.body), &e); err != nil || got.status != 200 {
			t.Fatalf("%+v", got)
		}
		return e
	}
	e := event("application/json", `{"n":1}`)
	headers, _ := e["headers"].(map[string]any)
	about, _ := e["requestContext"].(map[string]any)
	request, _ := about["http"].(map[string]any)
	for what, pair := range map[string][2]any{
		"version": {e["version"], "2.0"}, "routeKey": {e["routeKey"], "$default"}, "rawPath": {e["rawPath"], "/a b/c"}, "rawQueryString": {e["rawQueryString"], "x=1&y=2&x=3"},
		"query": {e["queryStringParameters"], map[string]any{"x": "1,3", "y": "2"}}, "cookies": {e["cookies"], []any{"a=1", "b=2"}}, "header": {headers["x-custom"], "One"},
		"body": {e["body"], `{"n":1}`}, "text": {e["isBase64Encoded"], false}, "method": {request["method"], "POST"}, "ip": {request["sourceIp"], "127.0.0.1"},
		"agent": {request["userAgent"], "tester"}, "account": {about["accountId"], "anonymous"}, "stage": {about["stage"], "$default"}, "cookie header": {headers["cookie"], nil},
		"domain": {about["domainName"], strings.Split(strings.TrimSuffix(url, "/"), "/_url/")[1] + ".lambda-url.us-east-1.on.aws"},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	if e := event("image/png", "\x00\x01"); e["body"] != "AAE=" || e["isBase64Encoded"] != true {
		t.Errorf("bytes: %v %v", e["body"], e["isBase64Encoded"])
	}
}

// Recorded from AWS (test_lambda function url): what a function's answer means as a response.
func TestAFunctionURLAnswersAsTheFunctionSays(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.public(t)
	url := b.functionURL(t, lambda.CreateFunctionUrlConfigInput{AuthType: types.FunctionUrlAuthTypeNone})
	for payload, want := range map[string]page{
		`"plain"`: {200, http.Header{"Content-Type": {"application/json"}}, "plain"},
		`[1,2]`:   {200, http.Header{"Content-Type": {"application/json"}}, "[1,2]"},
		`{"statusCode":418,"body":"tea","headers":{"Content-Type":"text/plain","X-N":7},"cookies":["a=1","b=2"]}`: {418,
			http.Header{"Content-Type": {"text/plain"}, "X-N": {"7"}, "Set-Cookie": {"a=1", "b=2"}}, "tea"},
		`{"statusCode":"201"}`: {201, http.Header{"Content-Type": {"application/json"}}, ""},
		`{"statusCode":200,"isBase64Encoded":true,"body":"AAE="}`: {200, nil, "\x00\x01"},
		`{"statusCode":"no"}`: {502, nil, "{\"Message\":\"Internal Server Error\"}\n"},
	} {
		b.script(t, "f", control.ScriptedOutcome{Payload: json.RawMessage(payload)})
		got := fetch(t, "GET", url, "", nil)
		if got.status != want.status || got.body != want.body {
			t.Errorf("%s: %+v", payload, got)
		}
		for name, values := range want.header {
			if diff := cmp.Diff(values, got.header.Values(name)); diff != "" {
				t.Errorf("%s: %s: %s", payload, name, diff)
			}
		}
	}
	b.script(t, "f", control.ScriptedOutcome{ErrorType: "Boom"})
	if got := fetch(t, "GET", url, "", nil); got.status != 502 {
		t.Errorf("a function that fails: %+v", got)
	}
}

// The Lambda guide: AWS_IAM asks for a signature, and within an account either side's policy may allow.
func TestAFunctionURLWithIAMAsksForASignature(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.script(t, "f", control.ScriptedOutcome{Echo: true})
	url := b.functionURL(t, lambda.CreateFunctionUrlConfigInput{AuthType: types.FunctionUrlAuthTypeAwsIam})
	if got := fetch(t, "GET", url, "", nil); got.status != 403 || strings.TrimSpace(got.body) != forbidden {
		t.Errorf("unsigned: %+v", got)
	}
	got := fetch(t, "POST", url, "body", signed(t, "body", "test", "test"))
	if got.status != 200 || !bytes.Contains([]byte(got.body), []byte(`"userArn":"arn:aws:iam::000000000000:root"`)) || !strings.Contains(got.body, `"accountId":"000000000000"`) {
		t.Errorf("the root user: %+v", got)
	}
	if got := fetch(t, "POST", url, "other", signed(t, "body", "test", "test")); got.status != 403 {
		t.Errorf("another body than was signed: %+v", got)
	}
	user := aws.String("u")
	if _, err := b.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: user}); err != nil {
		t.Fatal(err)
	}
	key, err := b.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: user})
	if err != nil {
		t.Fatal(err)
	}
	as := signed(t, "", *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey)
	if got := fetch(t, "GET", url, "", as); got.status != 403 {
		t.Errorf("a user without policies: %+v", got)
	}
	if _, err := b.iam.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: user, PolicyName: aws.String("p"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:InvokeFunctionUrl","Resource":"*","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"AWS_IAM"}}},
		{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*","Condition":{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}}]}`)}); err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, "GET", url, "", as); got.status != 200 {
		t.Errorf("a user who may: %+v", got)
	}
	if _, err := b.Invoke(t.Context(), call("f")); err != nil {
		t.Error("root may still call Invoke:", err)
	}
}

func TestAFunctionURLAnswersBrowsers(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.script(t, "f", control.ScriptedOutcome{Payload: json.RawMessage(`{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"https://mine"}}`)})
	b.public(t)
	url := b.functionURL(t, lambda.CreateFunctionUrlConfigInput{AuthType: types.FunctionUrlAuthTypeNone, Cors: &types.Cors{AllowOrigins: []string{"https://a.example"},
		AllowMethods: []string{"GET"}, AllowHeaders: []string{"x-one"}, ExposeHeaders: []string{"x-two"}, MaxAge: aws.Int32(60), AllowCredentials: aws.Bool(true)}})
	ask := func(origin string) page {
		return fetch(t, "OPTIONS", url, "", func(r *http.Request) {
			r.Header.Set("Origin", origin)
			r.Header.Set("Access-Control-Request-Method", "GET")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		})
	}
	h := ask("https://a.example").header
	if h.Get("Access-Control-Allow-Origin") != "https://a.example" || h.Get("Access-Control-Allow-Methods") != "GET" || h.Get("Access-Control-Allow-Headers") != "x-one" ||
		h.Get("Access-Control-Max-Age") != "60" || h.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("preflight: %v", h)
	}
	if h := ask("https://b.example").header; h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin: %v", h)
	}
	got := fetch(t, "GET", url, "", func(r *http.Request) { r.Header.Set("Origin", "https://a.example") })
	if got.status != 200 || got.header.Get("Access-Control-Allow-Origin") != "https://a.example" || got.header.Get("Access-Control-Expose-Headers") != "x-two" {
		t.Errorf("the URL's settings, not the function's: %+v", got)
	}
}

// Recorded from AWS in 2025-11 (test_url_config_exceptions).
func TestFunctionURLsAreRefusedAsRecorded(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.functionURL(t, lambda.CreateFunctionUrlConfigInput{AuthType: types.FunctionUrlAuthTypeNone})
	create := func(name string, qualifier *string, mode types.InvokeMode) error {
		_, err := b.CreateFunctionUrlConfig(t.Context(), &lambda.CreateFunctionUrlConfigInput{FunctionName: &name, Qualifier: qualifier, InvokeMode: mode, AuthType: types.FunctionUrlAuthTypeNone})
		return err
	}
	_, get := b.GetFunctionUrlConfig(t.Context(), &lambda.GetFunctionUrlConfigInput{FunctionName: aws.String("none")})
	_, list := b.ListFunctionUrlConfigs(t.Context(), &lambda.ListFunctionUrlConfigsInput{FunctionName: aws.String("none")})
	const pattern = `' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)`
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"again": {create("f", nil, ""), "ResourceConflictException: Failed to create function url config for [functionArn = " + prefix +
			"f]. Error message:  FunctionUrlConfig exists for this Lambda function"},
		"no function":         {create("none", nil, ""), "ResourceNotFoundException: Function does not exist"},
		"no function to get":  {get, "ResourceNotFoundException: The resource you requested does not exist."},
		"no function to list": {list, "ResourceNotFoundException: Function does not exist"},
		"$LATEST":             {create("f", aws.String("$LATEST"), ""), "ValidationException: 1 validation error detected: Value '$LATEST" + pattern},
		"a version":           {create("f", aws.String("1"), ""), "ValidationException: 1 validation error detected: Value '1" + pattern},
		"mode": {create("f", nil, "UNKNOWN"), "ValidationException: 1 validation error detected: Value 'UNKNOWN' at 'invokeMode' failed to satisfy constraint: " +
			"Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]"},
	} {
		if diff := cmp.Diff(c.want, said(c.err)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	if _, err := b.DeleteFunctionUrlConfig(t.Context(), &lambda.DeleteFunctionUrlConfigInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	_, err := b.GetFunctionUrlConfig(t.Context(), &lambda.GetFunctionUrlConfigInput{FunctionName: aws.String("f")})
	if said(err) != "ResourceNotFoundException: The resource you requested does not exist." {
		t.Errorf("after it was deleted: %v", err)
	}
}
