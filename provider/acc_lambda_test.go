package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// functions is a client of Lambda: somebody who changes things behind Terraform's back.
func functions() *lambda.Client {
	return lambda.NewFromConfig(aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
}

// answering is a function that answers with its event, whose role may do everything; with more arguments.
func answering(t *testing.T, name string, more ...string) string {
	hcl := trusted(name) + `
resource "lambdasim_iam_role_policy" "all" {
  role   = lambdasim_iam_role.r.name
  name   = "all"
  policy = ` + allow("*") + `
}
resource "lambdasim_function" "f" {
  function_name = "` + name + `"
  role          = lambdasim_iam_role.r.arn
  runtime       = "python3.12"
  handler       = "main.handler"
  filename      = "` + source(t, "def handler(event, context): return event") + `"
  depends_on    = [lambdasim_iam_role_policy.all]
`
	for _, m := range more {
		hcl += "  " + m + "\n"
	}
	return hcl + "}\n"
}

// of is HCL of a resource of a type, with its arguments.
func of(kind, label string, arguments ...string) string {
	hcl := "resource \"lambdasim_" + kind + "\" \"" + label + "\" {\n"
	for _, a := range arguments {
		hcl += "  " + a + "\n"
	}
	return hcl + "}\n"
}

// within checks a value inside of blocks: names and indices.
func within(resource string, want knownvalue.Check, path ...any) statecheck.StateCheck {
	p := tfjsonpath.New(path[0].(string))
	for _, step := range path[1:] {
		switch x := step.(type) {
		case int:
			p = p.AtSliceIndex(x)
		case string:
			p = p.AtMapKey(x)
		}
	}
	return statecheck.ExpectKnownValue(resource, p, want)
}

func TestAccFunctionEventInvokeConfig(t *testing.T) {
	const c, name, arn = "lambdasim_function_event_invoke_config.c", "acc-event-invoke", "arn:aws:lambda:us-east-1:000000000000:function:acc-event-invoke"
	fn := answering(t, name)
	queues := of("sqs_queue", "a", `name = "acc-event-invoke-a"`) + of("sqs_queue", "b", `name = "acc-event-invoke-b"`)
	cfg := func(more ...string) string {
		return fn + queues + of("function_event_invoke_config", "c", append(more, `depends_on = [lambdasim_iam_role_policy.all]`)...)
	}
	plain, qualifier := `function_name = lambdasim_function.f.function_name`, `qualifier = "$LATEST"`
	to := func(kind, queue string) string {
		return fmt.Sprintf("%s {\n      destination = lambdasim_sqs_queue.%s.arn\n    }\n", kind, queue)
	}
	destinations := func(list ...string) string {
		hcl := "destination_config {\n"
		for _, d := range list {
			hcl += "    " + d
		}
		return hcl + "  }"
	}
	queue := func(q string) knownvalue.Check {
		return text("arn:aws:sqs:us-east-1:000000000000:acc-event-invoke-" + q)
	}
	steps(t,
		fails(cfg(plain, `maximum_retry_attempts = 3`), `between 0 and 2`),
		fails(cfg(plain, `maximum_event_age_in_seconds = 59`), `between 60`),
		acts(c, create, cfg(plain), at(c, "id", text(name)), at(c, "maximum_retry_attempts", knownvalue.Int64Exact(2)), at(c, "maximum_event_age_in_seconds", knownvalue.Null()), at(c, "region", text("us-east-1"))),
		imports(c, name),
		acts(c, update, cfg(plain, `maximum_retry_attempts = 0`, `maximum_event_age_in_seconds = 60`), at(c, "maximum_retry_attempts", knownvalue.Int64Exact(0)), at(c, "maximum_event_age_in_seconds", knownvalue.Int64Exact(60))),
		acts(c, update, cfg(plain, destinations(to("on_failure", "a"))), at(c, "maximum_event_age_in_seconds", knownvalue.Null()), within(c, queue("a"), "destination_config", 0, "on_failure", 0, "destination")),
		acts(c, update, cfg(plain, destinations(to("on_success", "b"), to("on_failure", "b"))), within(c, queue("b"), "destination_config", 0, "on_success", 0, "destination"), within(c, queue("b"), "destination_config", 0, "on_failure", 0, "destination")),
		imports(c, name),
		acts(c, update, cfg(plain, destinations(to("on_success", "a"))), within(c, knownvalue.ListSizeExact(0), "destination_config", 0, "on_failure")),
		acts(c, update, cfg(plain), at(c, "destination_config", knownvalue.ListSizeExact(0))),
		vanishes(c, cfg(plain), behind(t, func() (*lambda.DeleteFunctionEventInvokeConfigOutput, error) {
			return functions().DeleteFunctionEventInvokeConfig(t.Context(), &lambda.DeleteFunctionEventInvokeConfigInput{FunctionName: aws.String(name)})
		})),
		drifts(c, cfg(plain), behind(t, func() (*lambda.PutFunctionEventInvokeConfigOutput, error) {
			return functions().PutFunctionEventInvokeConfig(t.Context(), &lambda.PutFunctionEventInvokeConfigInput{FunctionName: aws.String(name), MaximumRetryAttempts: aws.Int32(1)})
		})),
		acts(c, replace, cfg(plain, qualifier), at(c, "id", text(name+":$LATEST"))),
		imports(c, name+":$LATEST"),
		acts(c, replace, cfg(`function_name = lambdasim_function.f.arn`, qualifier), at(c, "id", text(arn+":$LATEST"))),
		imports(c, arn+":$LATEST"),
		acts(c, replace, cfg(`function_name = lambdasim_function.f.arn`)),
		imports(c, arn+"@us-east-1", "id"),
		failsImport(c, "not a name", `want NAME, NAME:QUALIFIER`),
	)
}

func TestAccFunctionDeadLetterConfig(t *testing.T) {
	const f = "lambdasim_function.f"
	queues := of("sqs_queue", "a", `name = "acc-dead-letter-a"`) + of("sqs_queue", "b", `name = "acc-dead-letter-b"`)
	fn := answering(t, "acc-dead-letter", "%s")
	to := func(target string) string {
		return queues + fmt.Sprintf(fn, "dead_letter_config {\n    target_arn = "+target+"\n  }")
	}
	queue := func(q string) statecheck.StateCheck {
		return within(f, text("arn:aws:sqs:us-east-1:000000000000:acc-dead-letter-"+q), "dead_letter_config", 0, "target_arn")
	}
	steps(t,
		fails(to(`"arn:aws:kinesis:us-east-1:000000000000:stream/s"`), `(?s)neither an SQS queue nor.*SNS topic`),
		acts(f, create, to("lambdasim_sqs_queue.a.arn"), queue("a")),
		imports(f, "acc-dead-letter", "filename", "source_code_hash", "publish", "skip_destroy"),
		acts(f, update, to("lambdasim_sqs_queue.b.arn"), queue("b")),
		drifts(f, to("lambdasim_sqs_queue.b.arn"), behind(t, func() (*lambda.UpdateFunctionConfigurationOutput, error) {
			return functions().UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("acc-dead-letter"), DeadLetterConfig: &lambdatypes.DeadLetterConfig{TargetArn: aws.String("")}})
		})),
		acts(f, update, to(`""`), within(f, text(""), "dead_letter_config", 0, "target_arn")),
		acts(f, update, queues+fmt.Sprintf(fn, ""), at(f, "dead_letter_config", knownvalue.ListSizeExact(0))),
	)
}

