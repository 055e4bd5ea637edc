package provider_test

import (
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awstypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// tables is a client of DynamoDB: somebody who changes things behind Terraform's back.
func tables() *dynamodb.Client {
	return dynamodb.NewFromConfig(aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
}

const table = `
resource "lambdasim_dynamodb_table" "t" {
  name     = %[1]q
  hash_key = "id"
  %[2]s
  attribute {
    name = "id"
    type = "S"
  }
}
`

func TestAccDynamoDBTable(t *testing.T) {
	const name = "acc-dynamodb"
	stream := regexp.MustCompile(`^arn:aws:dynamodb:us-east-1:000000000000:table/acc-dynamodb/stream/\d{4}-.*`)
	const index = `
  attribute {
    name = "kind"
    type = "S"
  }
  global_secondary_index {
    name            = "by-kind"
    hash_key        = "kind"
    projection_type = %q
  }`
	action := func(a plancheck.ResourceActionType) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_dynamodb_table.t", a)}}
	}
	onDemand := `billing_mode = "PAY_PER_REQUEST"
  tags = { team = "a" }
  point_in_time_recovery { enabled = false }
  server_side_encryption { enabled = false }
  stream_enabled = true
  stream_view_type = "NEW_IMAGE"
  ttl {
    attribute_name = "until"
    enabled = true
  }
`
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{
			Config: config(table, name, "read_capacity = 5\n  write_capacity = 6"),
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_dynamodb_table.t", "billing_mode", knownvalue.StringExact("PROVISIONED")),
				at("lambdasim_dynamodb_table.t", "write_capacity", knownvalue.Int64Exact(6)), at("lambdasim_dynamodb_table.t", "stream_arn", knownvalue.StringExact("")),
				at("lambdasim_dynamodb_table.t", "arn", knownvalue.StringExact("arn:aws:dynamodb:us-east-1:000000000000:table/acc-dynamodb"))},
		},
		{ResourceName: "lambdasim_dynamodb_table.t", ImportState: true, ImportStateId: name, ImportStateVerify: true},
		{
			Config:           config(table, name, onDemand+indexed(index, "ALL")),
			ConfigPlanChecks: action(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_dynamodb_table.t", "stream_arn", knownvalue.StringRegexp(stream)),
				at("lambdasim_dynamodb_table.t", "stream_label", knownvalue.NotNull()), at("lambdasim_dynamodb_table.t", "read_capacity", knownvalue.Int64Exact(0))},
		},
		{
			Config:           config(table, name, onDemand+indexed(index, "KEYS_ONLY")),
			ConfigPlanChecks: action(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue("lambdasim_dynamodb_table.t", tfjsonpath.New("global_secondary_index").AtSliceIndex(0).AtMapKey("projection_type"),
				knownvalue.StringExact("KEYS_ONLY"))},
		},
		{ // drift: somebody disables the stream
			PreConfig: func() {
				if _, err := tables().UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: aws.String(name), StreamSpecification: &awstypes.StreamSpecification{StreamEnabled: aws.Bool(false)}}); err != nil {
					t.Fatal(err)
				}
			},
			Config:            config(table, name, onDemand+indexed(index, "KEYS_ONLY")),
			ConfigPlanChecks:  action(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_dynamodb_table.t", "stream_enabled", knownvalue.Bool(true))},
		},
		{Config: config(table, name, onDemand+"replica { region_name = \"eu-west-1\" }"), ExpectError: regexp.MustCompile(`replica is not simulated`)},
		{Config: config(table, name, "stream_enabled = true"), ExpectError: regexp.MustCompile(`stream_view_type is required`)},
		{
			Config:           config(table, name+"-2", "billing_mode = \"PAY_PER_REQUEST\""),
			ConfigPlanChecks: action(plancheck.ResourceActionReplace),
		},
	}})
}

func indexed(hcl, projection string) string {
	return regexp.MustCompile(`%q`).ReplaceAllString(hcl, `"`+projection+`"`)
}

func TestAccDynamoDBItem(t *testing.T) {
	const name = "acc-items"
	const item = table + `
resource "lambdasim_dynamodb_table_item" "i" {
  table_name = lambdasim_dynamodb_table.t.name
  hash_key   = lambdasim_dynamodb_table.t.hash_key
  item       = jsonencode(%[3]s)
}
data "lambdasim_dynamodb_table" "d" {
  name       = lambdasim_dynamodb_table.t.name
  depends_on = [lambdasim_dynamodb_table_item.i]
}
`
	mode := `billing_mode = "PAY_PER_REQUEST"`
	action := func(a plancheck.ResourceActionType) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("lambdasim_dynamodb_table_item.i", a)}}
	}
	there := func(id string, want bool) {
		out, err := tables().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(name), Key: map[string]awstypes.AttributeValue{"id": &awstypes.AttributeValueMemberS{Value: id}}})
		if err != nil || (out.Item != nil) != want {
			t.Errorf("the item %s: %v, %v", id, out.Item, err)
		}
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{
			Config: config(item, name, mode, `{ id = { S = "a" }, n = { N = "1.50" }, gone = { L = [{ S = "x" }] } }`),
			ConfigStateChecks: []statecheck.StateCheck{at("lambdasim_dynamodb_table_item.i", "hash_key_value", knownvalue.StringExact("a")),
				at("data.lambdasim_dynamodb_table.d", "hash_key", knownvalue.StringExact("id")), at("data.lambdasim_dynamodb_table.d", "billing_mode", knownvalue.StringExact("PAY_PER_REQUEST"))},
		},
		{ResourceName: "lambdasim_dynamodb_table_item.i", ImportState: true, ImportStateId: name + "|id|a", ImportStateVerify: true, ImportStateVerifyIgnore: []string{"item"}},
		{ // what others add is left alone, what they change is put right
			PreConfig: func() {
				if _, err := tables().UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: aws.String(name), Key: map[string]awstypes.AttributeValue{"id": &awstypes.AttributeValueMemberS{Value: "a"}},
					UpdateExpression: aws.String("SET n = n + :one, theirs = :one"), ExpressionAttributeValues: map[string]awstypes.AttributeValue{":one": &awstypes.AttributeValueMemberN{Value: "1"}}}); err != nil {
					t.Fatal(err)
				}
			},
			Config:           config(item, name, mode, `{ id = { S = "a" }, n = { N = "1.50" } }`),
			ConfigPlanChecks: action(plancheck.ResourceActionUpdate),
		},
		{
			PreConfig: func() {
				out, err := tables().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(name), Key: map[string]awstypes.AttributeValue{"id": &awstypes.AttributeValueMemberS{Value: "a"}}})
				n, isNumber := out.Item["n"].(*awstypes.AttributeValueMemberN)
				if err != nil || out.Item["theirs"] == nil || out.Item["gone"] != nil || !isNumber || n.Value != "1.5" {
					t.Errorf("the item after the update: %v, %v", out.Item, err)
				}
			},
			Config:           config(item, name, mode, `{ id = { S = "b" } }`),
			ConfigPlanChecks: action(plancheck.ResourceActionUpdate),
		},
		{
			PreConfig: func() { there("a", false); there("b", true) },
			Config:    config(item, name, mode, `{ other = { S = "b" } }`), ExpectError: regexp.MustCompile(`no attribute id`),
		},
	}})
}
