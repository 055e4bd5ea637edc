package provider_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// TestAccProviderFunctions calls the functions that read patterns and ARNs.
func TestAccProviderFunctions(t *testing.T) {
	text := knownvalue.StringExact
	parts := func(region, account, qualifier knownvalue.Check) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{"region": region, "account_id": account, "function_name": text("hello"), "qualifier": qualifier})
	}
	const arn = "arn:aws:lambda:eu-west-1:111122223333:function:hello"
	step := func(expression string, want knownvalue.Check) resource.TestStep {
		return resource.TestStep{Config: config("output \"o\" { value = provider::lambdasim::%s }", expression),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("o", want)}}
	}
	wrong := func(expression, want string) resource.TestStep {
		return resource.TestStep{Config: config("output \"o\" { value = provider::lambdasim::%s }", expression), ExpectError: regexp.MustCompile(want)}
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		step(`pattern_matches(jsonencode({ source = ["a", { prefix = "aws." }] }), jsonencode({ source = "aws.s3" }))`, knownvalue.Bool(true)),
		step(`pattern_matches(jsonencode({ source = ["a"] }), jsonencode({ source = "aws.s3" }))`, knownvalue.Bool(false)),
		step(`pattern_matches(jsonencode({ data = { n = [{ numeric = [">", 1] }] } }), jsonencode({ data = { n = 2 } }), "event_source_mapping")`, knownvalue.Bool(true)),
		step(`pattern_matches(jsonencode({ source = [{ wildcard = "*.s3" }] }), jsonencode({ source = "aws.s3" }))`, knownvalue.Bool(true)),
		wrong(`pattern_matches(jsonencode({ source = [{ wildcard = "*.s3" }] }), "{}", "event_source_mapping")`, `pattern\s+is\s+not\s+valid`),
		wrong(`pattern_matches("{\"source\": \"a\"}", "{}")`, `the\s+pattern\s+is\s+not\s+valid`),
		wrong(`pattern_matches("{\"source\": [\"a\"]}", "[]")`, `the\s+event\s+is\s+not\s+a\s+JSON\s+object`),
		wrong(`pattern_matches("{\"source\": [\"a\"]}", "{}", "sns")`, `one of\s+event_rule\s+and\s+event_source_mapping`),
		step(`parse_function_arn("`+arn+`:live")`, parts(text("eu-west-1"), text("111122223333"), text("live"))),
		step(`parse_function_arn("111122223333:function:hello")`, parts(knownvalue.Null(), text("111122223333"), knownvalue.Null())),
		step(`parse_function_arn("hello:1")`, parts(knownvalue.Null(), knownvalue.Null(), text("1"))),
		wrong(`parse_function_arn("arn:aws:s3:::b")`, `not a\s+function\s+name\s+or\s+ARN`),
		step(`arn_parse("`+arn+`")`, knownvalue.ObjectExact(map[string]knownvalue.Check{"partition": text("aws"), "service": text("lambda"), "region": text("eu-west-1"),
			"account_id": text("111122223333"), "resource": text("function:hello")})),
		wrong(`arn_parse("hello")`, `is not an\s+ARN`),
		step(`arn_build("aws", "lambda", "eu-west-1", "111122223333", "function:hello")`, text(arn)),
		step(`trim_iam_role_path("arn:aws:iam::111122223333:role/with/path/name")`, text("arn:aws:iam::111122223333:role/name")),
		wrong(`trim_iam_role_path("arn:aws:iam::111122223333:user/name")`, `not the\s+ARN\s+of a\s+role`),
	}})
}
