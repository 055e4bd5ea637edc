package provider_test

import (
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

const (
	q       = "lambdasim_sqs_queue.q"
	queueAt = "arn:aws:sqs:us-east-1:000000000000:"
)

func exact(s string) knownvalue.Check { return knownvalue.StringExact(s) }

// sqsClient reaches the backend of the acceptance tests beside Terraform.
func sqsClient() *sqs.Client {
	return sqs.NewFromConfig(aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
}

func TestAccSQSQueue(t *testing.T) {
	const hcl = `
resource "lambdasim_sqs_queue" "q" {
  name = "acc-sqs"
  %s
}
data "lambdasim_sqs_queue" "q" {
  name       = lambdasim_sqs_queue.q.name
  depends_on = [lambdasim_sqs_queue.q]
}
`
	planned := func(a plancheck.PlanCheck) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{a}}
	}
	updated := planned(plancheck.ExpectResourceAction(q, plancheck.ResourceActionUpdate))
	url := endpoint + "/000000000000/acc-sqs"
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{
			Config: config(hcl, ""),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{ // known before it is made
				plancheck.ExpectKnownValue(q, tfjsonpath.New("arn"), exact(queueAt+"acc-sqs")), plancheck.ExpectKnownValue(q, tfjsonpath.New("url"), exact(url)),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				at(q, "id", exact(url)), at(q, "visibility_timeout_seconds", knownvalue.Int64Exact(30)), at(q, "max_message_size", knownvalue.Int64Exact(262144)),
				at(q, "sqs_managed_sse_enabled", knownvalue.Bool(true)), at(q, "policy", knownvalue.Null()), at(q, "redrive_policy", knownvalue.Null()),
				at("data."+q, "arn", exact(queueAt+"acc-sqs")), at("data."+q, "url", exact(url)),
			},
		},
		{ResourceName: q, ImportState: true, ImportStateId: url, ImportStateVerify: true},
		{ResourceName: q, ImportState: true, ImportStateId: "acc-sqs", ImportStateVerify: true},
		{
			Config: config(hcl, `
  visibility_timeout_seconds = 0
  delay_seconds              = 7
  kms_master_key_id          = "alias/aws/sqs"
  tags                       = { team = "x" }
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "sqs:SendMessage", Resource = "*" }]
  })`),
			ConfigPlanChecks: updated,
			ConfigStateChecks: []statecheck.StateCheck{at(q, "visibility_timeout_seconds", knownvalue.Int64Exact(0)), at(q, "delay_seconds", knownvalue.Int64Exact(7)),
				at(q, "sqs_managed_sse_enabled", knownvalue.Bool(false)), at(q, "kms_data_key_reuse_period_seconds", knownvalue.Int64Exact(300)),
				at(q, "tags_all", knownvalue.MapExact(map[string]knownvalue.Check{"team": exact("x")})), at(q, "policy", knownvalue.StringRegexp(regexp.MustCompile("SendMessage")))},
		},
		{Config: config(hcl, "sqs_managed_sse_enabled = true"), ConfigPlanChecks: updated,
			ConfigStateChecks: []statecheck.StateCheck{at(q, "kms_master_key_id", knownvalue.Null()), at(q, "visibility_timeout_seconds", knownvalue.Int64Exact(30)), at(q, "delay_seconds", knownvalue.Int64Exact(0))}},
		{
			PreConfig: func() { // somebody changes it
				if _, err := sqsClient().SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"VisibilityTimeout": "99"}}); err != nil {
					t.Fatal(err)
				}
			},
			Config: config(hcl, "sqs_managed_sse_enabled = true"), ConfigPlanChecks: updated,
			ConfigStateChecks: []statecheck.StateCheck{at(q, "visibility_timeout_seconds", knownvalue.Int64Exact(30))},
		},
		{
			PreConfig: func() { // somebody deletes it
				if _, err := sqsClient().DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: &url}); err != nil {
					t.Fatal(err)
				}
			},
			Config: config(hcl, "sqs_managed_sse_enabled = true"), ConfigPlanChecks: planned(plancheck.ExpectResourceAction(q, plancheck.ResourceActionCreate)),
		},
	}})
}

func TestAccSQSQueueFIFO(t *testing.T) {
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config("resource \"lambdasim_sqs_queue\" \"q\" {\n  name = \"acc\"\n  fifo_queue = true\n}\n"), ExpectError: regexp.MustCompile(`ends in .fifo`)},
		{Config: config("resource \"lambdasim_sqs_queue\" \"q\" {\n  content_based_deduplication = true\n}\n"), ExpectError: regexp.MustCompile(`can only be set for FIFO`)},
		{
			Config: config("resource \"lambdasim_sqs_queue\" \"q\" {\n  name_prefix = \"acc-\"\n  fifo_queue = true\n  content_based_deduplication = true\n}\n"),
			ConfigStateChecks: []statecheck.StateCheck{at(q, "name", knownvalue.StringRegexp(regexp.MustCompile(`^acc-.*\.fifo$`))),
				at(q, "deduplication_scope", exact("queue")), at(q, "fifo_throughput_limit", exact("perQueue"))},
		},
		{
			Config:            config("resource \"lambdasim_sqs_queue\" \"q\" {\n  name_prefix = \"acc-\"\n  fifo_queue = true\n  deduplication_scope = \"messageGroup\"\n  fifo_throughput_limit = \"perMessageGroupId\"\n}\n"),
			ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(q, plancheck.ResourceActionUpdate)}},
			ConfigStateChecks: []statecheck.StateCheck{at(q, "content_based_deduplication", knownvalue.Bool(false)), at(q, "deduplication_scope", exact("messageGroup"))},
		},
	}})
}

