package provider_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

func TestAccImportNamesItsRegion(t *testing.T) {
	path := source(t, "")
	const hcl = role + `
resource "lambdasim_function" "f" {
  region        = "eu-west-1"
  function_name = %[1]q
  role          = lambdasim_iam_role.r.arn
  runtime       = "python3.12"
  handler       = "main.handler"
  filename      = %[2]q
}
resource "lambdasim_permission" "p" {
  region        = "eu-west-1"
  function_name = lambdasim_function.f.function_name
  action        = "lambda:InvokeFunction"
  principal     = "s3.amazonaws.com"
  statement_id  = "s3"
}
resource "lambdasim_kinesis_stream" "s" {
  region      = "eu-west-1"
  name        = %[1]q
  shard_count = 1
}
resource "lambdasim_s3_bucket" "b" {
  region = "eu-west-1"
  bucket = "%[1]s-bucket"
}
`
	imported := func(name, id string, ignore ...string) resource.TestStep {
		return resource.TestStep{ResourceName: name, ImportState: true, ImportStateId: id + "@eu-west-1", ImportStateVerify: true, ImportStateVerifyIgnore: ignore}
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, "acc-region", path)},
		imported("lambdasim_function.f", "acc-region", "filename", "source_code_hash", "publish", "skip_destroy"),
		imported("lambdasim_permission.p", "acc-region/s3"), imported("lambdasim_kinesis_stream.s", "acc-region"),
		imported("lambdasim_s3_bucket.b", "acc-region-bucket", "force_destroy"),
	}})
}

// Modules give "" and empty blocks where they mean nothing, as the AWS provider lets them.
func TestAccWhatSaysNothingIsTaken(t *testing.T) {
	path := source(t, "")
	const hcl = `
resource "lambdasim_iam_role" "r" {
  name                 = %[1]q
  description          = ""
  permissions_boundary = ""
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "lambdasim_function" "f" {
  function_name = "function:%[1]s"
  role          = lambdasim_iam_role.r.arn
  runtime       = "python3.12"
  handler       = "main.handler"
  filename      = %[2]q
  kms_key_arn   = ""
  layers        = []
  vpc_config {
    subnet_ids         = []
    security_group_ids = []
  }
  image_config {}
}
resource "lambdasim_permission" "p" {
  function_name      = lambdasim_function.f.function_name
  action             = "lambda:InvokeFunction"
  principal          = "s3.amazonaws.com"
  source_account     = ""
  source_arn         = ""
  event_source_token = null
}
resource "lambdasim_s3_bucket" "b" {
  bucket        = "%[1]s-bucket"
  force_destroy = true
}
resource "lambdasim_s3_object" "o" {
  bucket        = lambdasim_s3_bucket.b.id
  key           = "nothing"
  cache_control = ""
  acl           = "private"
  storage_class = "STANDARD"
  tags          = {}
  override_provider {
    default_tags {
      tags = {}
    }
  }
}
`
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, "acc-nothing", path), ConfigStateChecks: []statecheck.StateCheck{
			at("lambdasim_function.f", "function_name", knownvalue.StringExact("function:acc-nothing")),
			at("lambdasim_s3_object.o", "etag", knownvalue.StringExact("d41d8cd98f00b204e9800998ecf8427e")), // of nothing
		}},
		{Config: config(hcl, "acc-nothing", path), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
	}})
}

