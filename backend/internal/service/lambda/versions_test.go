package lambda_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

const staleFunction = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"

func (b *bundle) publish(t *testing.T, name string) *lambda.PublishVersionOutput {
	t.Helper()
	out, err := b.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// describe changes a function's description, so that the next publication makes a version.
func (b *bundle) describe(t *testing.T, name, text string) {
	t.Helper()
	if _, err := b.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &name, Description: &text}); err != nil {
		t.Fatal(err)
	}
}

// versions publishes n versions of a new function f.
func (b *bundle) versions(t *testing.T, n int) {
	t.Helper()
	b.create(t, "f")
	for i := range n {
		b.describe(t, "f", fmt.Sprint("version ", i+1))
		b.publish(t, "f")
	}
}

func (b *bundle) alias(t *testing.T, name, version string, weights map[string]float64) *lambda.CreateAliasOutput {
	t.Helper()
	in := &lambda.CreateAliasInput{FunctionName: aws.String("f"), Name: &name, FunctionVersion: &version}
	if weights != nil {
		in.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights}
	}
	out, err := b.CreateAlias(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (b *bundle) configuration(t *testing.T, qualifier string) *lambda.GetFunctionConfigurationOutput {
	t.Helper()
	in := &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("f")}
	if qualifier != "" {
		in.Qualifier = &qualifier
	}
	out, err := b.GetFunctionConfiguration(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The developer guide, "Manage Lambda function versions": a version is a snapshot of code and configuration.
func TestAVersionStaysAsItWasPublished(t *testing.T) {
	b := setup(t)
	in := input(t, "f")
	in.Environment = &types.Environment{Variables: map[string]string{"MODE": "old"}}
	if _, err := b.CreateFunction(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	first, err := b.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("f"), Description: aws.String("the first")})
	if err != nil {
		t.Fatal(err)
	}
	if *first.Version != "1" || *first.FunctionArn != prefix+"f:1" || *first.Description != "the first" {
		t.Fatalf("got %+v", first)
	}
	newCode := archive(t, "main.py", "def handler(e, c): return 2\n")
	if _, err := b.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: newCode}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Timeout: aws.Int32(9),
		Environment: &types.Environment{Variables: map[string]string{"MODE": "new"}}}); err != nil {
		t.Fatal(err)
	}
	latest, version := b.configuration(t, ""), b.configuration(t, "1")
	if *version.Timeout != 3 || version.Environment.Variables["MODE"] != "old" || *version.CodeSha256 != *first.CodeSha256 || *version.RevisionId != *first.RevisionId {
		t.Errorf("the version is %+v", version)
	}
	if *latest.Timeout != 9 || latest.Environment.Variables["MODE"] != "new" || *latest.CodeSha256 == *first.CodeSha256 || *latest.Description != "" {
		t.Errorf("$LATEST is %+v", latest)
	}
	for qualifier, want := range map[string]string{"1": *version.CodeSha256, "$LATEST": *latest.CodeSha256} {
		got, err := b.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f"), Qualifier: &qualifier})
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.Get(*got.Code.Location)
		if err != nil {
			t.Fatal(err)
		}
		zip, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || hash(zip) != want {
			t.Errorf("the code of %s is %s (%v), want %s", qualifier, hash(zip), err, want)
		}
	}
}

// The API reference of PublishVersion, and what was recorded in 2025-11 (test_publish_with_wrong_sha256,
// test_publish_with_wrong_revisionid, test_function_revisions_version_and_alias).
func TestPublishing(t *testing.T) {
	b := setup(t)
	created := b.create(t, "f")
	before := b.configuration(t, "")
	if *before.RevisionId == *created.RevisionId {
		t.Error("becoming Active changed no revision")
	}
	publish := func(in lambda.PublishVersionInput) (*lambda.PublishVersionOutput, error) {
		in.FunctionName = aws.String("f")
		return b.PublishVersion(t.Context(), &in)
	}
	_, err := publish(lambda.PublishVersionInput{RevisionId: aws.String("00000000-0000-0000-0000-000000000000")})
	refused(t, err, 412, "PreconditionFailedException", staleFunction)
	_, err = publish(lambda.PublishVersionInput{CodeSha256: aws.String("somenonexistentsha256")})
	refused(t, err, 400, "InvalidParameterValueException", "CodeSHA256 (somenonexistentsha256) is different from current CodeSHA256 in $LATEST ("+
		*before.CodeSha256+"). Please try again with the CodeSHA256 in $LATEST.")
	one, err := publish(lambda.PublishVersionInput{RevisionId: before.RevisionId, CodeSha256: before.CodeSha256})
	if err != nil || *one.Version != "1" {
		t.Fatalf("got %+v, %v", one, err)
	}
	if after := b.configuration(t, ""); *after.RevisionId == *before.RevisionId || *after.RevisionId == *one.RevisionId {
		t.Error("publishing gives $LATEST a revision of its own")
	}
	for _, in := range []lambda.PublishVersionInput{{}, {Description: aws.String("another")}} {
		if again, err := publish(in); err != nil || *again.Version != "1" || *again.RevisionId != *one.RevisionId {
			t.Errorf("nothing has changed, and it published %+v, %v", again, err)
		}
	}
	b.describe(t, "f", "changed")
	if two := b.publish(t, "f"); *two.Version != "2" || *two.Description != "changed" {
		t.Errorf("got %+v", two)
	}
	_, err = b.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("nobody")})
	refused(t, err, 404, "ResourceNotFoundException", "Function not found: "+prefix+"nobody")
}

