package dropin_test

import (
	"strings"
	"testing"
)

// plan plans a configuration and returns what Terraform wrote.
func (w *world) plan(t *testing.T, hcl string) (int, string) {
	t.Helper()
	w.write(t, "work/main.tf", hcl)
	return w.dropin(t, "run", "--module", w.dir+"/work", "--", w.cli, "apply", "-auto-approve", "-no-color")
}

func TestProviderBlocksOfAWS(t *testing.T) {
	w := newWorld(t)
	const who = "\ndata \"aws_caller_identity\" \"me\" {}\noutput \"who\" {\n  value = \"account ${data.aws_caller_identity.me.account_id}\"\n}\n"
	for name, c := range map[string]struct {
		hcl, want string
		fails     bool
	}{
		"nothing is the default account":                 {who, "account 000000000000", false},
		"a key of the real cloud is the default account": {"provider \"aws\" {\n  access_key = \"AKIAIOSFODNN7EXAMPLE\"\n  secret_key = \"real\"\n}" + who, "account 000000000000", false},
		"a mock key is the default account":              {"provider \"aws\" {\n  access_key = \"mock_access_key\"\n  secret_key = \"mock_secret_key\"\n}" + who, "account 000000000000", false},
		"twelve digits are that account":                 {"provider \"aws\" {\n  access_key = \"333333333333\"\n}" + who, "account 333333333333", false},
		"a single allowed account is that account":       {"provider \"aws\" {\n  allowed_account_ids = [\"444444444444\"]\n}" + who, "account 444444444444", false},
		"the last role that is assumed decides": {"provider \"aws\" {\n  assume_role {\n    role_arn = \"arn:aws:iam::111111111111:role/a\"\n  }\n  assume_role {\n    role_arn = \"arn:aws:iam::555555555555:role/b\"\n" +
			"    duration = \"1h\"\n    external_id = \"x\"\n  }\n}" + who, "account 555555555555", false},
		"an account that is not allowed": {"provider \"aws\" {\n  access_key = \"333333333333\"\n  allowed_account_ids = [\"111111111111\"]\n}" + who, "AWS account ID not allowed: 333333333333", true},
		"a forbidden account":            {"provider \"aws\" {\n  forbidden_account_ids = [\"000000000000\"]\n}" + who, "AWS account ID not allowed: 000000000000", true},
		"what narrows a session is said": {"provider \"aws\" {\n  assume_role {\n    role_arn = \"arn:aws:iam::111111111111:role/a\"\n    policy = \"{}\"\n  }\n}" + who, "A session's own policies are not simulated", false},
		"arguments of earlier majors": {"provider \"aws\" {\n  s3_force_path_style = true\n  skip_get_ec2_platforms = true\n  shared_credentials_file = \"/x\"\n  skip_region_validation = true\n" +
			"  max_retries = 3\n  insecure = false\n  user_agent = [\"a/1\"]\n  use_fips_endpoint = true\n}" + who, "account 000000000000", false},
		"a type that is not simulated, and that nobody makes": {"resource \"aws_lambda_layer_version\" \"l\" {\n  count = 0\n  layer_name = \"l\"\n  filename = \"x.zip\"\n}\n" +
			"data \"aws_iam_policy\" \"p\" {\n  count = 0\n  arn = \"arn:aws:iam::aws:policy/x\"\n}\n" + who, "account 000000000000", false},
		"a type that is not simulated, and that is wanted":   {"resource \"aws_kms_key\" \"k\" {\n}\n", "aws_kms_key is not simulated", true},
		"a type of the real provider that nobody knows here": {"resource \"aws_vpc\" \"v\" {\n  cidr_block = \"10.0.0.0/16\"\n}\n", "does not support resource type", true},
		"an argument that is not simulated":                  {"resource \"aws_kinesis_stream\" \"s\" {\n  name = \"s\"\n  shard_count = 1\n  kms_key_id = \"k\"\n  encryption_type = \"KMS\"\n}\n", "kms_key_id is not simulated", true},
	} {
		t.Run(name, func(t *testing.T) {
			status, out := w.plan(t, c.hcl)
			if (status != 0) != c.fails || !strings.Contains(strings.Join(strings.Fields(out), " "), c.want) {
				t.Errorf("status %d, want %q in\n%s", status, c.want, out)
			}
		})
	}
	w.trap.check(t)
}

// A module may have both names: the AWS provider's, and ours for what AWS has not.
func TestOurOwnProviderIsBesideIt(t *testing.T) {
	w := newWorld(t)
	status, out := w.plan(t, `
terraform {
  required_providers {
    aws       = { source = "hashicorp/aws", version = "~> 6.0" }
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}
resource "aws_s3_bucket" "b" {
  bucket = "beside"
  tags   = { "kubernetes.io/x" = "y", team = "z" }
}
provider "aws" {
  ignore_tags {
    key_prefixes = ["other/"]
  }
  default_tags {
    tags = { stage = "test" }
  }
}
data "lambdasim_deliveries" "all" {
  depends_on = [aws_s3_bucket.b]
}
output "trace" {
  value = "deliveries ${length(data.lambdasim_deliveries.all.deliveries)} tags ${join(",", keys(aws_s3_bucket.b.tags_all))}"
}
`)
	if status != 0 || !strings.Contains(out, "deliveries 0 tags kubernetes.io/x,stage,team") {
		t.Errorf("status %d\n%s", status, out)
	}
	w.trap.check(t)
}

// A cloud block is a state backend too. The resources are some that came after this package: they need nothing of it.
func TestACloudBlockIsReplaced(t *testing.T) {
	w := newWorld(t)
	status, out := w.plan(t, `
terraform {
  cloud {
    organization = "acme"
    hostname     = "`+strings.TrimPrefix(w.trap.url, "http://")+`"
    workspaces {
      name = "orders"
    }
  }
}
resource "aws_sqs_queue" "q" {
  name = "dropin"
}
resource "aws_dynamodb_table" "t" {
  name         = "dropin"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}
`)
	if status != 0 || !strings.Contains(out, "2 added") {
		t.Errorf("status %d\n%s", status, out)
	}
	w.trap.check(t)
}
