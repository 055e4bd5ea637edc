package backend_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// gatewayAnswers is a function that answers with its event.
const gatewayAnswers = "import json\n\ndef handler(event, context):\n    return {'statusCode': 200, 'body': json.dumps(event), 'headers': {'content-type': 'application/json'}}\n"

// gate makes an HTTP API with a stage $default that deploys by itself, in front of the function f, and a route for each key.
func (b *bundle) gate(t *testing.T, format string, keys ...string) *apigatewayv2.CreateApiOutput {
	t.Helper()
	ctx := t.Context()
	api, err := b.httpAPI.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("shop"), ProtocolType: apitypes.ProtocolTypeHttp, Tags: map[string]string{"team": "a"}})
	if err != nil {
		t.Fatal(err)
	}
	i, err := b.httpAPI.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{ApiId: api.ApiId, IntegrationType: apitypes.IntegrationTypeAwsProxy, PayloadFormatVersion: &format,
		IntegrationUri: aws.String("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + functionARN("${stageVariables.function}") + "/invocations")})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		in := &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, Target: aws.String("integrations/" + *i.IntegrationId)}
		auth, plainKey, signed := strings.Cut(key, "|")
		in.RouteKey = &auth
		if signed {
			in.RouteKey, in.AuthorizationType = &plainKey, apitypes.AuthorizationType(auth)
		}
		if _, err := b.httpAPI.CreateRoute(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.httpAPI.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true),
		StageVariables: map[string]string{"function": "f"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.lambda.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("api-" + *api.ApiId), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("apigateway.amazonaws.com"), SourceArn: aws.String(executionARN(*api.ApiId, "*"))}); err != nil {
		t.Fatal(err)
	}
	return api
}

type fetched struct {
	status int
	header http.Header
	body   string
}

func fetchURL(t *testing.T, method, url, body string, change func(*http.Request)) fetched {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	return send(t, r)
}

func send(t *testing.T, r *http.Request) fetched {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it is read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fetched{answer.StatusCode, answer.Header, string(text)}
}

// The developer guide, payload formats 1.0 and 2.0: the events are golden files, and aws-lambda-go reads them without loss.
func TestTheEventsOfHTTPAPIsAreAWSs(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", gatewayAnswers)
	for _, format := range []string{"1.0", "2.0"} {
		t.Run(format, func(t *testing.T) {
			api := b.gate(t, format, "POST /a/{name}/{rest+}")
			got := fetchURL(t, "POST", *api.ApiEndpoint+"/a/b%20c/d/e?x=1&y=2&x=3", `{"n":1}`, func(r *http.Request) {
				r.Header.Set("Content-Type", "application/json")
				r.Header["X-Custom"] = []string{"One", "Two"}
				r.Header.Set("Cookie", "a=1; b=2")
				r.Header.Set("User-Agent", "tester")
			})
			if got.status != 200 {
				t.Fatalf("%+v", got)
			}
			if format == "1.0" {
				goldenEvent[events.APIGatewayProxyRequest](t, "apigateway_http_1.0", got.body, "version", "requestContext.identity.principalOrgId")
				return
			}
			goldenEvent[events.APIGatewayV2HTTPRequest](t, "apigateway_http_2.0", got.body)
		})
	}
}

// goldenEvent compares an event with its golden file, and sees that aws-lambda-go's type keeps all of it but what is named.
func goldenEvent[E any](t *testing.T, name, text string, lost ...string) {
	t.Helper()
	var indented bytes.Buffer
	var before map[string]any
	if json.Unmarshal([]byte(text), &before) != nil {
		t.Fatal(text)
	}
	ordered, _ := json.Marshal(before)
	if err := json.Indent(&indented, ordered, "", "  "); err != nil {
		t.Fatal(err)
	}
	golden := "testdata/events/" + name + ".json"
	if *update {
		if err := os.WriteFile(golden, indented.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), indented.String()); diff != "" {
		t.Errorf("the event differs (-want +got):\n%s", diff)
	}
	var event E
	if err := json.Unmarshal(ordered, &event); err != nil {
		t.Fatal(err)
	}
	var after map[string]any
	again, _ := json.Marshal(event)
	if err := json.Unmarshal(again, &after); err != nil {
		t.Fatal(err)
	}
	for _, path := range missingFrom("", before, after) {
		if !strings.Contains(" "+strings.Join(lost, " ")+" ", " "+path+" ") {
			t.Errorf("aws-lambda-go loses %s", path)
		}
	}
}