func TestAccProviderBlockMayDependOnWhatIsMade(t *testing.T) {
	const later = `
resource "terraform_data" "later" {
  input = %q
}
`
	t.Run("an endpoint that is not known is an error", func(t *testing.T) {
		hcl := strings.Replace(config(later+role, endpoint, "acc-unknown"), `endpoint = "`+endpoint+`"`, "endpoint = terraform_data.later.output", 1)
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{{Config: hcl, ExpectError: regexp.MustCompile("endpoint is not known yet")}}})
	})
	t.Run("an endpoint of AWS is an error, before anything is sent there", func(t *testing.T) {
		for _, of := range []string{"https://s3.amazonaws.com", "https://lambda.us-east-1.api.aws:443", "https://iam.cn-north-1.AMAZONAWS.com.cn."} {
			hcl := strings.Replace(config(role, "acc-aws"), `endpoint = "`+endpoint+`"`, `endpoint = "`+of+`"`, 1)
			resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{{Config: hcl, PlanOnly: true, ExpectError: regexp.MustCompile("An address of AWS")}}})
		}
	})
	t.Run("a default tag that is not known is known later", func(t *testing.T) {
		hcl := strings.Replace(config(later+strings.ReplaceAll(role, "%[1]q", "%[2]q"), "x", "acc-unknown-tag"), `endpoint =`, "default_tags {\n    tags = { later = terraform_data.later.output }\n  }\n  endpoint =", 1)
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{{Config: hcl,
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_iam_role.r", "tags_all", knownvalue.MapExact(map[string]knownvalue.Check{"later": knownvalue.StringExact("x")}))}}}})
	})
}

// A function that was made but could not be read is in the state: the next apply does not find a stranger in its place.
func TestAccWhatWasMadeIsInTheState(t *testing.T) {
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	var refusing atomic.Bool
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refusing.Load() && r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/functions/") {
			http.Error(w, `{"message":"not now"}`, http.StatusBadRequest)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	defer front.Close()
	hcl := strings.Replace(config(function, "acc-orphan", source(t, ""), ""), endpoint, front.URL, 1)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{PreConfig: func() { refusing.Store(true) }, Config: hcl, ExpectError: regexp.MustCompile("Reading the function acc-orphan")},
		{PreConfig: func() { refusing.Store(false) }, Config: hcl},
	}})
}

func TestAccBucketTagsAndHeaders(t *testing.T) {
	const hcl = `
resource "lambdasim_s3_bucket" "b" {
  bucket        = "acc-tags"
  force_destroy = true
  tags          = %s
}
resource "lambdasim_s3_object" "o" {
  bucket              = lambdasim_s3_bucket.b.id
  key                 = "a.txt"
  content             = "x"
  content_disposition = "inline"
  content_language    = "de"
}
`
	own := knownvalue.MapExact(map[string]knownvalue.Check{"team": knownvalue.StringExact("x")})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, `{ team = "x" }`), ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_s3_bucket.b", "tags_all", own)}},
		{ResourceName: "lambdasim_s3_bucket.b", ImportState: true, ImportStateId: "acc-tags", ImportStateVerify: true, ImportStateVerifyIgnore: []string{"force_destroy"}},
		{ResourceName: "lambdasim_s3_object.o", ImportState: true, ImportStateId: "acc-tags/a.txt", ImportStateVerify: true, ImportStateVerifyIgnore: []string{"content"}},
		{Config: config(strings.Replace(hcl, `"de"`, `"de"`+"\n  tags = { a = \"b c\" }", 1), `{ team = "x" }`),
			ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_s3_object.o", plancheck.ResourceActionUpdate)}},
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_s3_object.o", "tags_all", knownvalue.MapExact(map[string]knownvalue.Check{"a": knownvalue.StringExact("b c")}))}},
		{ResourceName: "lambdasim_s3_object.o", ImportState: true, ImportStateId: "acc-tags/a.txt", ImportStateVerify: true, ImportStateVerifyIgnore: []string{"content"}},
		{Config: config(hcl, `{}`), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_s3_bucket.b", plancheck.ResourceActionUpdate)}},
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_s3_bucket.b", "tags_all", knownvalue.MapSizeExact(0))}},
	}})
}

