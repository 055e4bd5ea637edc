package provider_test

import (
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// identities is a client of IAM: somebody who changes things behind Terraform's back.
func identities() *iam.Client {
	return iam.NewFromConfig(aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
}

// behind does something behind Terraform's back.
func behind[O any](t *testing.T, do func() (O, error)) func() {
	return func() {
		if _, err := do(); err != nil {
			t.Fatal(err)
		}
	}
}

// allow is a policy, as HCL writes it.
func allow(action string) string {
	return `jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "` + action + `", Resource = "*" }] })`
}

// allowed is the same policy as IAM takes it, written otherwise.
func allowed(action string) *string {
	return aws.String(`{"Statement": {"Resource": ["*"], "Action": ["` + action + `"], "Effect": "Allow"}, "Version": "2012-10-17"}`)
}

// acts is a step that applies a configuration, with what the plan does to a resource.
func acts(name string, action plancheck.ResourceActionType, hcl string, checks ...statecheck.StateCheck) resource.TestStep {
	return resource.TestStep{Config: config("%s", hcl), ConfigStateChecks: checks,
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(name, action)}}}
}

// vanishes is a step in which a resource is gone behind Terraform's back: it is planned anew.
func vanishes(name, hcl string, before func()) resource.TestStep {
	step := acts(name, plancheck.ResourceActionCreate, hcl)
	step.PreConfig = before
	return step
}

// drifts is a step in which a resource was changed behind Terraform's back: it is put right in place.
func drifts(name, hcl string, before func()) resource.TestStep {
	step := acts(name, update, hcl)
	step.PreConfig = before
	return step
}

// failsImport is a step in which an id is refused.
func failsImport(name, id, want string) resource.TestStep {
	return resource.TestStep{ResourceName: name, ImportState: true, ImportStateId: id, ExpectError: regexp.MustCompile(want)}
}

// imports is a step that imports a resource, and compares it.
func imports(name, id string, ignore ...string) resource.TestStep {
	return resource.TestStep{ResourceName: name, ImportState: true, ImportStateId: id, ImportStateVerify: true, ImportStateVerifyIgnore: ignore}
}

func fails(hcl, want string) resource.TestStep {
	return resource.TestStep{Config: config("%s", hcl), ExpectError: regexp.MustCompile(want)}
}

func steps(t *testing.T, list ...resource.TestStep) {
	t.Parallel()
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: list})
}

const (
	update  = plancheck.ResourceActionUpdate
	replace = plancheck.ResourceActionReplace
	create  = plancheck.ResourceActionCreate
	nothing = plancheck.ResourceActionNoop
)

func text(s string) knownvalue.Check { return knownvalue.StringExact(s) }

func textSet(list ...string) knownvalue.Check {
	checks := []knownvalue.Check{}
	for _, s := range list {
		checks = append(checks, text(s))
	}
	return knownvalue.SetExact(checks)
}

func TestAccIAMRolePolicy(t *testing.T) {
	const name = "acc-role-policy"
	hcl := func(policy, more string) string {
		return trusted(name) + "resource \"lambdasim_iam_role_policy\" \"p\" {\n  role = lambdasim_iam_role.r.name\n  " + more + "\n  policy = " + policy + "\n}\n"
	}
	const p = "lambdasim_iam_role_policy.p"
	role, policy := aws.String(name), aws.String("p")
	same := acts(p, nothing, hcl(allow("sqs:*"), `name = "p"`))
	same.PreConfig = behind(t, func() (*iam.PutRolePolicyOutput, error) {
		return identities().PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: role, PolicyName: policy, PolicyDocument: allowed("sqs:*")})
	})
	drift := acts(p, update, hcl(allow("sqs:*"), `name = "p"`))
	drift.PreConfig = behind(t, func() (*iam.PutRolePolicyOutput, error) {
		return identities().PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: role, PolicyName: policy, PolicyDocument: allowed("sns:*")})
	})
	steps(t,
		fails(hcl(`"{\n no"`, ""), `(?s)Not JSON.*2:2: invalid`),
		fails(hcl(`"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Resource\":\"*\"}]}"`, ""), `(?s)IAM does not take this policy.*must contain actions.*line 1, column \d+: statement 1: Action`),
		acts(p, create, hcl(allow("s3:*"), `name = "p"`), at(p, "id", text(name+":p"))),
		acts(p, update, hcl(allow("sqs:*"), `name = "p"`)),
		same, drift,
		imports(p, name+":p"),
		vanishes(p, hcl(allow("sqs:*"), `name = "p"`), behind(t, func() (*iam.DeleteRolePolicyOutput, error) {
			return identities().DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: policy})
		})),
		acts(p, replace, hcl(allow("sqs:*"), `name_prefix = "pre-"`), at(p, "name", knownvalue.StringRegexp(regexp.MustCompile(`^pre-.{26}$`)))),
		resource.TestStep{ResourceName: p, ImportState: true, ImportStateId: name, ExpectError: regexp.MustCompile(`want ROLE:NAME`)},
	)
}

