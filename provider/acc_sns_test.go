package provider_test

import (
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

const topicAt = "arn:aws:sns:us-east-1:000000000000:"

// snsClient reaches the backend of the acceptance tests beside Terraform.
func snsClient() *sns.Client {
	return sns.NewFromConfig(aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
}

func TestAccSNSTopic(t *testing.T) {
	const (
		hcl = `
resource "lambdasim_sns_topic" "t" {
  %s
}
data "lambdasim_sns_topic" "t" {
  name       = lambdasim_sns_topic.t.name
  depends_on = [lambdasim_sns_topic.t]
}
`
		topic = "lambdasim_sns_topic.t"
	)
	planned := func(a plancheck.PlanCheck) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{a}}
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, "archive_policy = jsonencode({ MessageRetentionPeriod = 1 })"), ExpectError: regexp.MustCompile(`archive_policy`)},
		{
			Config:           config(hcl, `name = "acc-sns"`),
			ConfigPlanChecks: planned(plancheck.ExpectKnownValue(topic, tfjsonpath.New("arn"), exact(topicAt+"acc-sns"))), // known before it is made
			ConfigStateChecks: []statecheck.StateCheck{
				at(topic, "id", exact(topicAt+"acc-sns")), at(topic, "owner", exact("000000000000")), at(topic, "display_name", knownvalue.Null()),
				at(topic, "policy", knownvalue.StringRegexp(regexp.MustCompile(`"__default_policy_ID".*"AWS:SourceOwner":"000000000000"`))),
				at("data."+topic, "arn", exact(topicAt+"acc-sns")),
			},
		},
		{ResourceName: topic, ImportState: true, ImportStateId: topicAt + "acc-sns", ImportStateVerify: true},
		{
			Config: config(hcl, `name = "acc-sns"
  display_name = "news"
  lambda_success_feedback_sample_rate = 50
  delivery_policy = jsonencode({ http = { defaultHealthyRetryPolicy = { numRetries = 5 } } })
  tags = { team = "a" }`),
			ConfigPlanChecks: planned(plancheck.ExpectResourceAction(topic, plancheck.ResourceActionUpdate)),
			ConfigStateChecks: []statecheck.StateCheck{at(topic, "display_name", exact("news")), at(topic, "lambda_success_feedback_sample_rate", knownvalue.Int64Exact(50)),
				at("data."+topic, "tags", knownvalue.MapExact(map[string]knownvalue.Check{"team": exact("a")}))},
		},
		{
			PreConfig: func() {
				if _, err := snsClient().DeleteTopic(t.Context(), &sns.DeleteTopicInput{TopicArn: aws.String(topicAt + "acc-sns")}); err != nil {
					t.Fatal(err)
				}
			},
			Config: config(hcl, `name = "acc-sns"`), ConfigPlanChecks: planned(plancheck.ExpectResourceAction(topic, plancheck.ResourceActionCreate)),
		},
		{
			Config: config(hcl, "name_prefix = \"acc-sns-\"\n  fifo_topic = true\n  content_based_deduplication = true"),
			ConfigStateChecks: []statecheck.StateCheck{at(topic, "name", knownvalue.StringRegexp(regexp.MustCompile(`^acc-sns-.*\.fifo$`))),
				at(topic, "fifo_throughput_scope", exact("Topic"))},
		},
	}})
}

func TestAccSNSSubscription(t *testing.T) {
	const (
		hcl = `
resource "lambdasim_sns_topic" "t" {
  name = "acc-sub"
}
resource "lambdasim_sqs_queue" "q" {
  name = "acc-sub"
}
resource "lambdasim_sns_topic_policy" "p" {
  arn    = lambdasim_sns_topic.t.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "open", Effect = "Allow", Principal = "*", Action = "sns:Publish", Resource = lambdasim_sns_topic.t.arn }] })
}
resource "lambdasim_sns_topic_subscription" "s" {
  topic_arn = lambdasim_sns_topic.t.arn
  protocol  = "sqs"
  endpoint  = lambdasim_sqs_queue.q.arn
  %s
}
`
		sub, policy = "lambdasim_sns_topic_subscription.s", "lambdasim_sns_topic_policy.p"
	)
	updated := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(sub, plancheck.ResourceActionUpdate)}}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(hcl, `subscription_role_arn = "arn:aws:iam::000000000000:role/r"`), ExpectError: regexp.MustCompile(`subscription_role_arn`)},
		{
			Config: config(hcl, ""),
			ConfigStateChecks: []statecheck.StateCheck{
				at(sub, "arn", knownvalue.StringRegexp(regexp.MustCompile(`^`+topicAt+`acc-sub:.{36}$`))), at(sub, "pending_confirmation", knownvalue.Bool(false)),
				at(sub, "confirmation_was_authenticated", knownvalue.Bool(true)), at(sub, "raw_message_delivery", knownvalue.Bool(false)),
				at(sub, "owner_id", exact("000000000000")), at(policy, "owner", exact("000000000000")),
			},
		},
		{ResourceName: sub, ImportState: true, ImportStateVerify: true},
		{ResourceName: policy, ImportState: true, ImportStateId: topicAt + "acc-sub", ImportStateVerify: true},
		{
			Config: config(hcl, `raw_message_delivery = true
  filter_policy_scope = "MessageBody"
  filter_policy = jsonencode({ a = { b = ["x"] } })
  redrive_policy = jsonencode({ deadLetterTargetArn = lambdasim_sqs_queue.q.arn })`),
			ConfigPlanChecks:  updated,
			ConfigStateChecks: []statecheck.StateCheck{at(sub, "filter_policy_scope", exact("MessageBody")), at(sub, "raw_message_delivery", knownvalue.Bool(true))},
		},
		{
			Config: config(hcl, `filter_policy = jsonencode({ kind = ["new"] })
  filter_policy_scope = "MessageAttributes"`),
			ConfigPlanChecks:  updated,
			ConfigStateChecks: []statecheck.StateCheck{at(sub, "filter_policy_scope", exact("MessageAttributes")), at(sub, "redrive_policy", knownvalue.Null())},
		},
		{Config: config(hcl, `filter_policy = jsonencode({ kind = "new" })`), ExpectError: regexp.MustCompile(`must be an object\s+or an array`)},
	}})
}
