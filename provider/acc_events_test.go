package provider_test

import (
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

const (
	eventBus        = "lambdasim_cloudwatch_event_bus.b"
	eventRule       = "lambdasim_cloudwatch_event_rule.r"
	eventTarget     = "lambdasim_cloudwatch_event_target.t"
	eventPermission = "lambdasim_cloudwatch_event_permission.p"
	eventBusPolicy  = "lambdasim_cloudwatch_event_bus_policy.p"
	eventsAt        = "arn:aws:events:us-east-1:000000000000:"
)

func TestAccEvents(t *testing.T) {
	const hcl = `
resource "lambdasim_cloudwatch_event_bus" "b" {
  name = "acc-bus"
  tags = { team = %[1]q }
}
data "lambdasim_cloudwatch_event_bus" "b" {
  name = lambdasim_cloudwatch_event_bus.b.name
}
resource "lambdasim_cloudwatch_event_permission" "p" {
  event_bus_name = lambdasim_cloudwatch_event_bus.b.name
  principal      = "111111111111"
  statement_id   = "them"
}
resource "lambdasim_cloudwatch_event_rule" "r" {
  name           = "acc-rule"
  event_bus_name = lambdasim_cloudwatch_event_bus.b.name
  event_pattern  = jsonencode({ source = [%[1]q] })
  description    = "of the acceptance test"
  tags           = { team = %[1]q }
}
resource "lambdasim_sqs_queue" "q" {
  name = "acc-events"
}
resource "lambdasim_sqs_queue_policy" "q" {
  queue_url = lambdasim_sqs_queue.q.url
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = "sqs:SendMessage",
    Resource = lambdasim_sqs_queue.q.arn, Condition = { ArnEquals = { "aws:SourceArn" = lambdasim_cloudwatch_event_rule.r.arn } } }] })
}
resource "lambdasim_cloudwatch_event_target" "t" {
  rule           = lambdasim_cloudwatch_event_rule.r.name
  event_bus_name = lambdasim_cloudwatch_event_bus.b.name
  target_id      = "queue"
  arn            = lambdasim_sqs_queue.q.arn
  dead_letter_config {
    arn = lambdasim_sqs_queue.q.arn
  }
  retry_policy {
    maximum_retry_attempts = 3
  }
  input_transformer {
    input_paths    = { n = "$.detail.n" }
    input_template = "\"number <n> of %[1]s\""
  }
}
`
	put := func(source, want string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			cfg := aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
			_, err := eventbridge.NewFromConfig(cfg).PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{EventBusName: aws.String("acc-bus"), Source: &source,
				DetailType: aws.String("d"), Detail: aws.String(`{"n":7}`)}}})
			if err != nil {
				return err
			}
			out, err := sqsClient().ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(endpoint + "/000000000000/acc-events"), WaitTimeSeconds: 10})
			if err == nil && (len(out.Messages) != 1 || *out.Messages[0].Body != want) {
				t.Errorf("the queue has %+v, want %s", out.Messages, want)
			}
			return err
		}
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{
			Config: config(hcl, "one"), Check: put("one", "number 7 of one"),
			ConfigStateChecks: []statecheck.StateCheck{
				at(eventBus, "arn", exact(eventsAt+"event-bus/acc-bus")), at("data."+eventBus, "arn", exact(eventsAt+"event-bus/acc-bus")),
				at(eventRule, "arn", exact(eventsAt+"rule/acc-bus/acc-rule")), at(eventRule, "id", exact("acc-bus/acc-rule")), at(eventRule, "state", exact("ENABLED")),
				at(eventRule, "schedule_expression", knownvalue.Null()), at(eventTarget, "id", exact("acc-bus-acc-rule-queue")), at(eventPermission, "id", exact("acc-bus/them")),
			},
		},
		{ResourceName: eventBus, ImportState: true, ImportStateId: "acc-bus", ImportStateVerify: true},
		{ResourceName: eventRule, ImportState: true, ImportStateId: "acc-bus/acc-rule", ImportStateVerify: true},
		{ResourceName: eventTarget, ImportState: true, ImportStateId: "acc-bus/acc-rule/queue", ImportStateVerify: true},
		{ResourceName: eventPermission, ImportState: true, ImportStateId: "acc-bus/them", ImportStateVerify: true},
		{
			Config: config(hcl, "two"), Check: put("two", "number 7 of two"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(eventRule, plancheck.ResourceActionUpdate), plancheck.ExpectResourceAction(eventTarget, plancheck.ResourceActionUpdate),
				plancheck.ExpectResourceAction(eventBus, plancheck.ResourceActionUpdate),
			}},
		},
	}})
}

func TestAccEventSchedulesAndRefusals(t *testing.T) {
	const hcl = `
resource "lambdasim_cloudwatch_event_rule" "r" {
  name_prefix         = "acc-"
  schedule_expression = "rate(7 days)"
  is_enabled          = %s
}
resource "lambdasim_cloudwatch_event_bus_policy" "p" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "them", Effect = "Allow", Principal = { AWS = "arn:aws:iam::111111111111:root" }, Action = "events:PutEvents",
    Resource = "arn:aws:events:us-east-1:000000000000:event-bus/default" }] })
}
`
	const refused = `
resource "lambdasim_cloudwatch_event_target" "t" {
  rule = "r"
  arn  = "arn:aws:ecs:us-east-1:000000000000:cluster/c"
  ecs_target {
    task_definition_arn = "arn:aws:ecs:us-east-1:000000000000:task-definition/t"
  }
}
`
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(refused), ExpectError: regexp.MustCompile("ecs_target")},
		{Config: config(`resource "lambdasim_cloudwatch_event_rule" "x" {}`), ExpectError: regexp.MustCompile("(?s)event_pattern.*schedule_expression|schedule_expression.*event_pattern")},
		{Config: config(hcl, "true"), ConfigStateChecks: []statecheck.StateCheck{at(eventRule, "state", exact("ENABLED")), at(eventRule, "event_bus_name", exact("default"))}},
		{ResourceName: eventBusPolicy, ImportState: true, ImportStateId: "default", ImportStateVerify: true},
		{Config: config(hcl, "false"), ConfigStateChecks: []statecheck.StateCheck{at(eventRule, "state", exact("DISABLED"))}},
	}})
}
