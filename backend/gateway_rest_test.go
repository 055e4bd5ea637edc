package backend_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	resttypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// restGate makes a REST API with the stage v1 in front of the function f, with methods "AUTHORIZATION METHOD PATH", and returns its
// id and the stage's address.
func (b *bundle) restGate(t *testing.T, in *apigateway.CreateRestApiInput, methods ...string) (id *string, url string) {
	t.Helper()
	ctx := t.Context()
	in.Name = aws.String("shop")
	api, err := b.restAPI.CreateRestApi(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range methods {
		w := strings.Fields(m)
		if err := b.restMethod(ctx, api.Id, "f", w[0], w[1], w[2]); err != nil {
			t.Fatal(err)
		}
	}
	b.deployREST(t, api.Id)
	if _, err := b.lambda.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("api-" + *api.Id), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("apigateway.amazonaws.com"), SourceArn: aws.String(executionARN(*api.Id, "*"))}); err != nil {
		t.Fatal(err)
	}
	return api.Id, b.b.URL() + "/_api/" + *api.Id + "/v1"
}

func (b *bundle) deployREST(t *testing.T, api *string) *string {
	t.Helper()
	made, err := b.restAPI.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: api, StageName: aws.String("v1"), Variables: map[string]string{"colour": "red"}})
	if err != nil {
		t.Fatal(err)
	}
	return made.Id
}

// The event of a proxy integration is a golden file, and aws-lambda-go reads it without loss.
func TestTheEventOfARESTAPIIsAWSs(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", gatewayAnswers)
	_, url := b.restGate(t, &apigateway.CreateRestApiInput{BinaryMediaTypes: []string{"image/*"}}, "NONE POST /a/{name}/{rest+}")
	got := fetchURL(t, "POST", url+"/a/b%20c/d/e?x=1&y=2&x=3", `{"n":1}`, func(r *http.Request) {
		r.Header.Set("Content-Type", "application/json")
		r.Header["X-Custom"] = []string{"One", "Two"}
		r.Header.Set("User-Agent", "tester")
	})
	if got.status != 200 {
		t.Fatalf("%+v", got)
	}
	goldenEvent[events.APIGatewayProxyRequest](t, "apigateway_rest", got.body, "requestContext.deploymentId")
	got = fetchURL(t, "POST", url+"/a/b/c", "\x00\x01", func(r *http.Request) { r.Header.Set("Content-Type", "image/png") })
	if !strings.Contains(got.body, `"body": "AAE=", "isBase64Encoded": true`) {
		t.Errorf("a binary body: %s", got.body)
	}
}

// What a function's answer becomes, as recorded (test_aws_proxy_response_payload_format_validation, 2024-11).
func TestWhatAFunctionAnswersToARESTAPI(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", "import json\n\ndef handler(event, context):\n    return json.loads(event['body'])\n")
	api, plain := b.restGate(t, &apigateway.CreateRestApiInput{}, "NONE ANY /{proxy+}")
	_, binary := b.restGate(t, &apigateway.CreateRestApiInput{BinaryMediaTypes: []string{"image/png"}}, "NONE ANY /{proxy+}")
	const broken = `{"message": "Internal server error"}`
	for _, c := range []struct {
		url, answer string
		status      int
		body        string
		header      string // NAME: VALUE
	}{
		{plain, `{"statusCode":200,"headers":{"X-Bool":true},"body":"b"}`, 200, "b", "X-Bool: true"},
		{plain, `{"statusCode":"201"}`, 201, "", "Content-Type: application/json"},
		{plain, `{"headers":{"x-only":"headers"}}`, 200, "", "X-Only: headers"},
		{plain, `{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`, 200, "aGk=", ""},
		{binary, `{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`, 200, "hi", ""},
		{plain, `{"statusCode":200,"multiValueHeaders":{"X-M":["1","2"]}}`, 200, "", "X-M: 1"},
		{plain, `{}`, 502, broken, "X-Amzn-Errortype: InternalServerErrorException"},
		{plain, `{"statusCode":200,"wrongValue":"x"}`, 502, broken, ""},
		{plain, `{"statusCode":"many"}`, 502, broken, ""},
		{plain, `"text"`, 502, broken, ""},
		{plain, `{"statusCode":200,"multiValueHeaders":{"x":"1"}}`, 502, broken, ""},
	} {
		got := fetchURL(t, "POST", c.url+"/x", c.answer, func(r *http.Request) { r.Header.Set("Accept", "image/png,*/*") })
		name, value, _ := strings.Cut(c.header, ": ")
		if got.status != c.status || got.body != c.body || c.header != "" && got.header.Get(name) != value {
			t.Errorf("%s: %+v", c.answer, got)
		}
	}
	if got := fetchURL(t, "GET", plain, "", nil); got.status != 403 || got.body != `{"message":"Missing Authentication Token"}` {
		t.Errorf("a path without a method: %+v", got)
	}
	if got := fetchURL(t, "GET", b.b.URL()+"/_api/"+*api+"/v2/x", "", nil); got.status != 403 || got.body != `{"message":"Forbidden"}` {
		t.Errorf("a stage that is not there: %+v", got)
	}
}

