package provider_test

import (
	"context"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/backendtest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// invoked checks what a function answers to an event.
type invoked struct{ function, event, want string }

func (i invoked) CheckState(ctx context.Context, _ statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	out, err := functions().Invoke(ctx, &lambda.InvokeInput{FunctionName: &i.function, Payload: []byte(i.event)})
	switch {
	case err != nil:
		resp.Error = err
	case !regexp.MustCompile(i.want).Match(out.Payload):
		resp.Error = fmt.Errorf("%s answers %s, want %s", i.function, out.Payload, i.want)
	}
}

func TestAccFunctionScript(t *testing.T) {
	const s, name, arn = "lambdasim_function_script.s", "acc-function-script", "arn:aws:lambda:us-east-1:000000000000:function:acc-function-script"
	fn := answering(t, name)
	hcl := func(arguments ...string) string { return fn + of("function_script", "s", arguments...) }
	plain := `function_name = lambdasim_function.f.function_name`
	answer := func(event, want string) statecheck.StateCheck { return invoked{name, event, want} }
	first := hcl(plain, `outcomes = [{ payload = jsonencode({ n = [1] }), log = ["one"] }]`)
	steps(t,
		fails(hcl(plain, `outcomes = []`), `at least 1`),
		fails(hcl(plain, `outcomes = [{ payload = "no" }]`), `Not JSON`),
		fails(hcl(plain, `outcomes = [{ duration = "soon" }]`), `Not a duration`),
		fails(hcl(plain, `outcomes = [{ error_message = "m" }]`), `(?s)error_type.*must be specified`),
		fails(hcl(plain, `outcomes = [{ echo = true, payload = "1" }]`), `echo\s+and\s+payload\s+exclude`), // the backend says so
		acts(s, create, first, at(s, "id", text(name)), at(s, "per", text("attempt")), answer(`{}`, `^{"n":\[1\]}$`)),
		imports(s, name),
		acts(s, update, hcl(plain, `outcomes = [{ payload = jsonencode({ n = 1 }) }]`), answer(`{}`, `^{"n":1}$`)), // not the same as a list of it
		acts(s, update, hcl(plain, `per = "invocation"`, `outcomes = [{ error_type = "E", error_message = "m", duration = "10ms" }, { echo = true }]`, `cases = [{ event = jsonencode({ a = 1 }), outcomes = [{ payload = "7" }] }]`),
			at(s, "per", text("invocation")), answer(`{"a":1,"b":2}`, `^7$`), answer(`{"c":3}`, `"errorMessage": ?"m"`), answer(`{"c":3}`, `^{"c":3}$`)),
		imports(s, name),
		acts(s, update, hcl(`function_name = lambdasim_function.f.arn`, `outcomes = [{ payload = "8" }]`), at(s, "cases", knownvalue.Null()), at(s, "id", text(name)), answer(`{"a":1}`, `^8$`)),
		imports(s, arn+"@us-east-1"),
		acts(s, update, first),
		drifts(s, first, func() {
			if err := control.New(endpoint).PutScript(t.Context(), name, control.Script{Outcomes: []control.ScriptedOutcome{{Echo: true}}}); err != nil {
				t.Fatal(err)
			}
		}),
		vanishes(s, first, func() {
			if err := control.New(endpoint).DeleteScript(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}),
		acts("lambdasim_function.f", nothing, fn, answer(`{"a":1}`, `^{"a": ?1}$`)), // its code runs again
		acts(s, create, first),
		vanishes(s, first, behind(t, func() (*lambda.DeleteFunctionOutput, error) {
			return functions().DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String(name)})
		})), // the script is gone with the function
		failsImport(s, "not a name", `want a function's name`),
	)
}

func TestAccTimeAdvance(t *testing.T) {
	t.Parallel()
	b := backendtest.Start(t)
	const a = "lambdasim_time_advance.a"
	on := func(endpoint, by, more string) string {
		return "provider \"lambdasim\" {\n  endpoint = \"" + endpoint + "\"\n}\n" + of("time_advance", "a", `by = "`+by+`"`, more)
	}
	now := func() string {
		c, err := b.Control.Clock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return c.Now.UTC().Format("2006-01-02T15:04")
	}
	step := func(action plancheck.ResourceActionType, hcl string, checks ...statecheck.StateCheck) resource.TestStep {
		return resource.TestStep{Config: hcl, ConfigStateChecks: checks, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(a, action)}}}
	}
	c, err := b.Control.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	moved := func(hours int) knownvalue.Check {
		return knownvalue.StringRegexp(regexp.MustCompile("^" + c.Now.UTC().Add(hoursOf(hours)).Format("2006-01-02T15:04")))
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: on(endpoint, "1h", ""), ExpectError: regexp.MustCompile(`(?s)the clock is real, and nobody can move it.*--clock\s+virtual`)},
		{Config: on(b.Endpoint, "-1h", ""), ExpectError: regexp.MustCompile(`Not a duration`)},
		step(create, on(b.Endpoint, "6h", ""), at(a, "now", moved(6)), at(a, "ran", knownvalue.Int64Exact(0))),
		step(nothing, on(b.Endpoint, "6h", ""), at(a, "now", moved(6))),
		step(replace, on(b.Endpoint, "6h", `triggers = { run = "2" }`), at(a, "now", moved(12))),
		step(replace, on(b.Endpoint, "1h", `triggers = { run = "2" }`), at(a, "now", moved(13))),
	}})
	if want := c.Now.UTC().Add(hoursOf(13)).Format("2006-01-02T15:04"); now() != want {
		t.Errorf("the clock is at %s, want %s: destroying does not move it", now(), want)
	}
}

func hoursOf(n int) time.Duration { return time.Duration(n) * time.Hour }
