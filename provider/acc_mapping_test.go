package provider_test

import (
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

const mapped = "lambdasim_event_source_mapping.m"

func changes(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(mapped, action)},
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
}

func makeQueue(t *testing.T, name string) {
	t.Helper()
	client := sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	if _, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name}); err != nil {
		t.Fatal(err)
	}
}

const mapping = function + `
resource "lambdasim_iam_role_policy" "read" {
  role   = lambdasim_iam_role.r.name
  name   = "read"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["kinesis:*", "sqs:*"], Resource = "*" }] })
}
resource "lambdasim_kinesis_stream" "s" {
  name        = %[1]q
  shard_count = 1
}
resource "lambdasim_event_source_mapping" "m" {
  function_name = lambdasim_function.f.function_name
  %[4]s
  depends_on = [lambdasim_iam_role_policy.read]
}
`

func TestAccMappingOfAStreamWithEverything(t *testing.T) {
	path := source(t, "def handler(event, context): return None")
	const stream = "event_source_arn = lambdasim_kinesis_stream.s.arn\n  starting_position = \"LATEST\"\n  "
	null, one := knownvalue.Null(), knownvalue.Int64Exact(1)
	makeQueue(t, "acc-mapped-failures")
	plain := []statecheck.StateCheck{at(mapped, "bisect_batch_on_function_error", null), at(mapped, "function_response_types", null),
		at(mapped, "destination_config", knownvalue.ListSizeExact(0)), at(mapped, "maximum_batching_window_in_seconds", null), at(mapped, "maximum_record_age_in_seconds", knownvalue.Int64Exact(-1)), at(mapped, "parallelization_factor", one)}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(mapping, "acc-all", path, "", stream), ConfigPlanChecks: changes(plancheck.ResourceActionCreate), ConfigStateChecks: plain},
		{Config: config(mapping, "acc-all", path, "", stream+`bisect_batch_on_function_error = true
  function_response_types            = ["ReportBatchItemFailures"]
  maximum_batching_window_in_seconds = 5
  maximum_record_age_in_seconds      = 60
  maximum_retry_attempts             = 0
  parallelization_factor             = 3
  destination_config {
    on_failure {
      destination_arn = "arn:aws:sqs:us-east-1:000000000000:acc-mapped-failures"
    }
  }`),
			ConfigPlanChecks: changes(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{at(mapped, "bisect_batch_on_function_error", knownvalue.Bool(true)),
				at(mapped, "function_response_types", knownvalue.SetSizeExact(1)), at(mapped, "maximum_batching_window_in_seconds", knownvalue.Int64Exact(5)),
				at(mapped, "maximum_record_age_in_seconds", knownvalue.Int64Exact(60)), at(mapped, "maximum_retry_attempts", knownvalue.Int64Exact(0)),
				at(mapped, "parallelization_factor", knownvalue.Int64Exact(3)), at(mapped, "destination_config", knownvalue.ListSizeExact(1))}},
		{ResourceName: mapped, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"function_name"}},
		{Config: config(mapping, "acc-all", path, "", stream+"maximum_record_age_in_seconds = -1\n  parallelization_factor = 1"), ConfigPlanChecks: changes(plancheck.ResourceActionUpdate), ConfigStateChecks: plain},
		{Config: config(mapping, "acc-all", path, "", stream+"scaling_config {\n maximum_concurrency = 2\n }"), ExpectError: regexp.MustCompile("scaling_config belongs to queues")},
		{Config: config(mapping, "acc-all", path, "", stream+"provisioned_poller_config {\n minimum_pollers = 2\n }"), ExpectError: regexp.MustCompile(`provisioned_poller_config\s+belongs\s+to\s+queues`)},
	}})
}