// trusted is a role, with more arguments.
func trusted(name string, more ...string) string {
	hcl := "resource \"lambdasim_iam_role\" \"r\" {\n  name = \"" + name + "\"\n  assume_role_policy = jsonencode({ Version = \"2012-10-17\", Statement = [{ Effect = \"Allow\", Principal = { Service = \"lambda.amazonaws.com\" }, Action = \"sts:AssumeRole\" }] })\n"
	for _, m := range more {
		hcl += "  " + m + "\n"
	}
	return hcl + "}\n"
}

func TestAccIAMRoleArguments(t *testing.T) {
	const name, r = "acc-role", "lambdasim_iam_role.r"
	bounded := "resource \"lambdasim_iam_policy\" \"b\" {\n  name = \"acc-role-bound\"\n  policy = " + allow("*") + "\n}\n"
	steps(t,
		acts(r, create, bounded+trusted(name), at(r, "arn", text("arn:aws:iam::000000000000:role/"+name)), at(r, "max_session_duration", knownvalue.Int64Exact(3600)),
			at(r, "inline_policy", knownvalue.SetSizeExact(0)), at(r, "managed_policy_arns", knownvalue.SetSizeExact(0))),
		acts(r, update, bounded+trusted(name, `description = "d"`, `max_session_duration = 7200`, `permissions_boundary = lambdasim_iam_policy.b.arn`, `tags = { a = "b" }`, `force_detach_policies = true`),
			at(r, "description", text("d")), at(r, "permissions_boundary", text("arn:aws:iam::000000000000:policy/acc-role-bound")), at(r, "tags_all", knownvalue.MapExact(map[string]knownvalue.Check{"a": text("b")}))),
		imports(r, name, "force_detach_policies"),
		acts(r, update, bounded+trusted(name, `force_detach_policies = true`), at(r, "permissions_boundary", knownvalue.Null()), at(r, "tags", knownvalue.Null())),
		acts(r, replace, bounded+trusted(name, `path = "/team/"`, `force_detach_policies = true`), at(r, "arn", text("arn:aws:iam::000000000000:role/team/"+name))),
		vanishes(r, bounded+trusted(name, `path = "/team/"`), behind(t, func() (*iam.DeleteRoleOutput, error) {
			return identities().DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String(name)})
		})),
	)
}

