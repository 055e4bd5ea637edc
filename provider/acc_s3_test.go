package provider_test

import (
	"errors"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// s3Client reaches the backend of the acceptance tests beside Terraform.
func s3Client() *s3.Client {
	return s3.NewFromConfig(aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")},
		func(o *s3.Options) { o.UsePathStyle = true })
}

func TestAccS3NotificationOfEveryKind(t *testing.T) {
	const (
		hcl = `
resource "lambdasim_s3_bucket" "b" {
  bucket = "acc-notify"
}
resource "lambdasim_sqs_queue" "q" {
  name = "acc-notify"
}
resource "lambdasim_sns_topic" "t" {
  name = "acc-notify"
}
resource "lambdasim_sqs_queue_policy" "q" {
  queue_url = lambdasim_sqs_queue.q.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "s3.amazonaws.com" }, Action = "sqs:SendMessage", Resource = lambdasim_sqs_queue.q.arn,
    Condition = { ArnLike = { "aws:SourceArn" = %s } } }] })
}
resource "lambdasim_sns_topic_policy" "t" {
  arn = lambdasim_sns_topic.t.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "s3.amazonaws.com" }, Action = "sns:Publish", Resource = lambdasim_sns_topic.t.arn,
    Condition = { StringEquals = { "aws:SourceAccount" = "000000000000" } } }] })
}
resource "lambdasim_s3_bucket_notification" "n" {
  bucket      = lambdasim_s3_bucket.b.id
  eventbridge = %s
  queue {
    queue_arn     = lambdasim_sqs_queue.q.arn
    events        = ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"]
    filter_suffix = ".csv"
  }
  topic {
    id        = "removed"
    topic_arn = lambdasim_sns_topic.t.arn
    events    = ["s3:ObjectRemoved:*"]
  }
  depends_on = [lambdasim_sqs_queue_policy.q, lambdasim_sns_topic_policy.t]
}
`
		n = "lambdasim_s3_bucket_notification.n"
	)
	block := func(name string, c knownvalue.Check) statecheck.StateCheck { return at(n, name, c) }
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, `"arn:aws:s3:::elsewhere"`, "false"), ExpectError: regexp.MustCompile(`Unable to validate the following destination configurations`)},
		{Config: config(hcl, "lambdasim_s3_bucket.b.arn", "true"), ConfigStateChecks: []statecheck.StateCheck{
			block("eventbridge", knownvalue.Bool(true)),
			block("queue", knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectPartial(map[string]knownvalue.Check{"filter_suffix": exact(".csv"), "filter_prefix": knownvalue.Null(),
				"id": knownvalue.StringRegexp(regexp.MustCompile(`^tf-s3-queue-`)), "queue_arn": exact("arn:aws:sqs:us-east-1:000000000000:acc-notify")})})),
			block("topic", knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectPartial(map[string]knownvalue.Check{"id": exact("removed")})})),
		}},
		{ResourceName: n, ImportState: true, ImportStateId: "acc-notify", ImportStateVerify: true},
		{Config: config(hcl, "lambdasim_s3_bucket.b.arn", "false"), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(n, plancheck.ResourceActionUpdate)}},
			ConfigStateChecks: []statecheck.StateCheck{block("eventbridge", knownvalue.Bool(false))}},
	}})
}

func TestAccS3BucketPolicyAndPublicAccess(t *testing.T) {
	const (
		hcl = `
resource "lambdasim_s3_bucket" "b" {
  bucket        = "acc-policy"
  force_destroy = true
}
resource "lambdasim_s3_bucket_public_access_block" "p" {
  bucket              = lambdasim_s3_bucket.b.id
  block_public_policy = %s
}
resource "lambdasim_s3_bucket_policy" "p" {
  bucket = lambdasim_s3_bucket.b.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "${lambdasim_s3_bucket.b.arn}/*" }] })
  depends_on = [lambdasim_s3_bucket_public_access_block.p]
}
`
		block, policy = "lambdasim_s3_bucket_public_access_block.p", "lambdasim_s3_bucket_policy.p"
	)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, "true"), ExpectError: regexp.MustCompile(`(?s)public policies are prevented by the\s+BlockPublicPolicy`)},
		{Config: config(hcl, "false"), ConfigStateChecks: []statecheck.StateCheck{at(block, "restrict_public_buckets", knownvalue.Bool(false)), at(policy, "id", exact("acc-policy"))}},
		{ResourceName: policy, ImportState: true, ImportStateId: "acc-policy", ImportStateVerify: true},
		{ResourceName: block, ImportState: true, ImportStateId: "acc-policy", ImportStateVerify: true},
		{
			PreConfig: func() {
				if _, err := s3Client().DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: aws.String("acc-policy")}); err != nil {
					t.Fatal(err)
				}
			},
			Config: config(hcl, "false"), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(policy, plancheck.ResourceActionCreate)}},
		},
	}})
}