func TestAccMappingOfAQueue(t *testing.T) {
	path := source(t, "def handler(event, context): return None")
	makeQueue(t, "acc-mapped-queue")
	const queue = "event_source_arn = \"arn:aws:sqs:us-east-1:000000000000:acc-mapped-queue\"\n  "
	null := knownvalue.Null()
	plain := []statecheck.StateCheck{at(mapped, "batch_size", knownvalue.Int64Exact(10)), at(mapped, "last_processing_result", null), at(mapped, "starting_position", null),
		at(mapped, "parallelization_factor", null), at(mapped, "maximum_retry_attempts", null), at(mapped, "state_transition_reason", knownvalue.StringExact("USER_INITIATED"))}
	refused := func(arguments, why string) resource.TestStep {
		return resource.TestStep{Config: config(mapping, "acc-mapped-queue", path, "", queue+arguments), ExpectError: regexp.MustCompile(why)}
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		refused(`starting_position = "LATEST"`, "starting_position belongs to streams"),
		refused(`batch_size = 11`, "more than 10 messages needs a batching window"),
		refused("scaling_config {\n maximum_concurrency = 2\n }\n provisioned_poller_config {\n minimum_pollers = 2\n }", `provisioned_poller_config\s+and\s+scaling_config\s+exclude\s+each\s+other`),
		refused("provisioned_poller_config {\n minimum_pollers = 5\n maximum_pollers = 4\n }", `More\s+pollers\s+at\s+least\s+than\s+at\s+most`),
		refused("provisioned_poller_config {\n poller_group_name = \"g\"\n }", `poller_group_name\s+belongs\s+to\s+Kafka`),
		refused("metrics_config {\n metrics = [\"KafkaMetrics\"]\n }", `must\s+be\s+one\s+of:\s+\["EventCount"\]`),
		{Config: config(mapping, "acc-mapped-queue", path, "", queue), ConfigPlanChecks: changes(plancheck.ResourceActionCreate), ConfigStateChecks: plain},
		{Config: config(mapping, "acc-mapped-queue", path, "", queue+`batch_size = 20
  maximum_batching_window_in_seconds = 1
  function_response_types            = ["ReportBatchItemFailures"]
  scaling_config {
    maximum_concurrency = 2
  }`), ConfigPlanChecks: changes(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{at(mapped, "batch_size", knownvalue.Int64Exact(20)), at(mapped, "scaling_config", knownvalue.ListSizeExact(1)),
				at(mapped, "maximum_batching_window_in_seconds", knownvalue.Int64Exact(1))}},
		{ResourceName: mapped, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"function_name"}},
		{Config: config(mapping, "acc-mapped-queue", path, "", queue+"batch_size = 10"), ConfigPlanChecks: changes(plancheck.ResourceActionUpdate), ConfigStateChecks: plain},
	}})
}

func TestAccMappingWithPollersMetricsAndAKey(t *testing.T) {
	path := source(t, "def handler(event, context): return None")
	makeQueue(t, "acc-mapped-pollers")
	const queue = "event_source_arn = \"arn:aws:sqs:us-east-1:000000000000:acc-mapped-pollers\"\n  "
	const key = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
	with := func(arguments string) string { return config(mapping, "acc-mapped-pollers", path, "", queue+arguments) }
	pollers := func(least, most int64) statecheck.StateCheck {
		return at(mapped, "provisioned_poller_config", knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectExact(map[string]knownvalue.Check{
			"minimum_pollers": knownvalue.Int64Exact(least), "maximum_pollers": knownvalue.Int64Exact(most), "poller_group_name": knownvalue.Null()})}))
	}
	const rest = "\n kms_key_arn = \"" + key + "\"\n metrics_config {\n metrics = [\"EventCount\"]\n }\n filter_criteria {\n filter {\n pattern = jsonencode({ body = { a = [1] } })\n }\n }"
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: with("provisioned_poller_config {\n minimum_pollers = 3\n }" + rest), ConfigPlanChecks: changes(plancheck.ResourceActionCreate), ConfigStateChecks: []statecheck.StateCheck{pollers(3, 200),
			at(mapped, "metrics_config", knownvalue.ListSizeExact(1)), at(mapped, "kms_key_arn", knownvalue.StringExact(key)), at(mapped, "filter_criteria", knownvalue.ListSizeExact(1))}},
		{ResourceName: mapped, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"function_name"}},
		{Config: with("provisioned_poller_config {\n minimum_pollers = 4\n maximum_pollers = 5\n }" + rest), ConfigPlanChecks: changes(plancheck.ResourceActionUpdate), ConfigStateChecks: []statecheck.StateCheck{pollers(4, 5)}},
		{Config: with("scaling_config {\n maximum_concurrency = 7\n }"), ConfigPlanChecks: changes(plancheck.ResourceActionUpdate), ConfigStateChecks: []statecheck.StateCheck{
			at(mapped, "provisioned_poller_config", knownvalue.ListSizeExact(0)), at(mapped, "metrics_config", knownvalue.ListSizeExact(0)), at(mapped, "kms_key_arn", knownvalue.Null()),
			at(mapped, "scaling_config", knownvalue.ListSizeExact(1))}},
	}})
}