// missingFrom lists the members of an event that another lacks or has otherwise. What is null, empty or false may be absent.
func missingFrom(at string, before, after map[string]any) (list []string) {
	for k, v := range before {
		path := strings.TrimPrefix(at+"."+k, ".")
		switch x := v.(type) {
		case map[string]any:
			y, _ := after[k].(map[string]any)
			list = append(list, missingFrom(path, x, y)...)
			continue
		case nil:
			if after[k] == nil || after[k] == "" {
				continue
			}
		case bool:
			if !x && after[k] == nil {
				continue
			}
		}
		if !cmp.Equal(v, after[k]) {
			list = append(list, path)
		}
	}
	return list
}

// The developer guide, route evaluation: the most specific path wins, then the own method before ANY, then $default.
func TestTheRouteOfARequestIsTheMostSpecificOne(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", "def handler(event, context):\n    return event['routeKey']\n")
	api := b.gate(t, "2.0", "GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "ANY /pets/dog/1", "$default")
	for request, want := range map[string]string{
		"GET /pets/dog/1":  "GET /pets/dog/1",
		"POST /pets/dog/1": "ANY /pets/dog/1",
		"GET /pets/dog/2":  "GET /pets/dog/{id}",
		"GET /pets/cat/1":  "GET /pets/{proxy+}",
		"POST /test/5":     "ANY /{proxy+}",
		"GET /":            "$default",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := fetchURL(t, method, *api.ApiEndpoint+path, "", nil); got.status != 200 || got.body != want {
			t.Errorf("%s: %d %s, want %s", request, got.status, got.body, want)
		}
	}
	byHost := fetchURL(t, "GET", b.b.URL()+"/pets/cat/1", "", func(r *http.Request) { r.Host = *api.ApiId + ".execute-api.us-east-1.amazonaws.com" })
	if byHost.status != 200 || byHost.body != "GET /pets/{proxy+}" {
		t.Errorf("by its host name: %+v", byHost)
	}
}

// A route with AWS_IAM asks for a signature, and for execute-api:Invoke on what is called.
func TestARouteWithAWSIAMAsksTheCallersPolicies(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", gatewayAnswers)
	api := b.gate(t, "2.0", "AWS_IAM|GET /own/{id}")
	url := *api.ApiEndpoint + "/own/7"
	if got := fetchURL(t, "GET", url, "", nil); got.status != 403 || strings.TrimSpace(got.body) != `{"message":"Forbidden"}` {
		t.Errorf("without a signature: %+v", got)
	}
	if got := send(t, signed(t, "GET", url, "execute-api", "test", "wrong")); got.status != 403 {
		t.Errorf("with a wrong one: %+v", got)
	}
	if got := send(t, signed(t, "GET", url, "lambda", "test", "test")); got.status != 403 || !strings.Contains(got.header.Get("X-Lambdasim-Detail"), "correct service") {
		t.Errorf("for another service: %+v", got)
	}
	call := executionARN(*api.ApiId, "$default/GET/own/7")
	for name, c := range map[string]struct {
		policy string
		status int
	}{
		"nobody":  {"", 403},
		"other":   {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"` + executionARN(*api.ApiId, "$default/GET/own/8") + `"}]}`, 403},
		"allowed": {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"` + call + `"}]}`, 200},
	} {
		key := b.key(t, name, c.policy)
		got := send(t, signed(t, "GET", url, "execute-api", key[0], key[1]))
		if got.status != c.status {
			t.Errorf("%s: %+v", name, got)
		}
		if c.status == 403 && !strings.Contains(got.header.Get("X-Lambdasim-Detail"), "perform: execute-api:Invoke on resource: "+call) {
			t.Errorf("%s: %s", name, got.header.Get("X-Lambdasim-Detail"))
		}
		if c.status == 200 && !strings.Contains(got.body, `"userArn": "arn:aws:iam::000000000000:user/allowed"`) {
			t.Error(got.body)
		}
	}
	if got := send(t, signed(t, "GET", url, "execute-api", "111111111111", "test")); got.status != 403 {
		t.Errorf("another account's root: %+v", got)
	}
}