// Recorded in 2025 (test_publish_version_on_create, test_publish_version_on_update).
func TestPublishWithCodeMakesAVersion(t *testing.T) {
	b := setup(t)
	in := input(t, "f")
	in.Publish = true
	created, err := b.CreateFunction(t.Context(), in)
	if err != nil || *created.Version != "1" || *created.FunctionArn != prefix+"f" || created.State != types.StatePending {
		t.Fatalf("got %+v, %v", created, err)
	}
	code := archive(t, "main.py", "def handler(e, c): return 2\n")
	update := &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: code, Publish: true}
	updated, err := b.UpdateFunctionCode(t.Context(), update)
	if err != nil || *updated.Version != "2" || *updated.FunctionArn != prefix+"f:2" {
		t.Fatalf("got %+v, %v", updated, err)
	}
	if updated, err = b.UpdateFunctionCode(t.Context(), update); err != nil || *updated.Version != "2" {
		t.Errorf("the same code again made %+v, %v", updated, err)
	}
}

// Measured on AWS in 2026-08: deleting a version that is not there is no error. The developer guide: a number is never used
// again, even for a function that was deleted and made again.
func TestDeletingVersions(t *testing.T) {
	b := setup(t)
	b.versions(t, 3)
	b.alias(t, "live", "1", map[string]float64{"2": 0.5})
	remove := func(qualifier string) error {
		_, err := b.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f"), Qualifier: &qualifier})
		return err
	}
	for _, version := range []string{"1", "2"} {
		refused(t, remove(version), 409, "ResourceConflictException", "Unable to delete version because the following aliases reference it: [live]")
	}
	refused(t, remove("live"), 400, "InvalidParameterValueException", "Deletion of aliases is not currently supported.")
	if err := remove("3"); err != nil {
		t.Fatal(err)
	}
	if err := remove("99"); err != nil {
		t.Error(err)
	}
	_, err := b.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f"), Qualifier: aws.String("3")})
	refused(t, err, 404, "ResourceNotFoundException", "Function not found: "+prefix+"f:3")
	if next := b.publish(t, "f"); *next.Version != "4" {
		t.Errorf("after 3 was deleted it published %s", *next.Version)
	}
	if _, err := b.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	b.create(t, "f")
	if next := b.publish(t, "f"); *next.Version != "5" {
		t.Errorf("made again, it published %s", *next.Version)
	}
	_, err = b.GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("f"), Name: aws.String("live")})
	refused(t, err, 404, "ResourceNotFoundException", "Cannot find alias arn: "+prefix+"f:live")
}

