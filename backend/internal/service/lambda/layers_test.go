package lambda_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
)

const layerPrefix = "arn:aws:lambda:us-east-1:000000000000:layer:"

func (b *bundle) publishLayer(t *testing.T, name string, runtimes ...types.Runtime) *lambda.PublishLayerVersionOutput {
	t.Helper()
	out, err := b.PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{LayerName: &name, CompatibleRuntimes: runtimes,
		Content: &types.LayerVersionContentInput{ZipFile: archive(t, "python/dep.py", "name = '"+name+"'\n")}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// API reference, PublishLayerVersion, GetLayerVersion, ListLayers, ListLayerVersions, DeleteLayerVersion.
func TestLayerVersions(t *testing.T) {
	b := setup(t)
	content := archive(t, "python/dep.py", "name = 'l'\n")
	made, err := b.PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{LayerName: aws.String("l"), Description: aws.String("d"), LicenseInfo: aws.String("MIT"),
		CompatibleRuntimes: []types.Runtime{"python3.12"}, CompatibleArchitectures: []types.Architecture{"arm64"}, Content: &types.LayerVersionContentInput{ZipFile: content}})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a version is shown with its content", func(t *testing.T) {
		got, err := b.GetLayerVersion(t.Context(), &lambda.GetLayerVersionInput{LayerName: aws.String(layerPrefix + "l"), VersionNumber: aws.Int64(1)})
		if err != nil {
			t.Fatal(err)
		}
		if *got.LayerVersionArn != layerPrefix+"l:1" || *got.LayerArn != layerPrefix+"l" || got.Version != 1 || *got.Description != "d" || *got.LicenseInfo != "MIT" ||
			*got.Content.CodeSha256 != hash(content) || got.Content.CodeSize != int64(len(content)) || got.CompatibleRuntimes[0] != "python3.12" || got.CompatibleArchitectures[0] != "arm64" {
			t.Errorf("got %+v %+v", got, got.Content)
		}
		if diff := cmp.Diff(*made.CreatedDate, *got.CreatedDate); diff != "" {
			t.Error(diff)
		}
		answer, err := http.Get(*got.Content.Location)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if text, _ := io.ReadAll(answer.Body); !bytes.Equal(text, content) {
			t.Errorf("the location answers %d with %d bytes", answer.StatusCode, len(text))
		}
	})
	b.publishLayer(t, "l")
	b.publishLayer(t, "other", "nodejs20.x")
	t.Run("lists show the newest first, page by page", func(t *testing.T) {
		first, err := b.ListLayerVersions(t.Context(), &lambda.ListLayerVersionsInput{LayerName: aws.String("l"), MaxItems: aws.Int32(1)})
		if err != nil || first.LayerVersions[0].Version != 2 || first.NextMarker == nil {
			t.Fatalf("%+v, %v", first, err)
		}
		second, err := b.ListLayerVersions(t.Context(), &lambda.ListLayerVersionsInput{LayerName: aws.String("l"), Marker: first.NextMarker})
		if err != nil || len(second.LayerVersions) != 1 || second.LayerVersions[0].Version != 1 {
			t.Fatalf("%+v, %v", second, err)
		}
		layers, err := b.ListLayers(t.Context(), &lambda.ListLayersInput{})
		if err != nil || len(layers.Layers) != 2 || layers.Layers[0].LatestMatchingVersion.Version != 2 {
			t.Fatalf("%+v, %v", layers, err)
		}
		python, err := b.ListLayers(t.Context(), &lambda.ListLayersInput{CompatibleRuntime: "python3.12", CompatibleArchitecture: "arm64"})
		if err != nil || len(python.Layers) != 1 || python.Layers[0].LatestMatchingVersion.Version != 1 {
			t.Fatalf("%+v, %v", python, err)
		}
	})
	t.Run("a deleted version is seen no more, its number not given again", func(t *testing.T) {
		for range 2 {
			if _, err := b.DeleteLayerVersion(t.Context(), &lambda.DeleteLayerVersionInput{LayerName: aws.String("l"), VersionNumber: aws.Int64(2)}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := b.GetLayerVersion(t.Context(), &lambda.GetLayerVersionInput{LayerName: aws.String("l"), VersionNumber: aws.Int64(2)})
		refused(t, err, 404, "ResourceNotFoundException", "The resource you requested does not exist.")
		if v := b.publishLayer(t, "l").Version; v != 3 {
			t.Errorf("the next version is %d", v)
		}
	})
}

// Recorded from AWS in 2025-11 (test_layer_function_exceptions, test_layer_function_quota_exception).
func TestLayersOfFunctions(t *testing.T) {
	const ipve = "InvalidParameterValueException"
	b := setup(t)
	for _, name := range []string{"a", "a", "b", "c", "d", "e", "f"} {
		b.publishLayer(t, name)
	}
	with := func(name string, layers ...string) *lambda.CreateFunctionInput {
		in := input(t, name)
		in.Layers = layers
		return in
	}
	for message, layers := range map[string][]string{
		"Cannot reference more than 5 layers.":                                                              {layerPrefix + "a:1", layerPrefix + "b:1", layerPrefix + "c:1", layerPrefix + "d:1", layerPrefix + "e:1", layerPrefix + "f:1"},
		"Layer version " + layerPrefix + "none:1 does not exist.":                                           {layerPrefix + "none:1"},
		"Layer version " + layerPrefix + "a:9 does not exist.":                                              {layerPrefix + "a:9"},
		"Layers are not in the same region as the function. Layers are expected to be in region us-east-1.": {"arn:aws:lambda:eu-west-1:000000000000:layer:a:1"},
		"Two different versions of the same layer are not allowed to be referenced in the same function. " + layerPrefix + "a:1 and " + layerPrefix + "a:2 are versions of the same layer.": {layerPrefix + "a:1", layerPrefix + "a:2"},
		"Two different versions of the same layer are not allowed to be referenced in the same function. " + layerPrefix + "a:1 and " + layerPrefix + "a:1 are versions of the same layer.": {layerPrefix + "a:1", layerPrefix + "a:1"},
	} {
		_, err := b.CreateFunction(t.Context(), with("bad", layers...))
		refused(t, err, 400, ipve, message)
	}
	made, err := b.CreateFunction(t.Context(), with("f", layerPrefix+"b:1", layerPrefix+"a:2"))
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Layers) != 2 || *made.Layers[0].Arn != layerPrefix+"b:1" || *made.Layers[1].Arn != layerPrefix+"a:2" || made.Layers[0].CodeSize == 0 {
		t.Errorf("got %+v", made.Layers)
	}
	update := func(layers []string) *lambda.UpdateFunctionConfigurationOutput {
		t.Helper()
		out, err := b.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Layers: layers})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	t.Run("an update without layers keeps them, an empty list removes them", func(t *testing.T) {
		if out := update(nil); len(out.Layers) != 2 {
			t.Errorf("got %+v", out.Layers)
		}
		if out := update([]string{}); len(out.Layers) != 0 {
			t.Errorf("got %+v", out.Layers)
		}
	})
	t.Run("a deleted version stays with the functions that have it, and can be given to no other", func(t *testing.T) {
		update([]string{layerPrefix + "c:1"})
		if _, err := b.DeleteLayerVersion(t.Context(), &lambda.DeleteLayerVersionInput{LayerName: aws.String("c"), VersionNumber: aws.Int64(1)}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: archive(t, "main.py", "import dep\ndef handler(e, c): return dep.name\n")}); err != nil {
			t.Fatal(err)
		}
		out, err := b.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")})
		if err != nil || string(out.Payload) != `"c"` {
			t.Errorf("%s, %v", out.Payload, err)
		}
		_, err = b.CreateFunction(t.Context(), with("g", layerPrefix+"c:1"))
		refused(t, err, 400, ipve, "Layer version "+layerPrefix+"c:1 does not exist.")
	})
}