// The developer guide, IAM authorization and resource policies: the caller's own policies or the API's let a caller of the account
// in; one of another account needs both.
func TestWhoMayCallARESTAPI(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", gatewayAnswers)
	api, url := b.restGate(t, &apigateway.CreateRestApiInput{}, "AWS_IAM GET /own/{id}", "NONE GET /open")
	url += "/own/7"
	if got := fetchURL(t, "GET", url, "", nil); got.status != 403 || got.body != `{"message":"Missing Authentication Token"}` || got.header.Get("X-Amzn-Errortype") != "MissingAuthenticationTokenException" {
		t.Errorf("without a signature: %+v", got)
	}
	allow := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"` + executionARN(*api, "v1/GET/own/7") + `"}]}`
	nobody, allowed := b.key(t, "nobody", ""), b.key(t, "allowed", allow)
	call := func(key [2]string) fetched { return send(t, signed(t, "GET", url, "execute-api", key[0], key[1])) }
	const denied = `{"Message":"User: arn:aws:iam::000000000000:user/nobody is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:`
	if got := call(nobody); got.status != 403 || !strings.HasPrefix(got.body, denied+*api+`/v1/GET/own/7`) {
		t.Errorf("nobody: %+v", got)
	}
	if got := call(allowed); got.status != 200 || !strings.Contains(got.body, `"userArn": "arn:aws:iam::000000000000:user/allowed"`) {
		t.Errorf("allowed: %+v", got)
	}
	other := [2]string{"111111111111", "test"}
	if got := call(other); got.status != 403 {
		t.Errorf("another account: %+v", got)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111111111111:root","arn:aws:iam::000000000000:user/nobody"]},"Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}`
	if _, err := b.restAPI.UpdateRestApi(t.Context(), &apigateway.UpdateRestApiInput{RestApiId: api,
		PatchOperations: []resttypes.PatchOperation{{Op: resttypes.OpReplace, Path: aws.String("/policy"), Value: &policy}}}); err != nil {
		t.Fatal(err)
	}
	if got := call(nobody); got.status != 403 {
		t.Errorf("a policy counts before it is deployed: %+v", got)
	}
	b.deployREST(t, api)
	for _, key := range [][2]string{nobody, allowed, other} {
		if got := call(key); got.status != 200 {
			t.Errorf("%s with the API's policy: %+v", key[0], got)
		}
	}
	if got := fetchURL(t, "GET", strings.TrimSuffix(url, "/own/7")+"/open", "", nil); got.status != 403 || !strings.HasPrefix(got.body, `{"Message":"User: anonymous is not authorized`) {
		t.Errorf("a policy that names nobody else: %+v", got)
	}
}

