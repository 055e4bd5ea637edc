package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

const userPool = function + `
resource "lambdasim_cognito_user_pool" "p" {
  name                     = %[1]q
  auto_verified_attributes = ["email"]
  %[4]s

  lambda_config {
    pre_sign_up = lambdasim_function.f.arn
  }

  schema {
    name                = "team"
    attribute_data_type = "String"
    mutable             = true
  }
}
`

const userOfPool = `
resource "lambdasim_permission" "p" {
  function_name = lambdasim_function.f.function_name
  action        = "lambda:InvokeFunction"
  principal     = "cognito-idp.amazonaws.com"
  source_arn    = lambdasim_cognito_user_pool.p.arn
  statement_id  = "pool"
}
` + userAlone

const userAlone = `
resource "lambdasim_cognito_user" "u" {
  user_pool_id = lambdasim_cognito_user_pool.p.id
  username     = %q
  attributes   = { email = "ada@example.com", "custom:team" = "blue" }
  depends_on   = [%s]
}
`

func TestAccUserPool(t *testing.T) {
	path := source(t, "def handler(event, context):\n    if event['userName'] == 'eve':\n        raise ValueError('not her')\n    return event\n")
	pool := func(more string) string { return fmt.Sprintf(userPool, "acc-pool", path, "", more) }
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{
			Config: config("%s", pool("")),
			ConfigStateChecks: []statecheck.StateCheck{
				at("lambdasim_cognito_user_pool.p", "mfa_configuration", knownvalue.StringExact("OFF")),
				at("lambdasim_cognito_user_pool.p", "password_policy", knownvalue.ListSizeExact(1)),
				at("lambdasim_cognito_user_pool.p", "arn", knownvalue.StringRegexp(regexp.MustCompile(`^arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_\w{9}$`))),
			},
		},
		{ // the pool may not call the function
			Config:      config("%s", pool("")+fmt.Sprintf(userAlone, "ada", "")),
			ExpectError: regexp.MustCompile(`(?s)UnexpectedLambdaException:\s+PreSignUp\s+invocation\s+failed\s+due\s+to\s+error\s+AccessDeniedException.*cognito-idp\.amazonaws\.com`),
		},
		{
			Config: config("%s", pool("")+fmt.Sprintf(userOfPool, "ada", "lambdasim_permission.p")),
			ConfigStateChecks: []statecheck.StateCheck{
				at("lambdasim_cognito_user.u", "status", knownvalue.StringExact("FORCE_CHANGE_PASSWORD")),
				at("lambdasim_cognito_user.u", "sub", knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f-]{36}$`))),
			},
		},
		{ // the function refuses this one
			Config:      config("%s", pool("")+fmt.Sprintf(userOfPool, "eve", "lambdasim_permission.p")),
			ExpectError: regexp.MustCompile(`(?s)UserLambdaValidationException:\s+PreSignUp\s+failed\s+with\s+error\s+not\s+her`),
		},
		{
			Config: config("%s", pool("password_policy {\n    minimum_length = 12\n  }\n  tags = { team = \"x\" }\n  admin_create_user_config {\n    allow_admin_create_user_only = true\n  }")+
				fmt.Sprintf(userOfPool, "ada", "lambdasim_permission.p")),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_cognito_user_pool.p", plancheck.ResourceActionUpdate)}},
		},
		{ResourceName: "lambdasim_cognito_user_pool.p", ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"schema", "password_policy", "last_modified_date", "estimated_number_of_users"}},
	}})
}

func TestAccUserPoolRefusesWhatIsNotSimulated(t *testing.T) {
	for name, argument := range map[string]string{"mfa_configuration": `mfa_configuration = "ON"`, "lambda_config.custom_message": "lambda_config {\n    custom_message = \"arn:aws:lambda:us-east-1:000000000000:function:f\"\n  }",
		"user_pool_add_ons": "user_pool_add_ons {\n    advanced_security_mode = \"OFF\"\n  }"} {
		t.Run(name, func(t *testing.T) {
			resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
				{Config: config("resource \"lambdasim_cognito_user_pool\" \"p\" {\n  name = \"acc-refused\"\n  %s\n}\n", argument), PlanOnly: true, ExpectError: regexp.MustCompile(regexp.QuoteMeta(name) + ` is not\s+simulated`)},
			}})
		})
	}
}