// key is the access key of a new user.
func (b *bundle) key(t *testing.T, name, policy string) [2]string {
	t.Helper()
	creds, err := b.user(t, name, policy).iam.Options().Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return [2]string{creds.AccessKeyID, creds.SecretAccessKey}
}

// The developer guide, CORS of HTTP APIs: API Gateway answers preflights itself, and sets the headers over the function's.
func TestAnHTTPAPIAnswersCORS(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", "def handler(event, context):\n    return {'statusCode': 200, 'headers': {'Access-Control-Allow-Origin': 'https://function'}, 'body': 'x'}\n")
	api := b.gate(t, "2.0", "ANY /{proxy+}")
	_, err := b.httpAPI.UpdateApi(t.Context(), &apigatewayv2.UpdateApiInput{ApiId: api.ApiId, CorsConfiguration: &apitypes.Cors{AllowOrigins: []string{"https://a.example"},
		AllowMethods: []string{"GET", "PUT"}, AllowHeaders: []string{"x-one"}, AllowCredentials: aws.Bool(true), MaxAge: aws.Int32(60)}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(origin, method string) fetched {
		return fetchURL(t, "OPTIONS", *api.ApiEndpoint+"/x", "", func(r *http.Request) {
			r.Header.Set("Origin", origin)
			r.Header.Set("Access-Control-Request-Method", method)
		})
	}
	if got := ask("https://a.example", "PUT"); got.status != 204 || got.header.Get("Access-Control-Allow-Origin") != "https://a.example" || got.header.Get("Access-Control-Allow-Methods") != "GET,PUT" ||
		got.header.Get("Access-Control-Allow-Headers") != "x-one" || got.header.Get("Access-Control-Max-Age") != "60" || got.header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("%+v", got)
	}
	for _, no := range []fetched{ask("https://b.example", "PUT"), ask("https://a.example", "DELETE")} {
		if no.status != 204 || no.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%+v", no)
		}
	}
	got := fetchURL(t, "GET", *api.ApiEndpoint+"/x", "", func(r *http.Request) { r.Header.Set("Origin", "https://a.example") })
	if got.status != 200 || !cmp.Equal(got.header.Values("Access-Control-Allow-Origin"), []string{"https://a.example"}) {
		t.Errorf("%+v", got)
	}
	if _, err := b.httpAPI.DeleteCorsConfiguration(t.Context(), &apigatewayv2.DeleteCorsConfigurationInput{ApiId: api.ApiId}); err != nil {
		t.Fatal(err)
	}
	got = fetchURL(t, "GET", *api.ApiEndpoint+"/x", "", func(r *http.Request) { r.Header.Set("Origin", "https://a.example") })
	if got.header.Get("Access-Control-Allow-Origin") != "https://function" {
		t.Errorf("without a configuration: %+v", got)
	}
}

