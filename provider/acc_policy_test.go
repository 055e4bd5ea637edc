package provider_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// policyDocument is the first example of the AWS provider's tests of aws_iam_policy_document, and policyDocumentJSON what it
// expects of it, without the empty sids that v6 leaves out.
const policyDocument = `
data "lambdasim_iam_policy_document" "d" {
  policy_id = "policy_id"
  statement {
    sid       = "1"
    actions   = ["s3:ListAllMyBuckets", "s3:GetBucketLocation"]
    resources = ["arn:aws:s3:::*"]
  }
  statement {
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::foo"]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["home/", "", "home/&{aws:username}/"]
    }
    not_principals {
      type        = "AWS"
      identifiers = ["arn:blahblah:example"]
    }
  }
  statement {
    effect        = "Deny"
    not_actions   = ["s3:*"]
    not_resources = ["arn:aws:s3:::*"]
  }
  statement {
    actions = ["firehose:*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
`

const policyDocumentJSON = `{
  "Version": "2012-10-17",
  "Id": "policy_id",
  "Statement": [
    {
      "Sid": "1",
      "Effect": "Allow",
      "Action": [
        "s3:ListAllMyBuckets",
        "s3:GetBucketLocation"
      ],
      "Resource": "arn:aws:s3:::*"
    },
    {
      "Effect": "Allow",
      "Action": "s3:ListBucket",
      "Resource": "arn:aws:s3:::foo",
      "NotPrincipal": {
        "AWS": "arn:blahblah:example"
      },
      "Condition": {
        "StringLike": {
          "s3:prefix": [
            "home/",
            "",
            "home/${aws:username}/"
          ]
        }
      }
    },
    {
      "Effect": "Deny",
      "NotAction": "s3:*",
      "NotResource": "arn:aws:s3:::*"
    },
    {
      "Effect": "Allow",
      "Action": "firehose:*",
      "Principal": "*"
    }
  ]
}`

func TestAccPolicyDocument(t *testing.T) {
	const composed = `
data "lambdasim_iam_policy_document" "a" {
  statement {
    sid     = "one"
    actions = ["s3:*"]
  }
}
data "lambdasim_iam_policy_document" "c" {
  source_policy_documents   = [data.lambdasim_iam_policy_document.a.json, null, ""]
  override_policy_documents = [jsonencode({ Id = "of the override", Statement = [{ Sid = "two", Effect = "Deny", Action = ["a:b", "a:c"], Resource = "*" }] })]
  statement {
    sid     = "two"
    actions = ["sqs:*"]
  }
}
`
	old := func(argument string) string {
		return "data \"lambdasim_iam_policy_document\" \"d\" {\n  version = \"2008-10-17\"\n  statement {\n    actions = [\"*\"]\n    " + argument + "\n  }\n}\n"
	}
	unsupported := regexp.MustCompile(`found\s+&\{\s+sequence\s+in\s+\(&\{aws:username\}\),\s+which\s+is\s+not\s+supported\s+in\s+document\s+version\s+2008-10-17`)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(composed), ConfigStateChecks: []statecheck.StateCheck{at("data.lambdasim_iam_policy_document.c", "minified_json",
			knownvalue.StringExact(`{"Version":"2012-10-17","Id":"of the override","Statement":[{"Sid":"one","Effect":"Allow","Action":"s3:*"},{"Sid":"two","Effect":"Deny","Action":["a:b","a:c"],"Resource":"*"}]}`))}},
		{Config: config("%s", old(`resources = ["&{aws:username}"]`)), ExpectError: unsupported},
		{Config: config("%s", old(`condition {
      test     = "StringLike"
      variable = "k"
      values   = ["&{aws:username}"]
    }`)), ExpectError: unsupported},
		{Config: config("%s", old(`sid = "not alphanumeric"`)), ExpectError: regexp.MustCompile(`must only include alphanumeric characters`)},
		{Config: config("data \"lambdasim_iam_policy_document\" \"d\" {\n  source_policy_documents = [\"{\\n  no\"]\n}\n"), ExpectError: regexp.MustCompile(`2:3: invalid character`)},
		{Config: config("%s", policyDocument), ConfigStateChecks: []statecheck.StateCheck{at("data.lambdasim_iam_policy_document.d", "json", knownvalue.StringExact(policyDocumentJSON))}},
	}})
}

