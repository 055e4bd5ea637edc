package provider_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/provider"
)

// endpoint is the backend that all acceptance tests share; each uses names of its own.
var endpoint string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	for _, name := range []string{"TF_CLI_CONFIG_FILE", "AWS_CA_BUNDLE", "AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL"} {
		_ = os.Unsetenv(name) // what the machine has for other purposes
	}
	dir, err := os.MkdirTemp("/tmp", "lambdasim-acc-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b, err := backend.New(backend.Config{Listen: "127.0.0.1:0", StateDir: dir})
	if err == nil {
		err = b.Start(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the backend of the acceptance tests:", err)
		return 1
	}
	defer func() { _ = b.Close(context.Background()) }()
	endpoint = b.URL()
	return m.Run()
}

var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"lambdasim": providerserver.NewProtocol6WithError(provider.New("test")()),
}

// config is HCL with the provider's block before it.
func config(hcl string, args ...any) string {
	return fmt.Sprintf("provider \"lambdasim\" {\n  endpoint = %q\n}\n", endpoint) + fmt.Sprintf(hcl, args...)
}

// source is a Python function in a file of the test's own.
func source(t *testing.T, code string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "main.py")
	if err := os.WriteFile(path, []byte(code), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const role = `
resource "lambdasim_iam_role" "r" {
  name = %[1]q
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}
`

const function = role + `
resource "lambdasim_function" "f" {
  function_name = %[1]q
  role          = lambdasim_iam_role.r.arn
  runtime       = "python3.12"
  handler       = "main.handler"
  filename      = %[2]q
  %[3]s
}
`

func at(resource, attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(resource, tfjsonpath.New(attribute), want)
}

func TestAccFunction(t *testing.T) {
	path := source(t, "def handler(event, context): return {'got': event}")
	arn := "arn:aws:lambda:us-east-1:000000000000:function:acc-function"
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{
			Config: config(function+`
data "lambdasim_invocation" "i" {
  function_name = lambdasim_function.f.function_name
  input         = jsonencode({ n = 1 })
}
output "arn" { value = lambdasim_function.f.arn }
`, "acc-function", path, ""),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue("lambdasim_function.f", tfjsonpath.New("arn"), knownvalue.StringExact(arn)), // known before it is made
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				at("lambdasim_function.f", "memory_size", knownvalue.Int64Exact(128)), at("lambdasim_function.f", "timeout", knownvalue.Int64Exact(3)),
				at("lambdasim_function.f", "version", knownvalue.StringExact("$LATEST")),
				at("lambdasim_function.f", "architectures", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("x86_64")})),
				at("data.lambdasim_invocation.i", "result", knownvalue.StringRegexp(regexp.MustCompile(`{"got": ?{"n": ?1}}`))),
			},
		},
		{
			Config:           config(function, "acc-function", path, "timeout = 9\n  environment {\n    variables = { AB = \"b\" }\n  }\n  tags = { team = \"x\" }\n  description = \"d\""),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_function.f", plancheck.ResourceActionUpdate)}},
			ConfigStateChecks: []statecheck.StateCheck{
				at("lambdasim_function.f", "timeout", knownvalue.Int64Exact(9)), at("lambdasim_function.f", "tags_all", knownvalue.MapExact(map[string]knownvalue.Check{"team": knownvalue.StringExact("x")})),
			},
		},
		{ResourceName: "lambdasim_function.f", ImportState: true, ImportStateId: "acc-function", ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"filename", "source_code_hash", "publish", "skip_destroy"}},
		{
			PreConfig: func() {
				if err := os.WriteFile(path, []byte("def handler(event, context): return 'new'"), 0o644); err != nil {
					t.Fatal(err)
				}
			}, // the code alone has changed, and no hash is configured
			Config:           config(function, "acc-function", path, "timeout = 9\n  environment {\n    variables = { AB = \"b\" }\n  }\n  tags = { team = \"x\" }\n  description = \"d\""),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_function.f", plancheck.ResourceActionUpdate)}},
		},
		{Config: config(function, "acc-function", path, "")}, // environment, tags and description are removed in place
	}})
}

func TestAccFunctionRefusesWhatIsNotSimulated(t *testing.T) {
	path := source(t, "")
	for _, argument := range []string{`publish_to = "LATEST_PUBLISHED"`, `code_signing_config_arn = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0"`,
		"durable_config {\n    execution_timeout = 9\n  }", "tenancy_config {\n    tenant_isolation_mode = \"PER_TENANT\"\n  }"} {
		name := regexp.MustCompile(`^\w+`).FindString(argument)
		t.Run(name, func(t *testing.T) {
			resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
				{Config: config(function, "acc-refused", path, argument), PlanOnly: true, ExpectError: regexp.MustCompile(name + ` is not simulated`)},
			}})
		})
	}
}

