package provider_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

func TestAccInvocationResource(t *testing.T) {
	const i, name = "lambdasim_invocation.i", "acc-invocation"
	fn := answering(t, name)
	hcl := func(arguments ...string) string {
		return fn + of("invocation", "i", append(arguments, `function_name = lambdasim_function.f.function_name`)...)
	}
	result := func(want string) statecheck.StateCheck { return at(i, "result", textJSON(want)) }
	crud := `lifecycle_scope = "CRUD"`
	steps(t,
		fails(hcl(`input = "no"`), `Not JSON`),
		fails(hcl(`input = "[1]"`, crud), `must be a JSON object`),
		fails(hcl(`input = "{}"`, `tenant_id = "t"`), `tenant_id is not simulated`),
		fails(hcl(`input = "{}"`, `qualifier = "7"`), `Function not found`),
		acts(i, create, hcl(`input = jsonencode({ a = 1 })`), result(`{"a": 1}`), at(i, "qualifier", text("$LATEST")), at(i, "id", text(name+",$LATEST,bb6cb5c68df4652941caf652a366f2d8"))), // the MD5 of {"a":1}
		resource.TestStep{ResourceName: i, ImportState: true, ImportStateId: name + ",$LATEST,bb6cb5c68df4652941caf652a366f2d8", ImportStateVerify: true, ImportStateVerifyIgnore: []string{"input", "result", "lifecycle_scope", "terraform_key"}},
		failsImport(i, name+",alias,00", `want NAME,QUALIFIER,MD5`),
		acts(i, replace, hcl(`input = jsonencode({ a = 2 })`), result(`{"a": 2}`)),
		acts(i, replace, hcl(`input = jsonencode({ a = 2 })`, `triggers = { n = "1" }`)),
		acts(i, update, hcl(`input = jsonencode({ a = 2 })`, `triggers = { n = "1" }`, crud), result(`{"a": 2, "tf": {"action": "update", "prev_input": {"a": 2}}}`)),
		acts(i, update, hcl(`input = jsonencode({ a = 3 })`, `triggers = { n = "1" }`, crud), result(`{"a": 3, "tf": {"action": "update", "prev_input": {"a": 2}}}`)),
		acts(i, nothing, hcl(`input = jsonencode({ a = 3 })`, `triggers = { n = "1" }`, crud)),
		acts(i, update, hcl(`input = jsonencode({ a = 3 })`, `triggers = { n = "1" }`, crud, `terraform_key = "k"`), result(`{"a": 3, "k": {"action": "update", "prev_input": {"a": 3}}}`)),
		acts(i, replace, hcl(`input = jsonencode({ a = 3 })`, crud, `terraform_key = "k"`), result(`{"a": 3, "k": {"action": "create", "prev_input": null}}`)),
	)
}

// A resource of CRUD invokes when it is destroyed; others do not.
func TestAccInvocationResourceAtItsEnd(t *testing.T) {
	const name = "acc-invocation-end"
	fn := answering(t, name)
	hcl := fn + of("invocation", "once", `function_name = lambdasim_function.f.function_name`, `input = "{\"once\":true}"`) +
		of("invocation", "always", `function_name = lambdasim_function.f.function_name`, `input = "{\"always\":true}"`, `lifecycle_scope = "CRUD"`)
	failing := acts("lambdasim_function.f", nothing, fn)
	failing.ExpectError = regexp.MustCompile(`(?s)Deleting an invocation of the function acc-invocation-end.*the function failed`)
	failing.ConfigPlanChecks = resource.ConfigPlanChecks{}
	failing.PreConfig = func() { // fails with what it is sent at the end, and with nothing else
		err := control.New(endpoint).PutScript(t.Context(), name, control.Script{Outcomes: []control.ScriptedOutcome{{Payload: []byte(`1`)}},
			Cases: []control.ScriptCase{{Event: []byte(`{"always":true,"tf":{"action":"delete","prev_input":{"always":true}}}`), Outcomes: []control.ScriptedOutcome{{ErrorType: "E"}}}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	let := acts("lambdasim_function.f", nothing, fn)
	let.PreConfig = func() {
		if err := control.New(endpoint).DeleteScript(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	steps(t, acts("lambdasim_invocation.always", create, hcl), failing, let)
}

func TestAccInvocationEphemeral(t *testing.T) {
	t.Parallel()
	with := map[string]func() (tfprotov6.ProviderServer, error){"lambdasim": factories["lambdasim"], "echo": echoprovider.NewProviderServer()}
	fn := answering(t, "acc-ephemeral")
	hcl := func(arguments ...string) string {
		return fn + "ephemeral \"lambdasim_invocation\" \"i\" {\n  function_name = lambdasim_function.f.function_name\n  " + strings.Join(arguments, "\n  ") + "\n}\nprovider \"echo\" {\n  data = ephemeral.lambdasim_invocation.i\n}\nresource \"echo\" \"e\" {}\n"
	}
	had := func(attribute string, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("echo.e", tfjsonpath.New("data").AtMapKey(attribute), want)
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: with, Steps: []resource.TestStep{
		{Config: config("%s", hcl(`payload = "no"`)), ExpectError: regexp.MustCompile(`Not JSON`)},
		{Config: config("%s", fn)}, // it invokes when it is planned: the function must be there
		{Config: config("%s", hcl(`payload = jsonencode({ a = 1 })`, `log_type = "Tail"`)), ConfigStateChecks: []statecheck.StateCheck{
			had("result", textJSON(`{"a": 1}`)), had("status_code", knownvalue.Int32Exact(200)), had("executed_version", text("$LATEST")), had("function_error", knownvalue.Null()),
			had("log_result", knownvalue.StringRegexp(regexp.MustCompile(`^[A-Za-z0-9+/]+=*$`))), had("region", text("us-east-1")),
		}},
	}})
}

// textJSON wants a text, whatever its white space.
func textJSON(want string) knownvalue.Check {
	return knownvalue.StringRegexp(regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(want), " ", " ?") + "$"))
}