func TestAccSQSQueuePolicies(t *testing.T) {
	const hcl = `
resource "lambdasim_sqs_queue" "q" {
  name = "acc-policies"
}
resource "lambdasim_sqs_queue" "dead" {
  name = "acc-policies-dead"
}
resource "lambdasim_sqs_queue_policy" "p" {
  queue_url = lambdasim_sqs_queue.q.url
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = %q, Effect = "Allow", Principal = { AWS = "arn:aws:iam::111111111111:root" }, Action = "sqs:SendMessage", Resource = lambdasim_sqs_queue.q.arn }]
  })
}
resource "lambdasim_sqs_queue_redrive_allow_policy" "a" {
  queue_url            = lambdasim_sqs_queue.dead.id
  redrive_allow_policy = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [lambdasim_sqs_queue.q.arn] })
}
resource "lambdasim_sqs_queue_redrive_policy" "r" {
  queue_url      = lambdasim_sqs_queue.q.id
  redrive_policy = jsonencode({ deadLetterTargetArn = lambdasim_sqs_queue.dead.arn, maxReceiveCount = 4 })
  depends_on     = [lambdasim_sqs_queue_redrive_allow_policy.a]
}
`
	url := endpoint + "/000000000000/acc-policies"
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, "one")},
		{ResourceName: "lambdasim_sqs_queue_policy.p", ImportState: true, ImportStateId: url, ImportStateVerify: true},
		{ResourceName: "lambdasim_sqs_queue_redrive_policy.r", ImportState: true, ImportStateId: url, ImportStateVerify: true},
		{ResourceName: "lambdasim_sqs_queue_redrive_allow_policy.a", ImportState: true, ImportStateId: url + "-dead", ImportStateVerify: true},
		{Config: config(hcl, "two"), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_sqs_queue_policy.p", plancheck.ResourceActionUpdate)}}},
		{
			PreConfig: func() { // somebody takes it away
				if _, err := sqsClient().SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"Policy": ""}}); err != nil {
					t.Fatal(err)
				}
			},
			Config:           config(hcl, "two"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_sqs_queue_policy.p", plancheck.ResourceActionCreate)}},
		},
		{Config: config("resource \"lambdasim_sqs_queue\" \"q\" {\n  name = \"acc-policies\"\n}\n")},
		{RefreshState: true, Check: resource.ComposeTestCheckFunc(resource.TestCheckNoResourceAttr(q, "policy"), resource.TestCheckNoResourceAttr(q, "redrive_policy"))},
	}})
}

// TestAccQueueToFunction wires a queue to a function, and sends a message through it.
func TestAccQueueToFunction(t *testing.T) {
	path := source(t, "def handler(event, context):\n    if event['Records'][0]['body'] != 'hello': raise Exception(event)")
	const hcl = function + `
resource "lambdasim_sqs_queue" "q" {
  name = %[1]q
}
resource "lambdasim_iam_role_policy" "receive" {
  role   = lambdasim_iam_role.r.name
  name   = "receive"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], Resource = lambdasim_sqs_queue.q.arn }] })
}
resource "lambdasim_event_source_mapping" "m" {
  function_name    = lambdasim_function.f.function_name
  event_source_arn = lambdasim_sqs_queue.q.arn
  depends_on       = [lambdasim_iam_role_policy.receive]
}
`
	url := endpoint + "/000000000000/acc-queue"
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, "acc-queue", path, ""),
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_event_source_mapping.m", "batch_size", knownvalue.Int64Exact(10)), at("lambdasim_event_source_mapping.m", "state", exact("Enabled"))}},
		{
			PreConfig: func() {
				if _, err := sqsClient().SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("hello")}); err != nil {
					t.Fatal(err)
				}
			},
			Config: config(hcl+`
data "lambdasim_deliveries" "d" {
  function = "acc-queue"
}
`, "acc-queue", path, ""),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.lambdasim_deliveries.d", tfjsonpath.New("deliveries").AtSliceIndex(0).AtMapKey("outcome"), exact("delivered")),
				statecheck.ExpectKnownValue("data.lambdasim_deliveries.d", tfjsonpath.New("deliveries").AtSliceIndex(0).AtMapKey("source_service"), exact("sqs")),
			},
		},
	}})
}