func TestAccS3Versioning(t *testing.T) {
	const (
		hcl = `
resource "lambdasim_s3_bucket" "b" {
  bucket        = "acc-versions"
  force_destroy = true
}
resource "lambdasim_s3_bucket_versioning" "v" {
  bucket = lambdasim_s3_bucket.b.id
  versioning_configuration {
    status = "%s"
  }
}
resource "lambdasim_s3_object" "o" {
  bucket       = lambdasim_s3_bucket_versioning.v.bucket
  key          = "in/a.txt"
  content      = "%s"
  content_type = "text/plain"
  tags         = { kind = "test" }
}
data "lambdasim_s3_object" "o" {
  bucket     = lambdasim_s3_object.o.bucket
  key        = lambdasim_s3_object.o.key
  version_id = lambdasim_s3_object.o.version_id
}
data "lambdasim_s3_bucket" "b" {
  bucket = lambdasim_s3_bucket.b.bucket
}
`
		v, o = "lambdasim_s3_bucket_versioning.v", "lambdasim_s3_object.o"
	)
	changes := &statecheckChanges{}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, "Enabled", "one"), ConfigStateChecks: []statecheck.StateCheck{
			at(o, "version_id", knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f]{32}$`))), at("data."+o, "body", exact("one")),
			at("data."+o, "tags", knownvalue.MapExact(map[string]knownvalue.Check{"kind": exact("test")})), at("data.lambdasim_s3_bucket.b", "arn", exact("arn:aws:s3:::acc-versions"))},
			Check: changes.keep(o, "version_id")},
		{ResourceName: v, ImportState: true, ImportStateId: "acc-versions", ImportStateVerify: true},
		{Config: config(hcl, "Enabled", "two"), ConfigStateChecks: []statecheck.StateCheck{at("data."+o, "body", exact("two"))}, Check: changes.differs(o, "version_id")},
		{Config: config(hcl, "Suspended", "two"), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(o, plancheck.ResourceActionNoop)}}},
	}})
}

func TestAccS3Settings(t *testing.T) {
	const (
		hcl = `
resource "lambdasim_s3_bucket" "b" {
  bucket = "acc-settings"
}
resource "lambdasim_s3_bucket_server_side_encryption_configuration" "e" {
  bucket = lambdasim_s3_bucket.b.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:us-east-1:000000000000:key/k"
    }
  }
}
%s
resource "lambdasim_s3_bucket_acl" "a" {
  bucket = lambdasim_s3_bucket.b.id
  acl    = "private"
  depends_on = [lambdasim_s3_bucket.b%s]
}
`
		controls = `resource "lambdasim_s3_bucket_ownership_controls" "o" {
  bucket = lambdasim_s3_bucket.b.id
  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}`
	)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, "", ""), ExpectError: regexp.MustCompile(`The bucket does not allow ACLs`)},
		{Config: config(hcl, controls, ", lambdasim_s3_bucket_ownership_controls.o")},
		{ResourceName: "lambdasim_s3_bucket_server_side_encryption_configuration.e", ImportState: true, ImportStateId: "acc-settings", ImportStateVerify: true},
		{ResourceName: "lambdasim_s3_bucket_ownership_controls.o", ImportState: true, ImportStateId: "acc-settings", ImportStateVerify: true},
		{ResourceName: "lambdasim_s3_bucket_acl.a", ImportState: true, ImportStateId: "acc-settings,private", ImportStateVerify: true},
	}})
}

// statecheckChanges compares an attribute between steps.
type statecheckChanges struct{ was string }

func (c *statecheckChanges) keep(name, attribute string) resource.TestCheckFunc {
	return resource.TestCheckResourceAttrWith(name, attribute, func(v string) error {
		c.was = v
		return nil
	})
}

func (c *statecheckChanges) differs(name, attribute string) resource.TestCheckFunc {
	return resource.TestCheckResourceAttrWith(name, attribute, func(v string) error {
		if v == c.was {
			return errors.New(attribute + " is " + v + " still")
		}
		return nil
	})
}