func TestAccIAMRoleHoldsItsPolicies(t *testing.T) {
	const name, r = "acc-role-holds", "lambdasim_iam_role.r"
	role := aws.String(name)
	managed := func(policy string) string { return "arn:aws:iam::aws:policy/service-role/" + policy }
	inline := func(policy, action string) string {
		return "inline_policy {\n    name = \"" + policy + "\"\n    policy = " + allow(action) + "\n  }"
	}
	whole := trusted(name, inline("a", "s3:*"), inline("b", "sqs:*"), `managed_policy_arns = ["`+managed("AWSLambdaBasicExecutionRole")+`"]`)
	added := acts(r, update, whole, at(r, "inline_policy", knownvalue.SetSizeExact(2)), at(r, "managed_policy_arns", textSet(managed("AWSLambdaBasicExecutionRole"))))
	added.PreConfig = func() {
		behind(t, func() (*iam.PutRolePolicyOutput, error) {
			return identities().PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("c"), PolicyDocument: allowed("sns:*")})
		})()
		behind(t, func() (*iam.AttachRolePolicyOutput, error) {
			return identities().AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: aws.String(managed("AWSLambdaKinesisExecutionRole"))})
		})()
	}
	same := acts(r, nothing, whole)
	same.PreConfig = behind(t, func() (*iam.PutRolePolicyOutput, error) {
		return identities().PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("a"), PolicyDocument: allowed("s3:*")})
	})
	emptied := acts(r, update, trusted(name, "inline_policy {}", "managed_policy_arns = []"), at(r, "managed_policy_arns", knownvalue.SetSizeExact(0)))
	left := acts(r, nothing, trusted(name))
	left.PreConfig = behind(t, func() (*iam.PutRolePolicyOutput, error) {
		return identities().PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("d"), PolicyDocument: allowed("sns:*")})
	})
	steps(t,
		fails(trusted(name, "inline_policy {\n    name = \"a\"\n  }"), `Half an inline policy`),
		fails(trusted(name, "inline_policy {\n    name = \"a\"\n    policy = \"{\"\n  }"), `Not JSON`),
		acts(r, create, whole, at(r, "inline_policy", knownvalue.SetSizeExact(2)), at(r, "managed_policy_arns", textSet(managed("AWSLambdaBasicExecutionRole")))),
		imports(r, name, "inline_policy"),
		added, same,
		acts(r, update, trusted(name, inline("a", "s3:Get*"), `managed_policy_arns = ["`+managed("AWSLambdaSQSQueueExecutionRole")+`"]`), at(r, "inline_policy", knownvalue.SetSizeExact(1))),
		emptied,
		left, // and goes with the role, as the state has it
	)
}

func TestAccIAMRolePolicyAttachment(t *testing.T) {
	const name, a = "acc-attach", "lambdasim_iam_role_policy_attachment.a"
	arn := func(policy string) string { return "arn:aws:iam::aws:policy/service-role/" + policy }
	hcl := func(policy string) string {
		return trusted(name) + "resource \"lambdasim_iam_role_policy_attachment\" \"a\" {\n  role = lambdasim_iam_role.r.name\n  policy_arn = \"" + arn(policy) + "\"\n}\n"
	}
	steps(t,
		acts(a, create, hcl("AWSLambdaBasicExecutionRole")),
		imports(a, name+"/"+arn("AWSLambdaBasicExecutionRole")),
		acts(a, replace, hcl("AWSLambdaKinesisExecutionRole")),
		vanishes(a, hcl("AWSLambdaKinesisExecutionRole"), behind(t, func() (*iam.DetachRolePolicyOutput, error) {
			return identities().DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: aws.String(name), PolicyArn: aws.String(arn("AWSLambdaKinesisExecutionRole"))})
		})),
	)
}

func TestAccIAMPolicyResource(t *testing.T) {
	const p = "lambdasim_iam_policy.p"
	hcl := func(action, more string) string {
		return "resource \"lambdasim_iam_policy\" \"p\" {\n  name = \"acc-policy\"\n  policy = " + allow(action) + "\n  " + more + "\n}\n"
	}
	arn := func(path string) string { return "arn:aws:iam::000000000000:policy" + path + "acc-policy" }
	steps(t,
		fails(hcl("s3:*", `delay_after_policy_creation_in_ms = 5`), `delay_after_policy_creation_in_ms is not\s+simulated`),
		acts(p, create, hcl("s3:*", `tags = { a = "b" }`), at(p, "arn", text(arn("/")))),
		imports(p, arn("/")),
		acts(p, update, hcl("sqs:*", `tags = { b = "c" }`), at(p, "tags_all", knownvalue.MapExact(map[string]knownvalue.Check{"b": text("c")}))),
		acts(p, update, hcl("a:*", "")), acts(p, update, hcl("b:*", "")), acts(p, update, hcl("c:*", "")), acts(p, update, hcl("d:*", "")), acts(p, update, hcl("e:*", "")), // more versions than there may be
		acts(p, replace, hcl("e:*", `description = "d"`)),
		acts(p, replace, hcl("e:*", "description = \"d\"\n  path = \"/team/\""), at(p, "arn", text(arn("/team/")))),
	)
}