const push = function + `
resource "lambdasim_s3_bucket" "b" {
  bucket        = "%[1]s-bucket"
  force_destroy = true
}
resource "lambdasim_permission" "p" {
  function_name = lambdasim_function.f.function_name
  action        = "lambda:InvokeFunction"
  principal     = "s3.amazonaws.com"
  source_arn    = %[4]s
  statement_id  = "s3"
}
resource "lambdasim_s3_bucket_notification" "n" {
  bucket = lambdasim_s3_bucket.b.id
  lambda_function {
    lambda_function_arn = lambdasim_function.f.arn
    events              = ["s3:ObjectCreated:*"]
  }
  depends_on = [lambdasim_permission.p]
}
`

func TestAccPush(t *testing.T) {
	path := source(t, "def handler(event, context): return None")
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(push, "acc-push", path, "", `"arn:aws:s3:::elsewhere"`), ExpectError: regexp.MustCompile(`Unable to validate the following destination configurations`)},
		{
			Config: config(push+`
resource "lambdasim_s3_object" "o" {
  bucket     = lambdasim_s3_bucket.b.id
  key        = "a.txt"
  content    = "hello"
  depends_on = [lambdasim_s3_bucket_notification.n]
}
data "lambdasim_deliveries" "d" {
  function   = lambdasim_function.f.function_name
  depends_on = [lambdasim_s3_object.o]
}
`, "acc-push", path, "", "lambdasim_s3_bucket.b.arn"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.lambdasim_deliveries.d", tfjsonpath.New("deliveries").AtSliceIndex(0).AtMapKey("outcome"), knownvalue.StringExact("delivered")),
				statecheck.ExpectKnownValue("data.lambdasim_deliveries.d", tfjsonpath.New("deliveries").AtSliceIndex(0).AtMapKey("source_service"), knownvalue.StringExact("s3")),
			},
		},
		{ResourceName: "lambdasim_permission.p", ImportState: true, ImportStateId: "acc-push/s3", ImportStateVerify: true},
		{ResourceName: "lambdasim_s3_bucket_notification.n", ImportState: true, ImportStateId: "acc-push-bucket", ImportStateVerify: true},
		{ResourceName: "lambdasim_s3_bucket.b", ImportState: true, ImportStateId: "acc-push-bucket", ImportStateVerify: true, ImportStateVerifyIgnore: []string{"force_destroy"}},
		{ResourceName: "lambdasim_iam_role.r", ImportState: true, ImportStateId: "acc-push", ImportStateVerify: true},
	}})
}

func TestAccPull(t *testing.T) {
	path := source(t, "def handler(event, context): return None")
	const hcl = function + `
resource "lambdasim_kinesis_stream" "s" {
  name        = %[1]q
  shard_count = 2
}
resource "lambdasim_iam_role_policy" "read" {
  role   = lambdasim_iam_role.r.name
  name   = "read"
  policy = data.lambdasim_iam_policy_document.read.json
}
data "lambdasim_iam_policy_document" "read" {
  statement {
    actions   = ["kinesis:*"]
    resources = [lambdasim_kinesis_stream.s.arn]
  }
}
resource "lambdasim_event_source_mapping" "m" {
  function_name     = lambdasim_function.f.function_name
  event_source_arn  = lambdasim_kinesis_stream.s.arn
  starting_position = "TRIM_HORIZON"
  %[4]s
  depends_on = [lambdasim_iam_role_policy.read]
}
`
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{
			Config: config(hcl, "acc-pull", path, "", ""),
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_event_source_mapping.m", "batch_size", knownvalue.Int64Exact(100)),
				at("lambdasim_event_source_mapping.m", "state", knownvalue.StringExact("Enabled"))},
		},
		{
			Config:           config(hcl, "acc-pull", path, "", "batch_size = 7\n  enabled = false"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_event_source_mapping.m", plancheck.ResourceActionUpdate)}},
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_event_source_mapping.m", "batch_size", knownvalue.Int64Exact(7)),
				at("lambdasim_event_source_mapping.m", "state", knownvalue.StringExact("Disabled"))},
		},
		{ResourceName: "lambdasim_event_source_mapping.m", ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"function_name"}},
		{ResourceName: "lambdasim_kinesis_stream.s", ImportState: true, ImportStateId: "acc-pull", ImportStateVerify: true},
		{Config: config(hcl, "acc-pull", path, "", "tumbling_window_in_seconds = 901"), ExpectError: regexp.MustCompile(`between 0 and 900`)},
		{
			Config:           config(hcl, "acc-pull", path, "", "tumbling_window_in_seconds = 5"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_event_source_mapping.m", plancheck.ResourceActionUpdate)}},
		},
		{ResourceName: "lambdasim_event_source_mapping.m", ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"function_name"}},
		{Config: config(hcl, "acc-pull", path, "", "")},
	}})
}

func TestAccDriftIsSeen(t *testing.T) {
	path := source(t, "def handler(event, context): return None")
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(push, "acc-drift", path, "", "lambdasim_s3_bucket.b.arn")},
		{
			PreConfig: func() {
				if err := control.New(endpoint).Reset(t.Context(), "000000000000"); err != nil {
					t.Fatal(err)
				}
			}, // everything is gone
			Config:             config(push, "acc-drift", path, "", "lambdasim_s3_bucket.b.arn"),
			PlanOnly:           true,
			ExpectNonEmptyPlan: true,
		},
	}})
}
