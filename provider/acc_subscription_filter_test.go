package provider_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// TestAccLogSubscriptionFilter takes a subscription filter through its life: with no permission AWS's error names what lacks.
func TestAccLogSubscriptionFilter(t *testing.T) {
	const f = "lambdasim_cloudwatch_log_subscription_filter.f"
	path := source(t, "def handler(event, context): return event")
	world := `
resource "lambdasim_iam_role" "r" {
  name               = "acc-subscription"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}
resource "lambdasim_function" "f" {
  function_name = "acc-subscription"
  role          = lambdasim_iam_role.r.arn
  runtime       = "python3.12"
  handler       = "index.handler"
  filename      = "` + path + `"
}
resource "lambdasim_cloudwatch_log_group" "g" {
  name = "/app/acc-subscription"
}
`
	permission := `
resource "lambdasim_permission" "p" {
  statement_id  = "logs"
  action        = "lambda:InvokeFunction"
  function_name = lambdasim_function.f.function_name
  principal     = "logs.us-east-1.amazonaws.com"
  source_arn    = "${lambdasim_cloudwatch_log_group.g.arn}:*"
}
`
	hcl := func(extra string, arguments ...string) string {
		return world + extra + of("cloudwatch_log_subscription_filter", "f", append(arguments, `name = "errors"`, `log_group_name = lambdasim_cloudwatch_log_group.g.name`, `destination_arn = lambdasim_function.f.arn`)...)
	}
	after := "depends_on = [lambdasim_permission.p]"
	steps(t,
		fails(hcl("", `filter_pattern = ""`), `Could not execute the lambda function`),
		fails(hcl(permission, `filter_pattern = "\"x"`, after), `a quotation mark is not\s+closed`),
		fails(hcl(permission, `filter_pattern = ""`, `emit_system_fields = ["@aws.account"]`, after), `emit_system_fields is not simulated`),
		acts(f, create, hcl(permission, `filter_pattern = ""`, after), at(f, "distribution", text("ByLogStream")), at(f, "filter_pattern", text(""))),
		acts(f, nothing, hcl(permission, `filter_pattern = ""`, after)),
		acts(f, update, hcl(permission, `filter_pattern = "?ERROR ?FATAL"`, `distribution = "Random"`, after), at(f, "filter_pattern", text("?ERROR ?FATAL")), at(f, "distribution", text("Random"))),
		imports(f, "/app/acc-subscription|errors"), failsImport(f, "errors", `want LOG_GROUP\|NAME`),
		vanishes(f, hcl(permission, `filter_pattern = "?ERROR ?FATAL"`, `distribution = "Random"`, after), behind(t, func() (*cloudwatchlogs.DeleteSubscriptionFilterOutput, error) {
			client := cloudwatchlogs.NewFromConfig(aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
			return client.DeleteSubscriptionFilter(t.Context(), &cloudwatchlogs.DeleteSubscriptionFilterInput{LogGroupName: aws.String("/app/acc-subscription"), FilterName: aws.String("errors")})
		})),
	)
}