// The pages of ListVersionsByFunction and ListFunctions with FunctionVersion ALL.
func TestVersionsAreListedInTheirOrderPageByPage(t *testing.T) {
	b := setup(t)
	b.versions(t, 11)
	b.create(t, "a")
	want := []string{prefix + "a:$LATEST", prefix + "f:$LATEST"}
	for i := range 11 {
		want = append(want, fmt.Sprint(prefix, "f:", i+1))
	}
	var got []string
	pages := lambda.NewListFunctionsPaginator(b, &lambda.ListFunctionsInput{FunctionVersion: types.FunctionVersionAll, MaxItems: aws.Int32(3)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range page.Functions {
			got = append(got, *f.FunctionArn)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	got = nil
	ofOne := lambda.NewListVersionsByFunctionPaginator(b, &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("f"), MaxItems: aws.Int32(5)})
	for ofOne.HasMorePages() {
		page, err := ofOne.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if page.NextMarker != nil && strings.ContainsAny(*page.NextMarker, ": ") {
			t.Errorf("the marker %q is not opaque", *page.NextMarker)
		}
		for _, f := range page.Versions {
			got = append(got, *f.FunctionArn)
			if f.State != "" || f.LastUpdateStatus != "" {
				t.Errorf("a list shows the state of %s", *f.FunctionArn)
			}
		}
	}
	if !slices.Equal(got, want[1:]) {
		t.Errorf("got %v", got)
	}
	_, err := b.ListFunctions(t.Context(), &lambda.ListFunctionsInput{Marker: aws.String("not a marker")})
	refused(t, err, 400, "InvalidParameterValueException", `The marker "not a marker" is not one that a list answered with.`)
}

// Recorded in 2025-11 (test_alias_lifecycle, test_notfound_and_invalid_routingconfigs, test_alias_naming,
// test_non_existent_alias_update).
func TestAliases(t *testing.T) {
	b := setup(t)
	b.versions(t, 2)
	made := b.alias(t, "live", "1", map[string]float64{"2": 0.25})
	if *made.AliasArn != prefix+"f:live" || *made.FunctionVersion != "1" || *made.Description != "" || made.RoutingConfig.AdditionalVersionWeights["2"] != 0.25 {
		t.Errorf("got %+v", made)
	}
	if c := b.configuration(t, "live"); *c.Version != "1" || *c.FunctionArn != prefix+"f:live" {
		t.Errorf("got %+v", c)
	}
	update := func(in lambda.UpdateAliasInput) (*lambda.UpdateAliasOutput, error) {
		in.FunctionName, in.Name = aws.String("f"), aws.String("live")
		return b.UpdateAlias(t.Context(), &in)
	}
	_, err := update(lambda.UpdateAliasInput{RevisionId: aws.String("wrong")})
	refused(t, err, 412, "PreconditionFailedException", staleFunction)
	moved, err := update(lambda.UpdateAliasInput{RevisionId: made.RevisionId, FunctionVersion: aws.String("2"), Description: aws.String("moved"),
		RoutingConfig: &types.AliasRoutingConfiguration{}})
	if err != nil || *moved.FunctionVersion != "2" || *moved.Description != "moved" || moved.RoutingConfig != nil || *moved.RevisionId == *made.RevisionId {
		t.Errorf("got %+v, %v", moved, err)
	}
	b.alias(t, "edge", "$LATEST", nil)
	list, err := b.ListAliases(t.Context(), &lambda.ListAliasesInput{FunctionName: aws.String("f"), MaxItems: aws.Int32(1)})
	if err != nil || len(list.Aliases) != 1 || *list.Aliases[0].Name != "edge" || list.NextMarker == nil {
		t.Errorf("got %+v, %v", list, err)
	}
	list, err = b.ListAliases(t.Context(), &lambda.ListAliasesInput{FunctionName: aws.String("f"), FunctionVersion: aws.String("2")})
	if err != nil || len(list.Aliases) != 1 || *list.Aliases[0].Name != "live" {
		t.Errorf("got %+v, %v", list, err)
	}
	for range 2 {
		if _, err := b.DeleteAlias(t.Context(), &lambda.DeleteAliasInput{FunctionName: aws.String("f"), Name: aws.String("live")}); err != nil {
			t.Error(err)
		}
	}
	_, err = b.GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("f"), Name: aws.String("live")})
	refused(t, err, 404, "ResourceNotFoundException", "Cannot find alias arn: "+prefix+"f:live")
	_, err = update(lambda.UpdateAliasInput{})
	refused(t, err, 404, "ResourceNotFoundException", "Alias not found: "+prefix+"f:live")
	_, err = b.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f"), Qualifier: aws.String("live")})
	refused(t, err, 404, "ResourceNotFoundException", "Function not found: "+prefix+"f:live")
}

