package provider_test

import (
	"context"
	"fmt"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// lambdaBehind is a client that changes things behind Terraform's back.
func lambdaBehind() *lambda.Client {
	return lambda.NewFromConfig(aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
}

// check is a check of what the backend has, whatever the state says.
func check(f func() error) resource.TestCheckFunc {
	return func(*terraform.State) error { return f() }
}

const versionARN = "arn:aws:lambda:us-east-1:000000000000:function:"

// Peers' tests of publish (enablePublish, disablePublish, loggingConfigWithPublish): publish alone makes a version, so does each
// change, and nothing else does.
func TestAccFunctionPublishes(t *testing.T) {
	path := source(t, "def handler(event, context): return 1")
	step := func(arguments, version string) resource.TestStep {
		return resource.TestStep{Config: config(function, "acc-publish", path, arguments),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr("lambdasim_function.f", "version", version),
				resource.TestCheckResourceAttr("lambdasim_function.f", "qualified_arn", versionARN+"acc-publish:"+version),
				resource.TestCheckResourceAttr("lambdasim_function.f", "qualified_invoke_arn",
					"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"+versionARN+"acc-publish:"+version+"/invocations"))}
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		step(``, "$LATEST"),
		step(`publish = true`, "1"),
		step("publish = true\ntimeout = 9", "2"),
		step("publish = true\ntimeout = 9\ntags = { a = 1 }", "2"),
		step("timeout = 10", "2"),
		step("publish = true\ntimeout = 10\nreserved_concurrent_executions = 5", "3"),
		{ResourceName: "lambdasim_function.f", ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"filename", "publish", "source_code_hash"}},
	}})
}

func TestAccFunctionPublishesWhatItIsMadeOf(t *testing.T) {
	path := source(t, "def handler(event, context): return 1")
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(function, "acc-publish-first", path, "publish = true"), Check: resource.TestCheckResourceAttr("lambdasim_function.f", "version", "1")},
	}})
}

func TestAccFunctionReservesConcurrency(t *testing.T) {
	path := source(t, "def handler(event, context): return 1")
	reserved := func(want *int32) resource.TestCheckFunc {
		return check(func() error {
			out, err := lambdaBehind().GetFunctionConcurrency(context.Background(), &lambda.GetFunctionConcurrencyInput{FunctionName: aws.String("acc-reserved")})
			if err != nil {
				return err
			}
			if got := out.ReservedConcurrentExecutions; (got == nil) != (want == nil) || got != nil && *got != *want {
				return fmt.Errorf("the backend reserves %v", got)
			}
			return nil
		})
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(function, "acc-reserved", path, "reserved_concurrent_executions = 0"), Check: reserved(aws.Int32(0))},
		{Config: config(function, "acc-reserved", path, "reserved_concurrent_executions = 7"), Check: reserved(aws.Int32(7))},
		{Config: config(function, "acc-reserved", path, ""), Check: reserved(nil)},
		{Config: config(function, "acc-reserved", path, "reserved_concurrent_executions = 901"), ExpectError: regexp.MustCompile(`UnreservedConcurrentExecution`)},
	}})
}

const alias = function + `
resource "lambdasim_alias" "a" {
  name             = "live"
  function_name    = lambdasim_function.f.function_name
  function_version = %[4]q
  %[5]s
}
`

func TestAccAlias(t *testing.T) {
	path := source(t, "def handler(event, context): return 1")
	const name = "acc-alias"
	empty := resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(alias+`
data "lambdasim_alias" "a" {
  function_name = lambdasim_alias.a.function_name
  name          = lambdasim_alias.a.name
}
`, name, path, "publish = true", "1", `description = "one"`), ConfigPlanChecks: empty, Check: resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr("lambdasim_alias.a", "arn", versionARN+name+":live"),
			resource.TestCheckResourceAttr("data.lambdasim_alias.a", "arn", versionARN+name+":live"),
			resource.TestCheckResourceAttr("data.lambdasim_alias.a", "function_version", "1"),
			resource.TestCheckResourceAttr("data.lambdasim_alias.a", "description", "one"),
			resource.TestCheckResourceAttr("lambdasim_alias.a", "invoke_arn", "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"+versionARN+name+":live/invocations"))},
		{Config: config(alias, name, path, "publish = true\ntimeout = 4", "1", "routing_config {\n    additional_version_weights = { \"2\" = 0.25 }\n  }"), ConfigPlanChecks: empty,
			Check: resource.TestCheckResourceAttr("lambdasim_alias.a", "routing_config.0.additional_version_weights.2", "0.25")},
		{ResourceName: "lambdasim_alias.a", ImportState: true, ImportStateId: name + "/live", ImportStateVerify: true},
		{Config: config(alias, name, path, "publish = true\ntimeout = 4", "2", ""), ConfigPlanChecks: empty, Check: check(func() error {
			out, err := lambdaBehind().GetAlias(context.Background(), &lambda.GetAliasInput{FunctionName: aws.String(name), Name: aws.String("live")})
			if err == nil && (*out.FunctionVersion != "2" || out.RoutingConfig != nil || *out.Description != "") {
				err = fmt.Errorf("the alias is %+v", out)
			}
			return err
		})},
		{PreConfig: func() {
			if _, err := lambdaBehind().DeleteAlias(context.Background(), &lambda.DeleteAliasInput{FunctionName: aws.String(name), Name: aws.String("live")}); err != nil {
				t.Fatal(err)
			}
		}, Config: config(alias, name, path, "publish = true\ntimeout = 4", "2", ""),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_alias.a", plancheck.ResourceActionCreate)}}},
		{Config: config(alias, name, path, "publish = true\ntimeout = 4", "77", ""), ExpectError: regexp.MustCompile(`Function not found`)},
	}})
}

