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

// An SCP refuses what the account's own root user asks for.
func TestAccAccount(t *testing.T) {
	const member = "lambdasim_account.member"
	const hcl = `
provider "lambdasim" {
  endpoint   = %q
  account_id = "111111111111"
}
resource "lambdasim_account" "member" {
  account_id      = "111111111111"
  organization_id = "o-a1b2c3d4e5"
  %s
}
resource "lambdasim_sqs_queue" "q" {
  name       = "acc-account"
  depends_on = [lambdasim_account.member]
}
`
	const levels = `
  organization_path = "o-a1b2c3d4e5/r-ab12/"
  service_control_policies = [
    [jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })],
    [jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = %s, Resource = "*" }] })],
  ]
  resource_control_policies = [jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Principal = "*", Action = "sqs:PurgeQueue", Resource = "*" }] })]`
	with := func(more string) string { return fmt.Sprintf(hcl, endpoint, more) }
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: with(`service_control_policies = [[]]`), ExpectError: regexp.MustCompile(`level 1 is\s+empty`)},
		{Config: with(`service_control_policies = [["{"]]`), ExpectError: regexp.MustCompile(`(?i)json`)},
		{
			Config:      with(fmt.Sprintf(levels, `"lambda:*"`)),
			ExpectError: regexp.MustCompile(`because no service\s+control\s+policy allows the\s+sqs:createqueue action`),
		},
		{
			Config: with(fmt.Sprintf(levels, `["lambda:*", "sqs:*"]`)),
			ConfigStateChecks: []statecheck.StateCheck{at(member, "id", exact("111111111111")), at(member, "management_account", knownvalue.Bool(false)),
				at("lambdasim_sqs_queue.q", "arn", exact("arn:aws:sqs:us-east-1:111111111111:acc-account"))},
		},
		{ResourceName: member, ImportState: true, ImportStateId: "111111111111", ImportStateVerify: true},
		{
			Config:            with(`management_account = true`),
			ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(member, plancheck.ResourceActionUpdate)}},
			ConfigStateChecks: []statecheck.StateCheck{at(member, "service_control_policies", knownvalue.Null()), at(member, "organization_path", knownvalue.Null())},
		},
		{Config: with("") + "\nresource \"lambdasim_account\" \"twice\" {\n  account_id = \"111111111111\"\n  organization_id = \"o-a1b2c3d4e5\"\n  depends_on = [lambdasim_account.member]\n}\n",
			ExpectError: regexp.MustCompile(`The account is described already`)},
	}})
}