// Recorded in 2025-11 (test_notfound_and_invalid_routingconfigs, test_alias_naming).
func TestAliasesAreRefused(t *testing.T) {
	b := setup(t)
	b.versions(t, 2)
	b.alias(t, "custom", "1", nil)
	b.role(t, "other", `"lambda.amazonaws.com"`)
	if _, err := b.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Role: aws.String(strings.Replace(role, "exec", "other", 1))}); err != nil {
		t.Fatal(err)
	}
	b.publish(t, "f")
	const notFound, ipve, validation = "ResourceNotFoundException", "InvalidParameterValueException", "ValidationException"
	const weights = "1 validation error detected: Value '%s' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: %s"
	const values = "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]"
	for name, c := range map[string]struct {
		function, alias, version string
		weights                  map[string]float64
		status                   int
		code, message            string
	}{
		"a function that is missing": {"f-unknown", "a", "1", nil, 404, notFound, "Function not found: " + prefix + "f-unknown:1"},
		"a version that is missing":  {"f", "a", "10", nil, 404, notFound, "Function not found: " + prefix + "f:10"},
		"a name that is taken":       {"f", "custom", "1", nil, 409, "ResourceConflictException", "Alias already exists: " + prefix + "f:custom"},
		"a name of digits": {"f", "2024", "1", nil, 400, validation,
			"1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"},
		"two more versions":        {"f", "a", "1", map[string]float64{"2": 0.1, "3": 0.1}, 400, ipve, "Number of items in AdditionalVersionWeights cannot be greater than 1"},
		"a weight above one":       {"f", "a", "1", map[string]float64{"2": 2}, 400, validation, fmt.Sprintf(weights, "{2=2.0}", values)},
		"a weight below nothing":   {"f", "a", "1", map[string]float64{"2": -1}, 400, validation, fmt.Sprintf(weights, "{2=-1.0}", values)},
		"the same version":         {"f", "a", "1", map[string]float64{"1": 0.5}, 400, ipve, "Invalid function version 1. Function version 1 is already included in routing configuration."},
		"$LATEST and another":      {"f", "a", "$LATEST", map[string]float64{"1": 0.5}, 400, ipve, "$LATEST is not supported for an alias pointing to more than 1 version"},
		"another that is missing":  {"f", "a", "1", map[string]float64{"10": 0.5}, 404, notFound, "Function not found: " + prefix + "f:10"},
		"another of another role":  {"f", "a", "1", map[string]float64{"3": 0.5}, 400, ipve, "The versions 1 and 3 have different execution roles (" + role + ", arn:aws:iam::000000000000:role/other): an alias can lead to two versions only if they have the same."},
		"$LATEST as the other one": {"f", "a", "1", map[string]float64{"$LATEST": 0.5}, 400, validation, fmt.Sprintf(weights, "{$LATEST=0.5}", "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]")},
	} {
		t.Run(name, func(t *testing.T) {
			in := &lambda.CreateAliasInput{FunctionName: &c.function, Name: &c.alias, FunctionVersion: &c.version}
			if c.weights != nil {
				in.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: c.weights}
			}
			_, err := b.CreateAlias(t.Context(), in)
			refused(t, err, c.status, c.code, c.message)
		})
	}
}

// Recorded in 2025 (test_lambda_alias_*): what runs, what it is told, and what the caller is told.
func TestAQualifierChoosesWhatRuns(t *testing.T) {
	b := setup(t)
	b.versions(t, 2)
	b.script(t, "f", control.ScriptedOutcome{Payload: json.RawMessage(`"ran"`)})
	b.alias(t, "live", "1", nil)
	for _, c := range []struct{ name, qualifier, executed string }{
		{"f", "", "$LATEST"}, {"f", "$LATEST", "$LATEST"}, {"f", "1", "1"}, {"f:2", "", "2"}, {"f", "live", "1"}, {"f:live", "live", "1"},
		{"000000000000:function:f:2", "", "2"}, {prefix + "f:live", "", "1"}, {prefix + "f", "2", "2"},
	} {
		in := &lambda.InvokeInput{FunctionName: &c.name}
		if c.qualifier != "" {
			in.Qualifier = &c.qualifier
		}
		out, err := b.Invoke(t.Context(), in)
		if err != nil || *out.ExecutedVersion != c.executed {
			t.Errorf("%s %s: got %+v, %v", c.name, c.qualifier, out, err)
		}
	}
	for _, qualifier := range []string{"3", "nobody", "01"} {
		_, err := b.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Qualifier: &qualifier})
		refused(t, err, 404, "ResourceNotFoundException", "Function not found: "+prefix+"f:"+qualifier)
	}
}