func TestAccPermissionOfAnAlias(t *testing.T) {
	path := source(t, "def handler(event, context): return 1")
	const name = "acc-alias-permission"
	hcl := config(alias+`
resource "lambdasim_permission" "p" {
  statement_id             = "url"
  function_name            = lambdasim_alias.a.function_name
  qualifier                = lambdasim_alias.a.name
  action                   = %[6]q
  principal                = "*"
  principal_org_id         = "o-1234567890"
  function_url_auth_type   = "AWS_IAM"
}
resource "lambdasim_permission" "alexa" {
  statement_id       = "alexa"
  function_name      = lambdasim_alias.a.function_name
  qualifier          = lambdasim_alias.a.name
  action             = "lambda:InvokeFunction"
  principal          = "alexa-appkit.amazon.com"
  event_source_token = "amzn1.ask.skill.x"
}
resource "lambdasim_permission" "via" {
  statement_id             = "via"
  function_name            = lambdasim_alias.a.function_name
  qualifier                = lambdasim_alias.a.name
  action                   = "lambda:InvokeFunction"
  principal                = "*"
  invoked_via_function_url = true
}
`, name, path, "publish = true", "1", "", "lambda:InvokeFunctionUrl")
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: hcl, ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}, Check: check(func() error {
			out, err := lambdaBehind().GetPolicy(context.Background(), &lambda.GetPolicyInput{FunctionName: aws.String(name), Qualifier: aws.String("live")})
			if err == nil && !regexp.MustCompile(`"Resource":"[^"]*:live".*lambda:FunctionUrlAuthType|lambda:FunctionUrlAuthType.*"Resource":"[^"]*:live"`).MatchString(*out.Policy) {
				err = fmt.Errorf("the policy is %s", *out.Policy)
			}
			return err
		})},
		{ResourceName: "lambdasim_permission.p", ImportState: true, ImportStateId: name + ":live/url", ImportStateVerify: true},
		{ResourceName: "lambdasim_permission.via", ImportState: true, ImportStateId: name + ":live/via", ImportStateVerify: true},
	}})
}

func TestAccResourcePolicy(t *testing.T) {
	path := source(t, "def handler(event, context): return 1")
	const name = "acc-resource-policy"
	hcl := func(sid string) string {
		return config(function+`
resource "lambdasim_resource_policy" "p" {
  resource_arn = lambdasim_function.f.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = %[4]q, Effect = "Deny", Principal = { AWS = "222222222222" }, Action = "lambda:InvokeFunction", Resource = lambdasim_function.f.arn }]
  })
}
`, name, path, "", sid)
	}
	get := func(sid string) resource.TestCheckFunc {
		return check(func() error {
			out, err := lambdaBehind().GetPolicy(context.Background(), &lambda.GetPolicyInput{FunctionName: aws.String(name)})
			if err == nil && !regexp.MustCompile(`"Sid":"`+sid+`"`).MatchString(*out.Policy) {
				err = fmt.Errorf("the policy is %s", *out.Policy)
			}
			return err
		})
	}
	empty := resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: hcl("one"), ConfigPlanChecks: empty, Check: get("one")},
		{Config: hcl("two"), ConfigPlanChecks: empty, Check: get("two")},
		{ResourceName: "lambdasim_resource_policy.p", ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"policy"}},
		{PreConfig: func() {
			if _, err := lambdaBehind().DeleteResourcePolicy(context.Background(), &lambda.DeleteResourcePolicyInput{ResourceArn: aws.String(versionARN + name)}); err != nil {
				t.Fatal(err)
			}
		}, Config: hcl("two"), Check: get("two"), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction("lambdasim_resource_policy.p", plancheck.ResourceActionCreate)}}},
	}})
}

func TestAccProvisionedConcurrency(t *testing.T) {
	path := source(t, "def handler(event, context): return 1")
	const name = "acc-provisioned"
	hcl := func(n int) string {
		return config(alias+`
resource "lambdasim_provisioned_concurrency_config" "p" {
  function_name                     = lambdasim_alias.a.function_name
  qualifier                         = lambdasim_alias.a.name
  provisioned_concurrent_executions = %[6]d
}
`, name, path, "publish = true", "1", "", n)
	}
	empty := resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: hcl(2), ConfigPlanChecks: empty},
		{Config: hcl(3), ConfigPlanChecks: empty, Check: check(func() error {
			out, err := lambdaBehind().GetProvisionedConcurrencyConfig(context.Background(), &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: aws.String(name), Qualifier: aws.String("live")})
			if err == nil && *out.RequestedProvisionedConcurrentExecutions != 3 {
				err = fmt.Errorf("got %+v", out)
			}
			return err
		})},
		{ResourceName: "lambdasim_provisioned_concurrency_config.p", ImportState: true, ImportStateId: name + ",live", ImportStateVerify: true},
		{PreConfig: func() {
			if _, err := lambdaBehind().DeleteProvisionedConcurrencyConfig(context.Background(), &lambda.DeleteProvisionedConcurrencyConfigInput{FunctionName: aws.String(name), Qualifier: aws.String("live")}); err != nil {
				t.Fatal(err)
			}
		}, Config: hcl(3), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction("lambdasim_provisioned_concurrency_config.p", plancheck.ResourceActionCreate)}}},
	}})
}
