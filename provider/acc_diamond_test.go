package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/google/go-cmp/cmp"
	tfconfig "github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/backendtest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// ids are what differs from run to run, since Terraform makes things in any order.
var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|A[RI][OD]A[A-Z0-9]{17}|"(receiptHandle|md5OfBody)": "[^"]*"`)

// masked gives each id a name by where it first comes.
func masked(text string) string {
	names := map[string]string{}
	return ids.ReplaceAllStringFunc(text, func(id string) string {
		if name, _, ok := strings.Cut(id, ":"); ok { // made of ids
			return name + `: "…"`
		}
		if names[id] == "" {
			names[id] = fmt.Sprintf("id-%d", len(names)+1)
		}
		return names[id]
	})
}

// TestAccDiamond: a diamond of services, declared in HCL, delivers two, two, one and one events at its hops, with the JSON of the golden
// file, and its trace is one story with one root.
func TestAccDiamond(t *testing.T) {
	b := backendtest.Start(t, func(c *backend.Config) { c.Seed = 1 })
	hcl, err := os.ReadFile("testdata/diamond/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	functions, err := filepath.Abs("testdata/diamond")
	if err != nil {
		t.Fatal(err)
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{{
		Config:          fmt.Sprintf("provider \"lambdasim\" {\n  endpoint = %q\n}\n", b.Endpoint) + string(hcl),
		ConfigVariables: tfconfig.Variables{"functions": tfconfig.StringVariable(functions)},
		ConfigStateChecks: []statecheck.StateCheck{afterwards(func(ctx context.Context) error {
			b.Wait(t)
			return errors.Join(oneStory(ctx, b.Control), diamondGolden(ctx, b))
		})},
	}}})
}

// afterwards is a check of what an apply brought about, beside its state. (A Check reads no state with for_each.)
type afterwards func(ctx context.Context) error

// CheckState checks.
func (a afterwards) CheckState(ctx context.Context, _ statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	resp.Error = a(ctx)
}

// oneStory holds the deliveries that follow from the object to the diamond's form.
func oneStory(ctx context.Context, c *control.Client) error {
	list, err := c.Deliveries(ctx, control.DeliveriesQuery{})
	if err != nil {
		return err
	}
	hops, roots := map[string]int{}, 0
	known := map[int64]bool{}
	for _, d := range list {
		if strings.Contains(d.Steps[0].Reason, "s3:TestEvent") {
			continue
		}
		hops[d.Source.Service+" -> "+d.TargetARN[strings.LastIndexAny(d.TargetARN, ":/")+1:]]++
		if d.Outcome != "delivered" {
			return fmt.Errorf("delivery %d is %s", d.ID, d.Outcome)
		}
		if d.Parent == 0 {
			roots++
		} else if !known[d.Parent] {
			return fmt.Errorf("delivery %d follows from %d, which is no part of the story", d.ID, d.Parent)
		}
		known[d.ID] = true
	}
	want := map[string]int{"s3 -> uploads": 1, "sns -> left": 1, "sns -> right": 1, "sqs -> left": 1, "sqs -> right": 1, "events -> last": 1}
	text, _ := json.Marshal(hops)
	wanted, _ := json.Marshal(want)
	if string(text) != string(wanted) || roots != 1 {
		return fmt.Errorf("%d roots and the hops %s: want one and %s", roots, text, wanted)
	}
	return nil
}

// diamondGolden compares the trace, and what each function was given, with the golden file.
func diamondGolden(ctx context.Context, b *backendtest.Backend) error {
	text, err := b.Control.DeliveriesText(ctx, control.DeliveriesQuery{})
	if err != nil {
		return err
	}
	logs := cloudwatchlogs.NewFromConfig(aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "us-east-1", BaseEndpoint: &b.Endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	for _, name := range []string{"left", "right", "last"} {
		out, err := logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/" + name)})
		if err != nil {
			return err
		}
		for _, e := range out.Events {
			if strings.HasPrefix(*e.Message, "{") {
				text += fmt.Sprintf("\n%s was given: %s\n", name, strings.TrimSpace(*e.Message))
			}
		}
	}
	const file = "testdata/diamond/golden.txt"
	text = masked(text)
	if flag.Lookup("update").Value.String() == "true" {
		return os.WriteFile(file, []byte(text), 0o644)
	}
	want, err := os.ReadFile(file)
	if err == nil && string(want) != text {
		err = fmt.Errorf("the story differs from %s:\n%s", file, cmp.Diff(string(want), text))
	}
	return err
}