// A MOCK integration answers preflights, as modules for CORS make them.
func TestAMockAnswersWithoutAFunction(t *testing.T) {
	b := setup(t)
	ctx, s := t.Context(), aws.String
	b.role(t, "r", "")
	b.function(t, "f", "r", gatewayAnswers)
	api, url := b.restGate(t, &apigateway.CreateRestApiInput{}, "NONE GET /x")
	r, err := b.resourceAt(ctx, api, "/x")
	if err != nil {
		t.Fatal(err)
	}
	options, parameter := s("OPTIONS"), "method.response.header.Access-Control-Allow-Origin"
	put := &apigateway.PutIntegrationInput{RestApiId: api, ResourceId: r, HttpMethod: options, Type: resttypes.IntegrationTypeMock, RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}}
	if _, err := b.restAPI.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api, ResourceId: r, HttpMethod: options, AuthorizationType: s("NONE")}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.restAPI.PutIntegration(ctx, put); err != nil {
		t.Fatal(err)
	}
	if _, err := b.restAPI.PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{RestApiId: api, ResourceId: r, HttpMethod: options, StatusCode: s("204"), ResponseParameters: map[string]bool{parameter: true}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.restAPI.PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{RestApiId: api, ResourceId: r, HttpMethod: options, StatusCode: s("204"), ResponseParameters: map[string]string{parameter: "'*'"}}); err != nil {
		t.Fatal(err)
	}
	b.deployREST(t, api)
	if got := fetchURL(t, "OPTIONS", url+"/x", "", nil); got.status != 204 || got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%+v", got)
	}
	put.RequestTemplates = map[string]string{"application/json": `#set($x = 1){"statusCode": 200}`}
	if _, err := b.restAPI.PutIntegration(ctx, put); err == nil || !strings.Contains(err.Error(), "VTL") {
		t.Error(err)
	}
}

// What is not simulated is refused by name, and what contradicts a rule as AWS does. What is written is read again.
func TestWhatARESTAPIRefusesAndKeeps(t *testing.T) {
	b := setup(t)
	ctx, s := t.Context(), aws.String
	b.role(t, "r", "")
	b.function(t, "f", "r", gatewayAnswers)
	api, url := b.restGate(t, &apigateway.CreateRestApiInput{Tags: map[string]string{"team": "a"}}, "NONE GET /a/{id}")
	parent, err := b.resourceAt(ctx, api, "/a")
	if err != nil {
		t.Fatal(err)
	}
	variable, err := b.resourceAt(ctx, api, "/a/{id}")
	if err != nil {
		t.Fatal(err)
	}
	resource := func(part string) error {
		_, err := b.restAPI.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: api, ParentId: parent, PathPart: &part})
		return err
	}
	integrate := func(in *apigateway.PutIntegrationInput) error {
		in.RestApiId, in.ResourceId, in.HttpMethod = api, variable, s("GET")
		_, err := b.restAPI.PutIntegration(ctx, in)
		return err
	}
	method := func(auth string) error {
		_, err := b.restAPI.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api, ResourceId: parent, HttpMethod: s("GET"), AuthorizationType: &auth})
		return err
	}
	list, err := b.restAPI.GetDeployments(ctx, &apigateway.GetDeploymentsInput{RestApiId: api})
	if err != nil || len(list.Items) != 1 {
		t.Fatal(list, err)
	}
	_, inUse := b.restAPI.DeleteDeployment(ctx, &apigateway.DeleteDeploymentInput{RestApiId: api, DeploymentId: list.Items[0].Id})
	_, path := b.restAPI.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api, StageName: s("v1"), PatchOperations: []resttypes.PatchOperation{{Op: "replace", Path: s("/nothing"), Value: s("x")}}})
	_, taken := b.restAPI.CreateStage(ctx, &apigateway.CreateStageInput{RestApiId: api, StageName: s("v1"), DeploymentId: list.Items[0].Id})
	_, gone := b.restAPI.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: s("gone")})
	_, other := b.restAPI.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: s("p"), EndpointConfiguration: &resttypes.EndpointConfiguration{Types: []resttypes.EndpointType{"PRIVATE"}}})
	for _, c := range []struct {
		err        error
		code, part string
	}{
		{resource("b c"), "BadRequestException", "Resource's path part only allow a-zA-Z0-9._-:"},
		{resource("{id}"), "ConflictException", "Another resource with the same parent already has this name: {id}"},
		{resource("{other}"), "BadRequestException", "A sibling ({id}) of this resource already has a variable path part -- only one is allowed"},
		{integrate(&apigateway.PutIntegrationInput{Type: resttypes.IntegrationTypeHttp, Uri: s("https://example.com")}), "BadRequestException", "the integration type HTTP of apigateway:PutIntegration"},
		{integrate(&apigateway.PutIntegrationInput{Type: resttypes.IntegrationTypeAwsProxy, Uri: s(functionARN("f"))}), "BadRequestException", "Enumeration value for HttpMethod must be non-empty"},
		{integrate(&apigateway.PutIntegrationInput{Type: resttypes.IntegrationTypeAwsProxy, IntegrationHttpMethod: s("POST"), Uri: s(functionARN("f"))}), "BadRequestException", "AWS ARN for integration must contain path or action"},
		{method("CUSTOM"), "BadRequestException", "the authorization type CUSTOM of apigateway:PutMethod"},
		{inUse, "BadRequestException", "Active stages pointing to this deployment must be moved or deleted"},
		{path, "BadRequestException", "Invalid patch path  '/nothing' specified for op 'replace'. Must be one of: ["},
		{taken, "ConflictException", "Stage already exists"},
		{gone, "NotFoundException", "Invalid API identifier specified 000000000000:gone"},
		{other, "BadRequestException", "the endpoint type PRIVATE"},
	} {
		refusal, ok := errors.AsType[smithy.APIError](c.err)
		if !ok || refusal.ErrorCode() != c.code || !strings.Contains(refusal.ErrorMessage(), c.part) {
			t.Errorf("%v\n   want %s with %s", c.err, c.code, c.part)
		}
	}
	b.restKeeps(t, api, variable, url)
}