// The developer guide, responses of Lambda proxy integrations of HTTP APIs.
func TestWhatAFunctionAnswersToAnHTTPAPI(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", "import json\n\ndef handler(event, context):\n    return json.loads(event['body'])\n")
	two, one := b.gate(t, "2.0", "$default"), b.gate(t, "1.0", "$default")
	for _, c := range []struct {
		api    *apigatewayv2.CreateApiOutput
		answer string
		status int
		body   string
		header string // NAME: VALUE
	}{
		{two, `{"hello":"you"}`, 200, `{"hello": "you"}`, "Content-Type: application/json"},
		{two, `"text"`, 200, "text", "Content-Type: application/json"},
		{two, `{"statusCode":"201","body":"aGk=","isBase64Encoded":true,"cookies":["a=1"],"headers":{"n":7}}`, 201, "hi", "Set-Cookie: a=1"},
		{two, `{"statusCode":200,"body":"plain"}`, 200, "plain", "Content-Type: text/plain; charset=utf-8"},
		{two, `{"statusCode":99}`, 500, `{"message":"Internal Server Error"}`, "Content-Type: application/json"},
		{two, `{"statusCode":200,"body":{"not":"text"}}`, 500, `{"message":"Internal Server Error"}`, ""},
		{two, `{"statusCode":200,"body":"***","isBase64Encoded":true}`, 500, `{"message":"Internal Server Error"}`, ""},
		{one, `{"statusCode":200,"multiValueHeaders":{"X-M":["1","2"]},"headers":{"x-m":"0"},"body":"b"}`, 200, "b", "X-M: 1"},
		{one, `{"hello":"you"}`, 500, `{"message":"Internal Server Error"}`, ""},
	} {
		got := fetchURL(t, "POST", *c.api.ApiEndpoint+"/", c.answer, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") })
		name, value, _ := strings.Cut(c.header, ": ")
		if got.status != c.status || strings.TrimSpace(got.body) != c.body || c.header != "" && got.header.Get(name) != value {
			t.Errorf("%s: %+v", c.answer, got)
		}
	}
}

// What is not simulated is refused by name, and what contradicts a rule as AWS does.
func TestWhatAnHTTPAPIRefuses(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.role(t, "r", "")
	b.function(t, "f", "r", gatewayAnswers)
	api := b.gate(t, "2.0", "GET /a")
	integration, s := aws.String("integrations/nothere"), aws.String
	create := func(in *apigatewayv2.CreateApiInput) error { _, err := b.httpAPI.CreateApi(ctx, in); return err }
	route := func(in *apigatewayv2.CreateRouteInput) error {
		in.ApiId = api.ApiId
		_, err := b.httpAPI.CreateRoute(ctx, in)
		return err
	}
	integrate := func(in *apigatewayv2.CreateIntegrationInput) error {
		in.ApiId = api.ApiId
		_, err := b.httpAPI.CreateIntegration(ctx, in)
		return err
	}
	list, err := b.httpAPI.GetIntegrations(ctx, &apigatewayv2.GetIntegrationsInput{ApiId: api.ApiId})
	if err != nil {
		t.Fatal(err)
	}
	_, inUse := b.httpAPI.DeleteIntegration(ctx, &apigatewayv2.DeleteIntegrationInput{ApiId: api.ApiId, IntegrationId: list.Items[0].IntegrationId})
	_, gone := b.httpAPI.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: s("gone")})
	_, foreign := b.as("111111111111").httpAPI.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: api.ApiId})
	for _, c := range []struct {
		err        error
		code, part string
	}{
		{create(&apigatewayv2.CreateApiInput{Name: s("w"), ProtocolType: apitypes.ProtocolTypeWebsocket}), "BadRequestException", "the protocol WEBSOCKET of apigateway:CreateApi"},
		{create(&apigatewayv2.CreateApiInput{Name: s("q"), ProtocolType: apitypes.ProtocolTypeHttp, Target: s("https://example.com")}), "BadRequestException", "HTTP_PROXY"},
		{route(&apigatewayv2.CreateRouteInput{RouteKey: s("GET /b"), AuthorizationType: apitypes.AuthorizationTypeJwt}), "BadRequestException", "the authorization type JWT of apigateway:CreateRoute"},
		{route(&apigatewayv2.CreateRouteInput{RouteKey: s("GET /b"), AuthorizationType: apitypes.AuthorizationTypeCustom}), "BadRequestException", "the authorization type CUSTOM of apigateway:CreateRoute"},
		{route(&apigatewayv2.CreateRouteInput{RouteKey: s("GET /a")}), "ConflictException", "Route with key GET /a already exists for this API"},
		{route(&apigatewayv2.CreateRouteInput{RouteKey: s("/a")}), "BadRequestException", "The provided route key is not formatted properly for HTTP protocol."},
		{route(&apigatewayv2.CreateRouteInput{RouteKey: s("GET /{a+}/b")}), "BadRequestException", "greedy"},
		{route(&apigatewayv2.CreateRouteInput{RouteKey: s("GET /b"), Target: integration}), "NotFoundException", "nothere"},
		{integrate(&apigatewayv2.CreateIntegrationInput{IntegrationType: apitypes.IntegrationTypeHttpProxy, IntegrationUri: s("https://example.com")}), "BadRequestException", "the integration type HTTP_PROXY"},
		{integrate(&apigatewayv2.CreateIntegrationInput{IntegrationType: apitypes.IntegrationTypeAwsProxy, IntegrationUri: s("f"), PayloadFormatVersion: s("2.0")}), "BadRequestException", "uri: f"},
		{inUse, "ConflictException", "GET /a"},
		{gone, "NotFoundException", "Invalid API identifier specified 000000000000:gone"},
		{foreign, "NotFoundException", "Invalid API identifier specified 111111111111:"},
	} {
		refusal, ok := errors.AsType[smithy.APIError](c.err)
		if !ok || refusal.ErrorCode() != c.code || !strings.Contains(refusal.ErrorMessage(), c.part) {
			t.Errorf("%v\n   want %s with %s", c.err, c.code, c.part)
		}
	}
}

