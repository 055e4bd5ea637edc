package provider_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const logGroup = `
resource "lambdasim_cloudwatch_log_group" "g" {
  name = "/aws/lambda/acc-logs"
  %s
}
`

func TestAccLogGroup(t *testing.T) {
	arn := "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/acc-logs"
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{
			Config: config(logGroup+`
data "lambdasim_cloudwatch_log_group" "g" {
  name = lambdasim_cloudwatch_log_group.g.name
}
`, "retention_in_days = 14\n  tags = { team = \"x\" }"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectKnownValue("lambdasim_cloudwatch_log_group.g", tfjsonpath.New("arn"), knownvalue.StringExact(arn))}},
			ConfigStateChecks: []statecheck.StateCheck{
				at("data.lambdasim_cloudwatch_log_group.g", "retention_in_days", knownvalue.Int64Exact(14)), at("data.lambdasim_cloudwatch_log_group.g", "arn", knownvalue.StringExact(arn)),
				at("lambdasim_cloudwatch_log_group.g", "log_group_class", knownvalue.StringExact("STANDARD")),
			},
		},
		{
			Config:           config(logGroup, "tags = { stage = \"y\" }"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_cloudwatch_log_group.g", plancheck.ResourceActionUpdate)}},
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_cloudwatch_log_group.g", "retention_in_days", knownvalue.Int64Exact(0)),
				at("lambdasim_cloudwatch_log_group.g", "tags_all", knownvalue.MapExact(map[string]knownvalue.Check{"stage": knownvalue.StringExact("y")}))},
		},
		{Config: config(logGroup, `kms_key_id = "arn:aws:kms:us-east-1:000000000000:key/k"`), PlanOnly: true, ExpectError: regexp.MustCompile(`kms_key_id is not simulated`)},
		{Config: config(logGroup, "tags = { stage = \"y\" }")},
		{ResourceName: "lambdasim_cloudwatch_log_group.g", ImportState: true, ImportStateId: "/aws/lambda/acc-logs", ImportStateVerify: true},
	}})
}
