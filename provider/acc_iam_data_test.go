package provider_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
)

func TestAccIAMDataSources(t *testing.T) {
	hcl := trusted("acc-data-role", `path = "/acc-data/"`, `description = "d"`, `tags = { a = "b" }`) + thing("user", "u", `name = "acc-data-user"`, `path = "/acc-data/"`, `tags = { a = "b" }`) +
		thing("policy", "p", `name = "acc-data-policy"`, "policy = "+allow("s3:*")) + thing("role_policy_attachment", "a", "role = lambdasim_iam_role.r.name", "policy_arn = lambdasim_iam_policy.p.arn") + `
data "lambdasim_iam_role" "r" { name = lambdasim_iam_role.r.name }
data "lambdasim_iam_user" "u" { user_name = lambdasim_iam_user.u.name }
data "lambdasim_iam_policy" "arn" {
  arn        = lambdasim_iam_policy.p.arn
  depends_on = [lambdasim_iam_role_policy_attachment.a]
}
data "lambdasim_iam_policy" "name" { name = lambdasim_iam_policy.p.name }
data "lambdasim_iam_policy" "aws" { arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole" }
data "lambdasim_iam_roles" "all" {
  path_prefix = "/acc-data/"
  name_regex  = "^acc-data-"
  depends_on  = [lambdasim_iam_role.r]
}
`
	const role, arn = "data.lambdasim_iam_role.r", "arn:aws:iam::000000000000:role/acc-data/acc-data-role"
	steps(t,
		acts("lambdasim_iam_role.r", create, hcl,
			at(role, "arn", text(arn)), at(role, "description", text("d")), at(role, "max_session_duration", knownvalue.Int64Exact(3600)), at(role, "tags", knownvalue.MapExact(map[string]knownvalue.Check{"a": text("b")})),
			at(role, "permissions_boundary", text("")), at("data.lambdasim_iam_user.u", "path", text("/acc-data/")), at("data.lambdasim_iam_policy.arn", "attachment_count", knownvalue.Int64Exact(1)),
			at("data.lambdasim_iam_policy.name", "arn", text("arn:aws:iam::000000000000:policy/acc-data-policy")), at("data.lambdasim_iam_policy.aws", "policy", knownvalue.StringRegexp(regexp.MustCompile(`logs:CreateLogGroup`))),
			at("data.lambdasim_iam_roles.all", "arns", textSet(arn)), at("data.lambdasim_iam_roles.all", "names", textSet("acc-data-role"))),
		fails("data \"lambdasim_iam_policy\" \"p\" {\n  name = \"acc-there-is-none\"\n}\n", `there is no policy of this name`),
		acts("lambdasim_iam_role.r", nothing, hcl),
	)
}

func TestAccIAMSimulation(t *testing.T) {
	const s = "data.lambdasim_iam_principal_policy_simulation.s"
	hcl := func(more string) string {
		return thing("user", "u", `name = "acc-simulated"`) + thing("user_policy", "p", "user = lambdasim_iam_user.u.name", `name = "p"`,
			`policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:Get*", Resource = "*", Condition = { StringEquals = { "s3:prefix" = "home" } } }] })`) +
			"data \"lambdasim_iam_principal_policy_simulation\" \"s\" {\n  policy_source_arn = lambdasim_iam_user.u.arn\n  depends_on = [lambdasim_iam_user_policy.p]\n  " + more + "\n}\n"
	}
	key := "context {\n    key = \"s3:prefix\"\n    type = \"string\"\n    values = [\"home\"]\n  }\n"
	result := func(action, decision string, matched int, missing ...string) knownvalue.Check {
		return knownvalue.ObjectPartial(map[string]knownvalue.Check{"action_name": text(action), "decision": text(decision), "allowed": knownvalue.Bool(decision == "allowed"),
			"matched_statements": knownvalue.SetSizeExact(matched), "missing_context_keys": textSet(missing...)})
	}
	steps(t,
		acts("lambdasim_iam_user.u", create, hcl(`action_names = ["s3:GetObject"]`), at(s, "all_allowed", knownvalue.Bool(false)), at(s, "results", knownvalue.SetExact([]knownvalue.Check{result("s3:GetObject", "implicitDeny", 0, "s3:prefix")}))),
		acts("lambdasim_iam_user.u", nothing, hcl(`action_names = ["s3:GetObject"]`+"\n"+key), at(s, "all_allowed", knownvalue.Bool(true)), at(s, "results", knownvalue.SetExact([]knownvalue.Check{result("s3:GetObject", "allowed", 1)}))),
		acts("lambdasim_iam_user.u", nothing, hcl(`action_names = ["s3:GetObject", "s3:PutObject"]`+"\n"+key), at(s, "all_allowed", knownvalue.Bool(false)), at(s, "results", knownvalue.SetSizeExact(2))),
		acts("lambdasim_iam_user.u", nothing, hcl(`action_names = ["s3:PutObject"]`+"\n  additional_policies_json = ["+allow("s3:Put*")+"]"), at(s, "all_allowed", knownvalue.Bool(true))),
		acts("lambdasim_iam_user.u", nothing, hcl(`action_names = ["s3:PutObject"]`+"\n  additional_policies_json = ["+allow("s3:Put*")+"]\n  permissions_boundary_policies_json = ["+allow("s3:Get*")+"]"), at(s, "all_allowed", knownvalue.Bool(false))),
	)
}