// The developer guide, "Implement Lambda canary deployments using a weighted alias": the weight is the share of the other version.
func TestWeightsShareTheInvocations(t *testing.T) {
	b := setup(t)
	b.versions(t, 2)
	b.script(t, "f", control.ScriptedOutcome{Payload: json.RawMessage(`"ran"`)})
	for name, c := range map[string]struct {
		weight      float64
		least, most int
	}{"none": {0, 0, 0}, "quarter": {0.25, 30, 75}, "all": {1, 200, 200}} {
		b.alias(t, name, "1", map[string]float64{"2": c.weight})
		second := 0
		for range 200 {
			out, err := b.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Qualifier: &name})
			if err != nil {
				t.Fatal(err)
			}
			if *out.ExecutedVersion == "2" {
				second++
			}
		}
		if second < c.least || second > c.most {
			t.Errorf("weight %v: %d of 200 went to version 2", c.weight, second)
		}
	}
}

// Recorded in 2025-11 (test_lambda_permission_fn_versioning): function, version and alias have policies of their own.
func TestEachQualifierHasItsPolicy(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	if _, err := b.AddPermission(t.Context(), permission("s")); err != nil {
		t.Fatal(err)
	}
	b.publish(t, "f")
	alias := b.alias(t, "live", "1", nil)
	get := func(qualifier string) (*lambda.GetPolicyOutput, error) {
		return b.GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: aws.String("f"), Qualifier: &qualifier})
	}
	for _, qualifier := range []string{"1", "live", "7", "nobody"} {
		_, err := get(qualifier)
		refused(t, err, 404, "ResourceNotFoundException", "The resource you requested does not exist.")
	}
	in := permission("s")
	in.Qualifier, in.RevisionId = aws.String("live"), aws.String("00000000-0000-0000-0000-000000000000")
	_, err := b.AddPermission(t.Context(), in)
	refused(t, err, 412, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id")
	in.RevisionId = alias.RevisionId // recorded: for an alias's first statement
	if _, err = b.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	in = permission("s")
	in.FunctionName = aws.String(prefix + "f:1")
	if _, err = b.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	revisions := map[string]bool{}
	for _, qualifier := range []string{"1", "live"} {
		got, err := get(qualifier)
		if err != nil || !strings.Contains(*got.Policy, `"Resource":"`+prefix+"f:"+qualifier+`"`) {
			t.Fatalf("got %+v, %v", got, err)
		}
		revisions[*got.RevisionId] = true
	}
	if len(revisions) != 2 {
		t.Error("two policies have one revision")
	}
	remove := &lambda.RemovePermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("s"), Qualifier: aws.String("nobody")}
	_, err = b.RemovePermission(t.Context(), remove)
	refused(t, err, 404, "ResourceNotFoundException", "Cannot find alias arn: "+prefix+"f:nobody")
	remove.Qualifier = aws.String("live")
	if _, err = b.RemovePermission(t.Context(), remove); err != nil {
		t.Fatal(err)
	}
	_, err = get("live")
	refused(t, err, 404, "ResourceNotFoundException", "The resource you requested does not exist.")
}

// The developer guide, "Working with resource-based policies": a grant on the function is for the unqualified name, one on an
// alias for the alias's ARN.
func TestAGrantCountsForTheARNThatItNames(t *testing.T) {
	b := setup(t)
	b.versions(t, 1)
	b.script(t, "f", control.ScriptedOutcome{Payload: json.RawMessage(`1`)})
	b.alias(t, "live", "1", nil)
	other := b.as("222222222222")
	invoke := func(qualifier string) error {
		_, err := other.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String(strings.TrimSuffix(prefix+"f:"+qualifier, ":"))})
		return err
	}
	deniedOn := func(arn string) string {
		return "User: arn:aws:iam::222222222222:root is not authorized to perform: lambda:InvokeFunction on resource: " + arn + " because no resource-based policy allows the lambda:InvokeFunction action"
	}
	in := permission("partner")
	in.Principal = aws.String("222222222222")
	if _, err := b.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if err := invoke(""); err != nil {
		t.Error(err)
	}
	for _, qualifier := range []string{"live", "1", "$LATEST"} {
		refused(t, invoke(qualifier), 403, "AccessDeniedException", deniedOn(prefix+"f:"+qualifier))
	}
	in.Qualifier = aws.String("live")
	if _, err := b.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if err := invoke("live"); err != nil {
		t.Error(err)
	}
	refused(t, invoke("1"), 403, "AccessDeniedException", deniedOn(prefix+"f:1"))
	if _, err := b.RemovePermission(t.Context(), &lambda.RemovePermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("partner")}); err != nil {
		t.Fatal(err)
	}
	refused(t, invoke(""), 403, "AccessDeniedException", deniedOn(prefix+"f"))
	if err := invoke("live"); err != nil {
		t.Error(err)
	}
}