func TestAccManagedPolicy(t *testing.T) {
	const hcl = role + `
resource "lambdasim_iam_policy" "p" {
  name   = %[1]q
  path   = "/team/"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = %[2]q, Resource = "*" }] })
  tags   = { team = %[2]q }
}
resource "lambdasim_iam_role_policy_attachment" "own" {
  role       = lambdasim_iam_role.r.name
  policy_arn = lambdasim_iam_policy.p.arn
}
resource "lambdasim_iam_role_policy_attachment" "aws" {
  role       = lambdasim_iam_role.r.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
`
	own := "arn:aws:iam::000000000000:policy/team/acc-policy"
	updated := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_iam_policy.p", plancheck.ResourceActionUpdate),
		plancheck.ExpectResourceAction("lambdasim_iam_role_policy_attachment.own", plancheck.ResourceActionNoop)}}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, "acc-policy", "sqs:SendMessage"), ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_iam_policy.p", "arn", knownvalue.StringExact(own))}},
		{Config: config(hcl, "acc-policy", "sqs:ReceiveMessage"), ConfigPlanChecks: updated,
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_iam_policy.p", "policy", knownvalue.StringRegexp(regexp.MustCompile("ReceiveMessage"))),
				at("lambdasim_iam_policy.p", "tags_all", knownvalue.MapExact(map[string]knownvalue.Check{"team": knownvalue.StringExact("sqs:ReceiveMessage")}))}},
		{ResourceName: "lambdasim_iam_policy.p", ImportState: true, ImportStateId: own, ImportStateVerify: true},
		{ResourceName: "lambdasim_iam_role_policy_attachment.own", ImportState: true, ImportStateId: "acc-policy/" + own, ImportStateVerify: true},
		{
			PreConfig: func() {
				client := iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
				if _, err := client.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: aws.String("acc-policy"), PolicyArn: &own}); err != nil {
					t.Fatal(err)
				}
			}, // by other means
			Config:           config(hcl, "acc-policy", "sqs:ReceiveMessage"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_iam_role_policy_attachment.own", plancheck.ResourceActionCreate)}},
		},
	}})
}

func TestAccPlanTimeChecks(t *testing.T) {
	for _, c := range []struct{ hcl, want string }{
		{`resource "lambdasim_iam_role" "r" {
  name_prefix        = "a-prefix-that-is-longer-than-a-role-s-name-can-bear"
  assume_role_policy = "{}"
}`, `between 1\s+and 38`},
		{`data "lambdasim_region" "r" {
  endpoint = "ec2.us-east-1.amazonaws.com"
}`, "endpoint is not simulated"},
		{`resource "lambdasim_kinesis_stream" "s" {
  name                   = "s"
  shard_count            = 1
  warm_throughput_mib_ps = 10
}`, "warm_throughput_mib_ps is not simulated"},
	} {
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{{Config: config("%s\n", c.hcl), PlanOnly: true, ExpectError: regexp.MustCompile(c.want)}}})
	}
}

// With a hash that has not changed, the file of the code need not be there: it is made elsewhere, and only read when needed.
func TestAccCodeThatIsNotNeededIsNotRead(t *testing.T) {
	path := source(t, "")
	hcl := config(function, "acc-absent", path, `source_code_hash = "one"`)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: hcl},
		{PreConfig: func() {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, Config: hcl, PlanOnly: true},
	}})
}

func TestAccRegionAndPartition(t *testing.T) {
	const hcl = `
data "lambdasim_region" "here" {}
data "lambdasim_region" "there" {
  region = "eu-west-1"
}
data "lambdasim_partition" "p" {}
`
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{{Config: config(hcl), ConfigStateChecks: []statecheck.StateCheck{
		at("data.lambdasim_region.here", "name", knownvalue.StringExact("us-east-1")), at("data.lambdasim_region.there", "region", knownvalue.StringExact("eu-west-1")),
		at("data.lambdasim_partition.p", "partition", knownvalue.StringExact("aws")),
	}}}})
}

// An object that overrides the provider's default tags has none of them, as in the AWS provider (objects bear ten tags only).
func TestAccAnObjectMayGoWithoutDefaultTags(t *testing.T) {
	hcl := strings.Replace(config(`
resource "lambdasim_s3_bucket" "b" {
  bucket        = "acc-override"
  force_destroy = true
}
resource "lambdasim_s3_object" "with" {
  bucket  = lambdasim_s3_bucket.b.id
  key     = "with"
  content = "x"
}
resource "lambdasim_s3_object" "without" {
  bucket  = lambdasim_s3_bucket.b.id
  key     = "without"
  content = "x"
  override_provider {
    default_tags {
      tags = {}
    }
  }
}
`), `endpoint =`, "default_tags {\n    tags = { team = \"x\" }\n  }\n  endpoint =", 1)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{{Config: hcl, ConfigStateChecks: []statecheck.StateCheck{
		at("lambdasim_s3_object.with", "tags_all", knownvalue.MapSizeExact(1)), at("lambdasim_s3_object.without", "tags_all", knownvalue.MapSizeExact(0)),
	}}}})
}
