package provider_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

func TestAccDataThatIsComputed(t *testing.T) {
	const a, p, d = "data.lambdasim_arn.a", "data.lambdasim_service_principal.p", "data.lambdasim_default_tags.d"
	steps(t,
		fails(`data "lambdasim_arn" "a" { arn = "arn:aws:sqs" }`, `want arn:partition`),
		resource.TestStep{Config: config("data \"lambdasim_arn\" \"a\" {\n  arn = \"arn:aws:logs:eu-west-1:111122223333:log-group:/a:b\"\n}\ndata \"lambdasim_service_principal\" \"p\" {\n  service_name = \"s3\"\n}\ndata \"lambdasim_default_tags\" \"d\" {}\n"),
			ConfigStateChecks: []statecheck.StateCheck{at(a, "partition", text("aws")), at(a, "service", text("logs")), at(a, "region", text("eu-west-1")), at(a, "account", text("111122223333")), at(a, "resource", text("log-group:/a:b")),
				at(p, "name", text("s3.amazonaws.com")), at(p, "id", text("s3.us-east-1.amazonaws.com")), at(d, "tags", knownvalue.MapSizeExact(0))}},
	)
}

// An organization is what lambdasim_account says of its accounts.
func TestAccOrganizationDataSource(t *testing.T) {
	const o, org = "data.lambdasim_organizations_organization.o", "o-a1b2c3d4e9"
	provider := "provider \"lambdasim\" {\n  endpoint   = \"" + endpoint + "\"\n  account_id = \"888800000001\"\n}\n"
	data := provider + "data \"lambdasim_organizations_organization\" \"o\" {\n  depends_on = [lambdasim_account.a, lambdasim_account.b]\n}\n"
	accounts := of("account", "a", `account_id = "888800000001"`, `organization_id = "`+org+`"`, `management_account = true`, `organization_path = "`+org+`/r-ab12/"`) + of("account", "b", `account_id = "888800000002"`, `organization_id = "`+org+`"`)
	member := func(id string) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{"id": text(id), "arn": text("arn:aws:organizations::888800000001:account/" + org + "/" + id)})
	}
	steps(t,
		resource.TestStep{Config: provider + "data \"lambdasim_organizations_organization\" \"o\" {}\n", ExpectError: regexp.MustCompile(`AWSOrganizationsNotInUseException`)},
		resource.TestStep{Config: accounts + data, ConfigStateChecks: []statecheck.StateCheck{at(o, "id", text(org)), at(o, "arn", text("arn:aws:organizations::888800000001:organization/"+org)), at(o, "master_account_id", text("888800000001")),
			at(o, "accounts", knownvalue.ListExact([]knownvalue.Check{member("888800000001"), member("888800000002")})), at(o, "non_master_accounts", knownvalue.ListExact([]knownvalue.Check{member("888800000002")})),
			within(o, text("r-ab12"), "roots", 0, "id")}},
	)
}