func TestAccMappingWithFilters(t *testing.T) {
	path := source(t, "def handler(event, context): return None")
	const stream = "event_source_arn = lambdasim_kinesis_stream.s.arn\n  starting_position = \"LATEST\"\n  "
	filters := func(patterns ...string) string {
		text := "filter_criteria {\n"
		for _, p := range patterns {
			text += "    filter {\n      pattern = " + p + "\n    }\n"
		}
		return stream + text + "  }"
	}
	with := func(patterns ...string) string { return config(mapping, "acc-filters", path, "", filters(patterns...)) }
	refused := func(pattern, why string) resource.TestStep {
		return resource.TestStep{Config: with(pattern), PlanOnly: true, ExpectError: regexp.MustCompile(why)}
	}
	const paid, sent = `jsonencode({ data = { kind = ["paid"] } })`, `jsonencode({ data = { kind = [{ prefix = "sent" }] } })`
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		refused(`jsonencode({ data = { kind = "paid" } })`, "Not a pattern for a filter"),
		refused(`jsonencode({ data = ["paid"] })`, "A stream's data is JSON"),
		refused(`""`, "filter"),
		{Config: with(`"{\"data\":{\"a\":[1]}}"`, `"{\"data\":{\"a\":[2]}}"`, `"{\"data\":{\"a\":[3]}}"`, `"{\"data\":{\"a\":[4]}}"`, `"{\"data\":{\"a\":[5]}}"`, `"{\"data\":{\"a\":[6]}}"`),
			PlanOnly: true, ExpectError: regexp.MustCompile("at most 5")},
		{Config: with(paid), ConfigPlanChecks: changes(plancheck.ResourceActionCreate), ConfigStateChecks: []statecheck.StateCheck{at(mapped, "filter_criteria", knownvalue.ListSizeExact(1))}},
		{ResourceName: mapped, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"function_name"}},
		{Config: with(paid, sent), ConfigPlanChecks: changes(plancheck.ResourceActionUpdate)},
		{Config: with(sent, paid), ConfigPlanChecks: changes(plancheck.ResourceActionNoop)},
		{Config: config(mapping, "acc-filters", path, "", stream), ConfigPlanChecks: changes(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{at(mapped, "filter_criteria", knownvalue.ListSizeExact(0))}},
	}})
}

func TestAccFiltersThatSomebodyElseWroteAnewAreTheSameWhenTheyMeanTheSame(t *testing.T) {
	path := source(t, "def handler(event, context): return None")
	const filtered = "event_source_arn = lambdasim_kinesis_stream.s.arn\n  starting_position = \"LATEST\"\n  filter_criteria {\n    filter {\n      pattern = jsonencode({ data = { a = [1], b = [2] } })\n    }\n  }"
	rewrite := func(pattern string) func() {
		return func() {
			client := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
			list, err := client.ListEventSourceMappings(t.Context(), &lambda.ListEventSourceMappingsInput{FunctionName: aws.String("acc-same")})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.UpdateEventSourceMapping(t.Context(), &lambda.UpdateEventSourceMappingInput{UUID: list.EventSourceMappings[0].UUID,
				FilterCriteria: &types.FilterCriteria{Filters: []types.Filter{{Pattern: &pattern}}}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(mapping, "acc-same", path, "", filtered)},
		{PreConfig: rewrite(`{ "data": { "b": [2], "a": [1] } }`), Config: config(mapping, "acc-same", path, "", filtered), ConfigPlanChecks: changes(plancheck.ResourceActionNoop)},
		{PreConfig: rewrite(`{"data":{"b":[3],"a":[1]}}`), Config: config(mapping, "acc-same", path, "", filtered), ConfigPlanChecks: changes(plancheck.ResourceActionUpdate)},
	}})
}
