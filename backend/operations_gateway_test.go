package backend_test

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
)

// gatewayRows are the rights that API Gateway's operations need: the verb of their HTTP request, on the path of what they concern.
func gatewayRows(nobody *clients) map[string][]needs {
	verbs := []struct{ prefix, verb string }{{"Create", "POST"}, {"Get", "GET"}, {"Update", "PATCH"}, {"Delete", "DELETE"}, {"Untag", "DELETE"}, {"Tag", "POST"}, {"Put", "PUT"}}
	paths := map[string]string{"CreateApi": "/apis", "GetApi": "/apis/probe", "GetApis": "/apis", "UpdateRoute": "/apis/probe/routes/probe", "CreateDeployment": "/apis/probe/deployments",
		"DeleteCorsConfiguration": "/apis/probe/cors", "GetTags": "/tags/arn:aws:iam::000000000000:policy%2Fprobe"}
	restPaths := map[string]string{"CreateRestApi": "/restapis", "CreateResource": "/restapis/probe/resources/probe", "PutMethod": "/restapis/probe/resources/probe/methods/probe",
		"PutIntegrationResponse": "/restapis/probe/resources/probe/methods/probe/integration/responses/probe", "UpdateStage": "/restapis/probe/stages/probe"}
	rows := map[string][]needs{}
	for _, service := range []string{"apigateway", "apigatewayv2"} {
		for _, name := range backend.Operations()[service] {
			row := needs{in: probe(nobody, name, service), resource: "?"}
			for _, v := range verbs {
				if strings.HasPrefix(name, v.prefix) {
					row.action = "apigateway:" + v.verb
					break
				}
			}
			if service == "apigateway" && name == "TagResource" {
				row.action = "apigateway:PUT"
			}
			if path, ok := restPaths[name]; ok && service == "apigateway" {
				row.resource = "arn:aws:apigateway:us-east-1::" + path
			}
			if path, ok := paths[name]; ok && service == "apigatewayv2" {
				row.resource = "arn:aws:apigateway:us-east-1::" + path
			}
			switch in := row.in.(type) { // what the SDK demands
			case *apigatewayv2.CreateApiInput:
				in.ProtocolType = "HTTP"
			case *apigatewayv2.CreateIntegrationInput:
				in.IntegrationType = "AWS_PROXY"
			case *apigateway.PutIntegrationInput:
				in.Type = "AWS_PROXY"
			case *apigateway.TagResourceInput:
				in.Tags = map[string]string{"team": "a"}
			}
			rows[service+":"+name] = []needs{row}
		}
	}
	return rows
}