// Lambda quotas: code and layers together.
func TestLayersAreMeasuredWithTheCode(t *testing.T) {
	b := setup(t)
	big := zeros(t, 150<<20)
	for _, name := range []string{"x", "y"} {
		if _, err := b.PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{LayerName: &name, Content: &types.LayerVersionContentInput{ZipFile: big}}); err != nil {
			t.Fatal(err)
		}
	}
	in := input(t, "f")
	in.Layers = []string{layerPrefix + "x:1", layerPrefix + "y:1"}
	_, err := b.CreateFunction(t.Context(), in)
	refused(t, err, 400, "InvalidParameterValueException", "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual size is 314572828 bytes.")
}

// zeros is a small zip file that unpacks to n bytes.
func zeros(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("zeros")
	if err == nil {
		_, err = io.CopyN(f, zero{}, n)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Recorded from AWS in 2025-11 (test_layer_policy_exceptions); the developer guide, "Granting layer access to other accounts".
func TestLayerPolicy(t *testing.T) {
	b := setup(t)
	b.publishLayer(t, "l")
	add := func(name string, version int64, sid, action, principal, revision string) error {
		in := &lambda.AddLayerVersionPermissionInput{LayerName: &name, VersionNumber: &version, StatementId: &sid, Action: &action, Principal: &principal}
		if revision != "" {
			in.RevisionId = &revision
		}
		_, err := b.AddLayerVersionPermission(t.Context(), in)
		return err
	}
	remove := func(name string, version int64, sid string) error {
		_, err := b.RemoveLayerVersionPermission(t.Context(), &lambda.RemoveLayerVersionPermissionInput{LayerName: &name, VersionNumber: &version, StatementId: &sid})
		return err
	}
	get := func(name string, version int64) (*lambda.GetLayerVersionPolicyOutput, error) {
		return b.GetLayerVersionPolicy(t.Context(), &lambda.GetLayerVersionPolicyInput{LayerName: &name, VersionNumber: &version})
	}
	const get1, notFound = "lambda:GetLayerVersion", "ResourceNotFoundException"
	other := b.as("222222222222")
	use := func() error {
		_, err := other.GetLayerVersionByArn(t.Context(), &lambda.GetLayerVersionByArnInput{Arn: aws.String(layerPrefix + "l:1")})
		return err
	}
	_, err := get("l", 1)
	refused(t, err, 404, notFound, "No policy is associated with the given resource.")
	_, err = get("l", 2)
	refused(t, err, 404, notFound, "Layer version "+layerPrefix+"l:2 does not exist.")
	refused(t, remove("l", 1, "doesnotexist"), 404, notFound, "Statement doesnotexist is not found in resource policy.")
	refused(t, add("l-none", 1, "s1", get1, "*", ""), 404, notFound, "Layer version "+layerPrefix+"l-none:1 does not exist.")
	refused(t, add("l", 1, "s1", "*", "*", ""), 400, "ValidationException", "1 validation error detected: Value '*' at 'action' failed to satisfy constraint: Member must satisfy regular expression pattern: lambda:GetLayerVersion")
	refused(t, use(), 403, "AccessDeniedException", "User: arn:aws:iam::222222222222:root is not authorized to perform: lambda:GetLayerVersion on resource: "+layerPrefix+"l:1 because no resource-based policy allows the lambda:GetLayerVersion action")
	if err := add("l", 1, "s1", get1, "222222222222", ""); err != nil {
		t.Fatal(err)
	}
	refused(t, add("l", 1, "s1", get1, "*", ""), 409, "ResourceConflictException", "The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement.")
	refused(t, add("l", 1, "s2", get1, "*", "11111111-2222-3333-4444-555555555555"), 412, "PreconditionFailedException",
		"The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id")
	p, err := get("l", 1)
	const want = `{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s1","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"lambda:GetLayerVersion","Resource":"` + layerPrefix + `l:1"}]}`
	if err != nil || *p.Policy != want {
		t.Errorf("got %s, %v", aws.ToString(p.Policy), err)
	}
	if err := use(); err != nil {
		t.Error("an account that the policy names:", err)
	}
	refused(t, func() error {
		_, err := b.as("333333333333").GetLayerVersionByArn(t.Context(), &lambda.GetLayerVersionByArnInput{Arn: aws.String(layerPrefix + "l:1")})
		return err
	}(), 403, "AccessDeniedException", "User: arn:aws:iam::333333333333:root is not authorized to perform: lambda:GetLayerVersion on resource: "+layerPrefix+"l:1 because no resource-based policy allows the lambda:GetLayerVersion action")
	if err := remove("l", 1, "s1"); err != nil {
		t.Fatal(err)
	}
	if use() == nil {
		t.Error("the permission is gone, and the layer can still be had")
	}
}
