package provider_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func TestAccLambdaDataSources(t *testing.T) {
	const name, u, d, l = "acc-lambda-data", "lambdasim_function_url.u", "data.lambdasim_function_url.u", "data.lambdasim_cloudwatch_log_events.l"
	fn := trusted(name, `managed_policy_arns = ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]`) + `
resource "lambdasim_function" "f" {
  function_name = "acc-lambda-data"
  role          = lambdasim_iam_role.r.arn
  runtime       = "python3.12"
  handler       = "main.handler"
  filename      = "` + source(t, "def handler(event, context):\n    print('told', event['say'])") + `"
}
` + of("function_url", "u", `function_name = lambdasim_function.f.function_name`, `authorization_type = "NONE"`, "cors {\n    allow_origins = [\"https://example.com\"]\n    max_age = 7\n  }") + `
resource "lambdasim_invocation" "i" {
  function_name = lambdasim_function.f.function_name
  input         = jsonencode({ say = "one" })
}
data "lambdasim_function_url" "u" {
  function_name = lambdasim_function_url.u.function_name
}
data "lambdasim_functions" "all" {
  depends_on = [lambdasim_function.f]
}
output "index" {
  value = index(data.lambdasim_functions.all.function_names, "acc-lambda-data") == index(data.lambdasim_functions.all.function_arns, lambdasim_function.f.arn)
}
`
	logs := func(more string) string {
		return fn + "data \"lambdasim_cloudwatch_log_events\" \"l\" {\n  log_group_name = \"/aws/lambda/acc-lambda-data\"\n  depends_on = [lambdasim_invocation.i]\n  " + more + "\n}\noutput \"told\" {\n  value = [for e in data.lambdasim_cloudwatch_log_events.l.events : trimspace(e.message) if startswith(e.message, \"told\")]\n}\n"
	}
	message := func(i int, want string) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(l, tfjsonpath.New("events").AtSliceIndex(i).AtMapKey("message"), knownvalue.StringRegexp(regexp.MustCompile(want)))
	}
	steps(t,
		fails(`data "lambdasim_function_url" "u" { function_name = "acc-none" }`, `ResourceNotFoundException`),
		resource.TestStep{Config: config("%s", logs(`start_time = 1`)), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("told", knownvalue.ListExact([]knownvalue.Check{text("told one")})),
			at(d, "id", text(name)), at(d, "authorization_type", text("NONE")), at(d, "invoke_mode", text("BUFFERED")), at(d, "function_arn", text("arn:aws:lambda:us-east-1:000000000000:function:acc-lambda-data")),
			within(d, knownvalue.Int64Exact(7), "cors", 0, "max_age"), within(d, knownvalue.ListExact([]knownvalue.Check{text("https://example.com")}), "cors", 0, "allow_origins"),
			statecheck.CompareValuePairs(d, tfjsonpath.New("function_url"), u, tfjsonpath.New("function_url"), compare.ValuesSame()), statecheck.CompareValuePairs(d, tfjsonpath.New("url_id"), u, tfjsonpath.New("url_id"), compare.ValuesSame()),
			statecheck.ExpectKnownOutputValue("index", knownvalue.Bool(true)),
		}},
		resource.TestStep{Config: config("%s", logs(`limit = 1`)), ConfigStateChecks: []statecheck.StateCheck{at(l, "events", knownvalue.ListSizeExact(1)), message(0, `INIT_START|START RequestId`)}},
		resource.TestStep{Config: config("%s", logs(`end_time = 1`)), ConfigStateChecks: []statecheck.StateCheck{at(l, "events", knownvalue.ListSizeExact(0))}},
	)
}