// What is written is read again: tags, stage variables, deployments, and an API that was created quickly.
func TestAnHTTPAPIIsKept(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.role(t, "r", "")
	b.function(t, "f", "r", gatewayAnswers)
	api := b.gate(t, "2.0", "GET /a")
	stageARN := "arn:aws:apigateway:us-east-1::/apis/" + *api.ApiId + "/stages/$default"
	if _, err := b.httpAPI.TagResource(ctx, &apigatewayv2.TagResourceInput{ResourceArn: &stageARN, Tags: map[string]string{"x": "1", "y": "2"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.httpAPI.UntagResource(ctx, &apigatewayv2.UntagResourceInput{ResourceArn: &stageARN, TagKeys: []string{"y"}}); err != nil {
		t.Fatal(err)
	}
	tags, err := b.httpAPI.GetTags(ctx, &apigatewayv2.GetTagsInput{ResourceArn: &stageARN})
	if err != nil || !cmp.Equal(tags.Tags, map[string]string{"x": "1"}) {
		t.Error(tags, err)
	}
	stage, err := b.httpAPI.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), StageVariables: map[string]string{"function": "", "other": "1"}})
	if err != nil || !cmp.Equal(stage.StageVariables, map[string]string{"other": "1"}) {
		t.Error(stage, err)
	}
	if got := fetchURL(t, "GET", *api.ApiEndpoint+"/a", "", nil); got.status != 500 || !strings.Contains(got.header.Get("X-Lambdasim-Detail"), "invalid uri") {
		t.Errorf("without the variable that its integration names: %+v", got)
	}
	all, err := b.httpAPI.GetDeployments(ctx, &apigatewayv2.GetDeploymentsInput{ApiId: api.ApiId})
	if err != nil || len(all.Items) != 1 || *all.Items[0].DeploymentId != *stage.DeploymentId || !*all.Items[0].AutoDeployed {
		t.Errorf("%+v %v", all, err)
	}
	quick, err := b.httpAPI.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("quick"), ProtocolType: apitypes.ProtocolTypeHttp, Target: aws.String(functionARN("f"))})
	if err != nil {
		t.Fatal(err)
	}
	if got := fetchURL(t, "GET", *quick.ApiEndpoint+"/a", "", nil); got.status != 500 || !strings.Contains(got.header.Get("X-Lambdasim-Detail"), *quick.ApiId+"/$default/$default") {
		t.Errorf("without permission: %+v", got)
	}
	apis, err := b.httpAPI.GetApis(ctx, &apigatewayv2.GetApisInput{MaxResults: aws.String("1")})
	if err != nil || len(apis.Items) != 1 || apis.NextToken == nil || *apis.Items[0].Name != "shop" || apis.Items[0].Tags["team"] != "a" {
		t.Fatal(apis, err)
	}
	if apis, err = b.httpAPI.GetApis(ctx, &apigatewayv2.GetApisInput{NextToken: apis.NextToken}); err != nil || len(apis.Items) != 1 || *apis.Items[0].Name != "quick" {
		t.Fatal(apis, err)
	}
	mappings, err := b.control.Mappings(ctx, "f")
	if err != nil || len(mappings) != 1 || mappings[0].Permitted || mappings[0].ID != *quick.ApiId+"/$default $default" {
		t.Errorf("%+v %v", mappings, err)
	}
	if _, err := b.httpAPI.DeleteApi(ctx, &apigatewayv2.DeleteApiInput{ApiId: api.ApiId}); err != nil {
		t.Fatal(err)
	}
	if got := fetchURL(t, "GET", *api.ApiEndpoint+"/a", "", nil); got.status != 404 {
		t.Errorf("deleted: %+v", got)
	}
}