func TestAccFunctionURL(t *testing.T) {
	const u, name, arn = "lambdasim_function_url.u", "acc-function-url", "arn:aws:lambda:us-east-1:000000000000:function:acc-function-url"
	fn := answering(t, name)
	hcl := func(arguments ...string) string { return fn + of("function_url", "u", arguments...) }
	plain, none, signed := `function_name = lambdasim_function.f.function_name`, `authorization_type = "NONE"`, `authorization_type = "AWS_IAM"`
	cors := func(arguments ...string) string { return "cors {\n    " + strings.Join(arguments, "\n    ") + "\n  }" }
	same := statecheck.CompareValue(compare.ValuesSame())
	steps(t,
		fails(hcl(plain, `authorization_type = "OPEN"`), `must be one of`),
		fails(hcl(plain, none, cors(`max_age = 86401`)), `at most 86400`),
		acts(u, create, hcl(plain, none), at(u, "id", text(name)), at(u, "invoke_mode", text("BUFFERED")), at(u, "function_arn", text(arn)),
			at(u, "function_url", knownvalue.StringRegexp(regexp.MustCompile(`^`+endpoint+`/_url/[0-9a-f]{32}/$`))), at(u, "url_id", knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f]{32}$`))),
			answers{u, http.StatusOK}, sids{name, []string{"FunctionURLAllowInvokeAction", "FunctionURLAllowPublicAccess"}}, same.AddStateValue(u, tfjsonpath.New("function_url"))),
		imports(u, name),
		acts(u, update, hcl(plain, none, `invoke_mode = "RESPONSE_STREAM"`), at(u, "invoke_mode", text("RESPONSE_STREAM"))),
		acts(u, update, hcl(plain, signed), at(u, "invoke_mode", text("BUFFERED")), answers{u, http.StatusForbidden}),
		acts(u, update, hcl(plain, none, cors(`allow_credentials = true`, `allow_headers = ["b", "a"]`, `allow_methods = ["GET", "POST"]`, `allow_origins = ["https://example.com"]`, `expose_headers = ["c"]`, `max_age = 5`)),
			within(u, textSet("a", "b"), "cors", 0, "allow_headers"), within(u, knownvalue.Int64Exact(5), "cors", 0, "max_age"), answers{u, http.StatusOK}, same.AddStateValue(u, tfjsonpath.New("function_url"))),
		imports(u, name),
		acts(u, update, hcl(plain, none, cors(`allow_origins = ["*"]`, `allow_credentials = false`)), within(u, knownvalue.Null(), "cors", 0, "allow_headers"), within(u, knownvalue.Bool(false), "cors", 0, "allow_credentials")),
		acts(u, update, hcl(plain, none), at(u, "cors", knownvalue.ListSizeExact(0))),
		drifts(u, hcl(plain, none), behind(t, func() (*lambda.UpdateFunctionUrlConfigOutput, error) {
			return functions().UpdateFunctionUrlConfig(t.Context(), &lambda.UpdateFunctionUrlConfigInput{FunctionName: aws.String(name), Cors: &lambdatypes.Cors{MaxAge: aws.Int32(9)}})
		})),
		acts(u, update, hcl(`function_name = lambdasim_function.f.arn`, none), at(u, "id", text(name)), same.AddStateValue(u, tfjsonpath.New("function_url"))), // the same function
		vanishes(u, hcl(`function_name = lambdasim_function.f.arn`, none), behind(t, func() (*lambda.DeleteFunctionUrlConfigOutput, error) {
			return functions().DeleteFunctionUrlConfig(t.Context(), &lambda.DeleteFunctionUrlConfigInput{FunctionName: aws.String(name)})
		})), // its statements are there already
		imports(u, arn+"@us-east-1"),
		failsImport(u, name+"/", `want NAME or NAME/QUALIFIER`),
	)
}

// answers checks the status with which the URL of a resource answers whoever does not sign.
type answers struct {
	resource string
	status   int
}

func (a answers) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	for _, r := range req.State.Values.RootModule.Resources {
		if r.Address != a.resource {
			continue
		}
		url, _ := r.AttributeValues["function_url"].(string)
		res, err := http.Post(url, "application/json", strings.NewReader(`{}`)) //nolint:noctx // a local address
		if err != nil {
			resp.Error = err
			return
		}
		_ = res.Body.Close()
		if res.StatusCode != a.status {
			resp.Error = fmt.Errorf("%s answers %s, want %d", url, res.Status, a.status)
		}
		return
	}
	resp.Error = fmt.Errorf("%s is not in the state", a.resource)
}

// sids checks the names of the statements of a function's policy.
type sids struct {
	function string
	want     []string
}

func (s sids) CheckState(ctx context.Context, _ statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	out, err := functions().GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &s.function})
	if err != nil {
		resp.Error = err
		return
	}
	var have []string
	for _, m := range regexp.MustCompile(`"Sid":"(\w+)"`).FindAllStringSubmatch(*out.Policy, -1) {
		have = append(have, m[1])
	}
	if slices.Sort(have); !slices.Equal(have, s.want) {
		resp.Error = fmt.Errorf("the policy has the statements %v, want %v", have, s.want)
	}
}