// restKeeps changes an API whose function answers at /a/{id}, and reads what became of it.
func (b *bundle) restKeeps(t *testing.T, api, variable *string, url string) {
	t.Helper()
	ctx, s := t.Context(), aws.String
	stage, err := b.restAPI.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api, StageName: s("v1"),
		PatchOperations: []resttypes.PatchOperation{{Op: "replace", Path: s("/variables/size"), Value: s("big")}, {Op: "remove", Path: s("/variables/colour")}}})
	if err != nil || !cmp.Equal(stage.Variables, map[string]string{"size": "big"}) {
		t.Error(stage, err)
	}
	moved, err := b.restAPI.UpdateResource(ctx, &apigateway.UpdateResourceInput{RestApiId: api, ResourceId: variable, PatchOperations: []resttypes.PatchOperation{{Op: "replace", Path: s("/pathPart"), Value: s("fixed")}}})
	if err != nil || *moved.Path != "/a/fixed" {
		t.Error(moved, err)
	}
	if got := fetchURL(t, "GET", url+"/a/7", "", nil); got.status != 200 {
		t.Errorf("what is deployed changed with the API: %+v", got)
	}
	b.deployREST(t, api)
	if got := fetchURL(t, "GET", url+"/a/7", "", nil); got.status != 403 {
		t.Errorf("deployed anew: %+v", got)
	}
	mappings, err := b.control.Mappings(ctx, "f")
	if err != nil || len(mappings) != 1 || !mappings[0].Permitted || mappings[0].ID != *api+"/v1 GET /a/fixed" {
		t.Errorf("%+v %v", mappings, err)
	}
	stageARN := "arn:aws:apigateway:us-east-1::/restapis/" + *api + "/stages/v1"
	if _, err := b.restAPI.TagResource(ctx, &apigateway.TagResourceInput{ResourceArn: &stageARN, Tags: map[string]string{"x": "1"}}); err != nil {
		t.Fatal(err)
	}
	tags, err := b.restAPI.GetTags(ctx, &apigateway.GetTagsInput{ResourceArn: &stageARN})
	if err != nil || !cmp.Equal(tags.Tags, map[string]string{"x": "1"}) {
		t.Error(tags, err)
	}
	if _, err := b.restAPI.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: api}); err != nil {
		t.Fatal(err)
	}
	if got := fetchURL(t, "GET", url+"/a/fixed", "", nil); got.status != 404 {
		t.Errorf("deleted: %+v", got)
	}
}
