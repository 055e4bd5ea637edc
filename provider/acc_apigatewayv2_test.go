package provider_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

const (
	httpAPI         = "lambdasim_apigatewayv2_api.a"
	httpIntegration = "lambdasim_apigatewayv2_integration.i"
	httpRoute       = "lambdasim_apigatewayv2_route.r"
	httpStage       = "lambdasim_apigatewayv2_stage.s"
	httpDeployment  = "lambdasim_apigatewayv2_deployment.d"
)

// httpFunction is a function for APIs to call.
func httpFunction(t *testing.T) string {
	return `
resource "lambdasim_iam_role" "r" {
  name               = "acc-http"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "lambdasim_function" "f" {
  function_name = "acc-http"
  role          = lambdasim_iam_role.r.arn
  runtime       = "python3.12"
  handler       = "main.handler"
  filename      = "` + source(t, "def handler(event, context): return {'statusCode': 200, 'body': 'here'}") + `"
}
`
}

func TestAccHTTPAPI(t *testing.T) {
	hcl := httpFunction(t) + `
resource "lambdasim_apigatewayv2_api" "a" {
  name          = "acc-http"
  protocol_type = "HTTP"
  description   = %[1]q
  tags          = { team = %[1]q }
  cors_configuration {
    allow_origins = ["https://%[1]s.example"]
    allow_methods = ["GET"]
  }
}
resource "lambdasim_apigatewayv2_integration" "i" {
  api_id                 = lambdasim_apigatewayv2_api.a.id
  integration_type       = "AWS_PROXY"
  integration_uri        = lambdasim_function.f.invoke_arn
  payload_format_version = "2.0"
  description            = %[1]q
}
resource "lambdasim_apigatewayv2_route" "r" {
  api_id    = lambdasim_apigatewayv2_api.a.id
  route_key = "GET /%[1]s/{id}"
  target    = "integrations/${lambdasim_apigatewayv2_integration.i.id}"
}
resource "lambdasim_apigatewayv2_deployment" "d" {
  api_id     = lambdasim_apigatewayv2_api.a.id
  triggers   = { route = lambdasim_apigatewayv2_route.r.route_key }
  lifecycle {
    create_before_destroy = true
  }
}
resource "lambdasim_apigatewayv2_stage" "s" {
  api_id          = lambdasim_apigatewayv2_api.a.id
  name            = "v1"
  deployment_id   = lambdasim_apigatewayv2_deployment.d.id
  stage_variables = { %[1]s = "x" }
  tags            = { team = %[1]q }
}
resource "lambdasim_permission" "p" {
  function_name = lambdasim_function.f.function_name
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${lambdasim_apigatewayv2_stage.s.execution_arn}/GET/%[1]s/{id}"
}
`
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{
			Config: config(hcl, "one"), Check: served(httpStage, "invoke_url", "/one/7", "here"),
			ConfigStateChecks: []statecheck.StateCheck{
				at(httpAPI, "protocol_type", exact("HTTP")), at(httpStage, "id", exact("v1")), at(httpRoute, "authorization_type", exact("NONE")), at(httpIntegration, "connection_type", exact("INTERNET")),
			},
		},
		{ResourceName: httpAPI, ImportState: true, ImportStateVerify: true},
		{ResourceName: httpIntegration, ImportState: true, ImportStateIdFunc: below(httpIntegration), ImportStateVerify: true},
		{ResourceName: httpRoute, ImportState: true, ImportStateIdFunc: below(httpRoute), ImportStateVerify: true},
		{ResourceName: httpStage, ImportState: true, ImportStateIdFunc: below(httpStage), ImportStateVerify: true},
		{
			Config: config(hcl, "two"), Check: served(httpStage, "invoke_url", "/two/7", "here"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(httpAPI, plancheck.ResourceActionUpdate), plancheck.ExpectResourceAction(httpRoute, plancheck.ResourceActionUpdate),
				plancheck.ExpectResourceAction(httpDeployment, plancheck.ResourceActionCreateBeforeDestroy), plancheck.ExpectResourceAction(httpStage, plancheck.ResourceActionUpdate),
			}},
		},
		{Config: config(hcl, "two"), PlanOnly: true},
	}})
}

// served asks an API at a path below an attribute.
func served(name, attribute, path, want string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		answer, err := http.Get(s.RootModule().Resources[name].Primary.Attributes[attribute] + path)
		if err != nil {
			return err
		}
		defer answer.Body.Close() //nolint:errcheck // it is read
		text, err := io.ReadAll(answer.Body)
		if err != nil || string(text) != want {
			return fmt.Errorf("%d %s %s: %v", answer.StatusCode, text, answer.Header.Get("X-Lambdasim-Detail"), err)
		}
		return nil
	}
}

// below is the import id of a part of an HTTP API.
func below(name string) resource.ImportStateIdFunc {
	return func(s *terraform.State) (string, error) {
		p := s.RootModule().Resources[name].Primary
		return p.Attributes["api_id"] + "/" + p.ID, nil
	}
}

func TestAccHTTPAPIQuickAndRefused(t *testing.T) {
	quick := httpFunction(t) + `
resource "lambdasim_apigatewayv2_api" "a" {
  name          = "acc-quick"
  protocol_type = "HTTP"
  target        = lambdasim_function.f.arn
}
resource "lambdasim_permission" "p" {
  function_name = lambdasim_function.f.function_name
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${lambdasim_apigatewayv2_api.a.execution_arn}/*"
}
`
	api := func(more string) string {
		return config("%s", `resource "lambdasim_apigatewayv2_api" "x" {
  name          = "x"
  protocol_type = "HTTP"
}
`+more)
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config("%s", quick), Check: served(httpAPI, "api_endpoint", "/anything", "here")},
		{Config: config(`resource "lambdasim_apigatewayv2_api" "x" {
  name          = "x"
  protocol_type = "WEBSOCKET"
}`), ExpectError: regexp.MustCompile("WEBSOCKET")},
		{Config: api(`resource "lambdasim_apigatewayv2_route" "x" {
  api_id             = lambdasim_apigatewayv2_api.x.id
  route_key          = "GET /x"
  authorization_type = "JWT"
}`), ExpectError: regexp.MustCompile("JWT")},
		{Config: api(`resource "lambdasim_apigatewayv2_integration" "x" {
  api_id             = lambdasim_apigatewayv2_api.x.id
  integration_type   = "AWS_PROXY"
  request_parameters = { "append:header.x" = "1" }
}`), ExpectError: regexp.MustCompile("request_parameters")},
		{Config: config("%s", quick)},
	}})
}