func TestAccPolicyFunctions(t *testing.T) {
	const hcl = `
locals {
  read = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "Read", Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::b/*", Condition = { StringEquals = { "aws:username" = "ada" } } }] })
  request = {
    principal         = "arn:aws:iam::111122223333:user/ada"
    action            = "s3:GetObject"
    resource          = "arn:aws:s3:::b/k"
    identity_policies = [local.read]
  }
  decision = provider::lambdasim::policy_decision(merge(local.request, %s))
}
output "allowed" { value = local.decision.allowed }
output "verdict" { value = local.decision.verdict }
output "matched" { value = [for s in local.decision.matched : "${s.policy}/${s.sid}"] }
output "unmatched" { value = [for s in local.decision.unmatched : s.mismatch] }
output "message" { value = local.decision.message }
output "same" { value = provider::lambdasim::policy_equivalent(local.read, jsonencode(jsondecode(replace(local.read, "\"s3:GetObject\"", "[\"s3:GetObject\"]")))) }
output "other" { value = provider::lambdasim::policy_equivalent(local.read, "{}") }
`
	is := func(output string, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownOutputValue(output, want)
	}
	texts := func(list ...string) knownvalue.Check {
		checks := []knownvalue.Check{}
		for _, text := range list {
			checks = append(checks, knownvalue.StringExact(text))
		}
		return knownvalue.TupleExact(checks)
	}
	step := func(change string, checks ...statecheck.StateCheck) resource.TestStep {
		return resource.TestStep{Config: config(hcl, change), ConfigStateChecks: checks}
	}
	wrong := func(change, want string) resource.TestStep {
		return resource.TestStep{Config: config(hcl, change), ExpectError: regexp.MustCompile(want)}
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		step(`{}`, is("allowed", knownvalue.Bool(true)), is("verdict", knownvalue.StringExact("allowed")), is("matched", texts("identity_policies[0]/Read")), is("message", knownvalue.StringExact("")),
			is("same", knownvalue.Bool(true)), is("other", knownvalue.Bool(false))),
		step(`{ principal = "arn:aws:iam::111122223333:user/people/bob" }`, is("allowed", knownvalue.Bool(false)), is("verdict", knownvalue.StringExact("implicitDeny")), is("matched", texts()),
			is("message", knownvalue.StringRegexp(regexp.MustCompile(`^User: arn:aws:iam::111122223333:user/people/bob is not authorized to perform: s3:GetObject`)))),
		step(`{ context = { "aws:UserName" = ["ada"] }, principal = "arn:aws:iam::111122223333:role/r" }`, is("allowed", knownvalue.Bool(true))),
		step(`{ resource_policy = jsonencode({ Version = "2012-10-17", Statement = { Effect = "Deny", Principal = "*", Action = "s3:*", Resource = "*" } }) }`, is("verdict", knownvalue.StringExact("explicitDeny"))),
		step(`{ permissions_boundary = jsonencode({ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "sqs:*", Resource = "*" } }) }`, is("verdict", knownvalue.StringExact("implicitDeny"))),
		step(`{ scps = [[local.read], [jsonencode({ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "sqs:*", Resource = "*" } })]] }`, is("verdict", knownvalue.StringExact("implicitDeny"))),
		step(`{ scps = [local.read], session_policies = [local.read], principal = "arn:aws:sts::111122223333:assumed-role/r/s", context = { "aws:username" = "ada" } }`, is("verdict", knownvalue.StringExact("allowed"))),
		step(`{ principal = "s3.amazonaws.com" }`, is("allowed", knownvalue.Bool(false))),
		wrong(`{ polices = [] }`, `there is no "polices" in a\s+request`),
		wrong(`{ identity_policies = ["{\n no"] }`, `identity_policies:\s+\[0\]:\s+not\s+JSON:\s+2:2`),
		wrong(`{ resource_policy = "{\"Statement\":[{\"Efect\":\"Allow\"}]}" }`, `resource_policy: (.|\s)*Efect`),
		wrong(`{ principal = "ada" }`, `"ada" is\s+nobody's name`),
		wrong(`{ action = "GetObject" }`, `is not\s+service:Action`),
		wrong(`{ principal = null }`, `principal is\s+missing`),
	}})
}

// A module asserts on its policies with no resource at all, as terraform test runs it.
func TestAccPolicyFunctionsInAPrecondition(t *testing.T) {
	const hcl = `
variable "actions" { default = "s3:*" }
data "lambdasim_iam_policy_document" "p" {
  statement {
    actions   = [var.actions]
    resources = ["*"]
  }
}
output "policy" {
  value = data.lambdasim_iam_policy_document.p.json
  precondition {
    condition     = !provider::lambdasim::policy_decision({ principal = "arn:aws:iam::111122223333:role/r", action = "s3:DeleteBucket", resource = "arn:aws:s3:::b", identity_policies = [data.lambdasim_iam_policy_document.p.json] }).allowed
    error_message = "The policy may delete buckets."
  }
}
`
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config("%s", hcl), ExpectError: regexp.MustCompile(`The policy may delete buckets`)},
		{Config: config("%s", regexp.MustCompile(`s3:\*`).ReplaceAllString(hcl, "s3:Get*")), ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
	}})
}
