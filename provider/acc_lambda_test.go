package provider_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// functions is a client of Lambda: somebody who changes things behind Terraform's back.
func functions() *lambda.Client {
	return lambda.NewFromConfig(aws.Config{HTTPClient: http.DefaultClient, Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
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
