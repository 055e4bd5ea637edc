package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
)

func TestAccLayerVersion(t *testing.T) {
	const l, name = "lambdasim_layer_version.l", "acc-layer"
	arn := func(version string) string {
		return "arn:aws:lambda:us-east-1:000000000000:layer:acc-layer:" + version
	}
	folder := t.TempDir()
	write := func(text string) {
		if err := os.MkdirAll(filepath.Join(folder, "python"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "python", "greeting.py"), []byte("text = '"+text+"'"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("hello")
	hcl := func(arguments ...string) string {
		return of("layer_version", "l", append(arguments, fmt.Sprintf(`filename = %q`, folder), `layer_name = "acc-layer"`)...)
	}
	changed := acts(l, replace, hcl(), at(l, "version", text("2")), at(l, "arn", text(arn("2"))))
	changed.PreConfig = func() { write("good day") } // the content alone has changed, and no hash is configured
	steps(t,
		fails(of("layer_version", "l", `layer_name = "acc-layer"`), `Invalid Attribute Combination`),
		fails(hcl(`compatible_runtimes = ["cobol"]`), `must be one of`),
		acts(l, create, hcl(), at(l, "id", text(arn("1"))), at(l, "version", text("1")), at(l, "layer_arn", text("arn:aws:lambda:us-east-1:000000000000:layer:acc-layer"))),
		acts(l, nothing, hcl()),
		imports(l, arn("1"), "filename"), imports(l, name+"/1@us-east-1", "filename"), failsImport(l, name, `want a layer version's ARN`),
		changed,
		acts(l, replace, hcl(`description = "d"`, `license_info = "MIT"`, `compatible_runtimes = ["python3.12", "python3.13"]`, `compatible_architectures = ["arm64"]`),
			at(l, "version", text("3")), at(l, "compatible_runtimes", textSet("python3.12", "python3.13"))),
		imports(l, arn("3"), "filename"),
		acts(l, replace, hcl(`source_code_hash = "mine"`), at(l, "source_code_hash", text("mine"))),
		vanishes(l, hcl(`source_code_hash = "mine"`), behind(t, func() (*lambda.DeleteLayerVersionOutput, error) {
			return functions().DeleteLayerVersion(t.Context(), &lambda.DeleteLayerVersionInput{LayerName: aws.String(name), VersionNumber: aws.Int64(4)})
		})),
	)
}

// A function has what its layers hold, and layers are given and taken in place.
func TestAccFunctionLayers(t *testing.T) {
	const f, name = "lambdasim_function.f", "acc-function-layers"
	layer := t.TempDir()
	if err := os.Mkdir(filepath.Join(layer, "python"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(layer, "python", "greeting.py"), []byte("text = 'hello'"), 0o644); err != nil {
		t.Fatal(err)
	}
	code := source(t, "def handler(event, context):\n    try:\n        import greeting\n        return greeting.text\n    except ImportError:\n        return 'nothing'\n")
	hcl := func(more string) string {
		return of("layer_version", "l", fmt.Sprintf(`filename = %q`, layer), `layer_name = "acc-function-layers"`) + fmt.Sprintf(function, name, code, more)
	}
	with := hcl("layers = [lambdasim_layer_version.l.arn]")
	drift := drifts(f, with, behind(t, func() (*lambda.UpdateFunctionConfigurationOutput, error) {
		return functions().UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String(name), Layers: []string{}})
	}))
	steps(t,
		fails(hcl(`layers = ["arn:aws:lambda:us-east-1:000000000000:layer:acc-none:1"]`), `(?s)Layer version.*does.*not.*exist`),
		acts(f, create, with, at(f, "layers", knownvalue.ListExact([]knownvalue.Check{text("arn:aws:lambda:us-east-1:000000000000:layer:acc-function-layers:1")})), invoked{name, `{}`, `^"hello"$`}),
		imports(f, name, "filename", "source_code_hash", "publish", "skip_destroy"),
		drift,
		acts(f, update, hcl(""), at(f, "layers", knownvalue.Null()), invoked{name, `{}`, `^"nothing"$`}),
		acts(f, update, with, invoked{name, `{}`, `^"hello"$`}),
	)
}

func TestAccFunctionRecursionConfig(t *testing.T) {
	const c, name = "lambdasim_function_recursion_config.c", "acc-recursion"
	fn := answering(t, name)
	hcl := func(loop string) string {
		return fn + of("function_recursion_config", "c", `function_name = lambdasim_function.f.function_name`, `recursive_loop = "`+loop+`"`)
	}
	imported := resource.TestStep{ResourceName: c, ImportState: true, ImportStateId: name, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "function_name"}
	gone := acts("lambdasim_function.f", nothing, fn)
	after := acts("lambdasim_function.f", nothing, fn)
	after.PreConfig = func() {
		out, err := functions().GetFunctionRecursionConfig(t.Context(), &lambda.GetFunctionRecursionConfigInput{FunctionName: aws.String(name)})
		if err != nil || out.RecursiveLoop != lambdatypes.RecursiveLoopTerminate {
			t.Errorf("after its destruction: %v %v", out, err)
		}
	}
	steps(t,
		fails(hcl("Perhaps"), `must be one of`),
		acts(c, create, hcl("Allow"), at(c, "recursive_loop", text("Allow"))),
		imported,
		drifts(c, hcl("Allow"), behind(t, func() (*lambda.PutFunctionRecursionConfigOutput, error) {
			return functions().PutFunctionRecursionConfig(t.Context(), &lambda.PutFunctionRecursionConfigInput{FunctionName: aws.String(name), RecursiveLoop: lambdatypes.RecursiveLoopTerminate})
		})),
		acts(c, update, hcl("Terminate")), acts(c, update, hcl("Allow")), gone, after,
		acts(c, create, hcl("Allow")),
		vanishes(c, hcl("Allow"), behind(t, func() (*lambda.DeleteFunctionOutput, error) {
			return functions().DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String(name)})
		})),
	)
}
