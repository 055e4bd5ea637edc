package provider_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const (
	accKey   = "arn:aws:kms:us-east-1:000000000000:key/acc"
	accPoint = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0"
)

// vpc is a network of subnets, with one security group.
func vpc(group string, subnets string) string {
	return fmt.Sprintf("vpc_config {\n    subnet_ids = [%s]\n    security_group_ids = [%q]\n  }", subnets, group)
}

// lined is a function's HCL with more arguments; its code stays the same file.
func lined(fn string) func(more ...string) string {
	return func(more ...string) string {
		all := strings.TrimSuffix(fn, "}\n")
		for _, m := range more {
			all += "  " + m + "\n"
		}
		return all + "}\n"
	}
}

// What the simulator keeps without acting on it is sent, read back, changed in place and taken away, as with AWS's provider.
func TestAccFunctionKeepsWhatItDoesNotActOn(t *testing.T) {
	const f, name = "lambdasim_function.f", "acc-kept"
	line := lined(answering(t, name))
	one, two := vpc("sg-1", `"subnet-1"`), vpc("sg-2", `"subnet-1", "subnet-2"`)
	files := "file_system_config {\n    arn = \"" + accPoint + "\"\n    local_mount_path = \"/mnt/data\"\n  }"
	snap := "snap_start {\n    apply_on = \"PublishedVersions\"\n  }"
	keys := []string{`kms_key_arn = "` + accKey + `"`, `source_kms_key_arn = "` + accKey + `"`}
	blanks := []string{"vpc_config {\n    subnet_ids = []\n    security_group_ids = []\n  }", "image_config {}"} // modules write them so
	full := line(append(keys, one, files, snap, "environment {\n    variables = { NAME = \"b\" }\n  }")...)
	taken := acts(f, update, line(), at(f, "vpc_config", knownvalue.ListSizeExact(0)), at(f, "file_system_config", knownvalue.ListSizeExact(0)), at(f, "snap_start", knownvalue.ListSizeExact(0)),
		at(f, "kms_key_arn", knownvalue.Null()), at(f, "source_kms_key_arn", knownvalue.Null()))
	steps(t,
		fails(line("file_system_config {\n    arn = \""+accPoint+"\"\n    local_mount_path = \"/data\"\n  }"), `want /mnt/`),
		fails(line(files), `(?s)must be configured to execute in a.*VPC to reference access point`),
		acts(f, create, full, at(f, "kms_key_arn", text(accKey)), at(f, "source_kms_key_arn", text(accKey)),
			within(f, textSet("subnet-1"), "vpc_config", 0, "subnet_ids"), within(f, textSet("sg-1"), "vpc_config", 0, "security_group_ids"), within(f, knownvalue.Bool(false), "vpc_config", 0, "ipv6_allowed_for_dual_stack"),
			within(f, knownvalue.NotNull(), "vpc_config", 0, "vpc_id"), within(f, text("/mnt/data"), "file_system_config", 0, "local_mount_path"), within(f, text("Off"), "snap_start", 0, "optimization_status")),
		acts(f, nothing, full),
		imports(f, name, "filename", "source_code_hash", "publish", "skip_destroy"),
		drifts(f, full, behind(t, func() (*lambda.UpdateFunctionConfigurationOutput, error) {
			return functions().UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String(name), KMSKeyArn: aws.String(""), FileSystemConfigs: []lambdatypes.FileSystemConfig{},
				VpcConfig: &lambdatypes.VpcConfig{SubnetIds: []string{}, SecurityGroupIds: []string{}}, SnapStart: &lambdatypes.SnapStart{ApplyOn: lambdatypes.SnapStartApplyOnNone}})
		})),
		acts(f, update, line(two), within(f, textSet("subnet-1", "subnet-2"), "vpc_config", 0, "subnet_ids"), within(f, textSet("sg-2"), "vpc_config", 0, "security_group_ids")),
		acts(f, update, full), taken, acts(f, update, line(blanks...), within(f, text(""), "vpc_config", 0, "vpc_id")), acts(f, nothing, line(blanks...)),
		acts(f, update, line("snap_start {\n    apply_on = \"None\"\n  }"), within(f, text("None"), "snap_start", 0, "apply_on")),
	)
}

// A function of a container image is kept, changed and imported. Only scripted ones answer.
func TestAccFunctionOfAnImage(t *testing.T) {
	const f, name = "lambdasim_function.f", "acc-image"
	hcl := func(more ...string) string {
		return trusted(name) + of("function", "f", append(more, `function_name = "acc-image"`, `role = lambdasim_iam_role.r.arn`, `package_type = "Image"`)...)
	}
	const uri = "000000000000.dkr.ecr.us-east-1.amazonaws.com/acc:"
	first := hcl(`image_uri = "`+uri+`1"`, "image_config {\n    command = [\"app.handler\"]\n    entry_point = [\"/lambda-entrypoint.sh\", \"-v\"]\n    working_directory = \"/var/task\"\n  }")
	second := hcl(`image_uri = "`+uri+`2"`, "image_config {\n    command = [\"other.handler\"]\n    entry_point = []\n  }")
	hash := statecheck.CompareValue(compare.ValuesDiffer())
	steps(t,
		fails(hcl(), `Invalid Attribute Combination`),
		fails(hcl(`image_uri = "`+uri+`1"`, `handler = "h"`), `don't provide Handler`),
		acts(f, create, first, at(f, "image_uri", text(uri+"1")), at(f, "handler", knownvalue.Null()), at(f, "runtime", knownvalue.Null()),
			within(f, knownvalue.ListExact([]knownvalue.Check{text("/lambda-entrypoint.sh"), text("-v")}), "image_config", 0, "entry_point"), hash.AddStateValue(f, tfjsonpath.New("code_sha256"))),
		acts(f, nothing, first),
		imports(f, name, "source_code_hash", "publish", "skip_destroy"),
		acts(f, update, second, at(f, "image_uri", text(uri+"2")), within(f, knownvalue.ListExact([]knownvalue.Check{text("other.handler")}), "image_config", 0, "command"),
			within(f, knownvalue.Null(), "image_config", 0, "working_directory"), hash.AddStateValue(f, tfjsonpath.New("code_sha256"))),
		acts(f, update, hcl(`image_uri = "`+uri+`2"`), at(f, "image_config", knownvalue.ListSizeExact(0))),
		drifts(f, hcl(`image_uri = "`+uri+`2"`), behind(t, func() (*lambda.UpdateFunctionCodeOutput, error) {
			return functions().UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String(name), ImageUri: aws.String(uri + "3")})
		})),
		vanishes(f, hcl(`image_uri = "`+uri+`2"`), behind(t, func() (*lambda.DeleteFunctionOutput, error) {
			return functions().DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String(name)})
		})),
		acts(f, replace, trusted(name)+of("function", "f", `function_name = "acc-image"`, `role = lambdasim_iam_role.r.arn`, `runtime = "python3.12"`, `handler = "main.handler"`, fmt.Sprintf(`filename = %q`, source(t, "")))),
	)
}

// What is computed and unchanged is known: tags alone publish no version of a function in a network.
func TestAccFunctionInANetworkPublishesWhatChanges(t *testing.T) {
	const f, name = "lambdasim_function.f", "acc-network"
	line := lined(answering(t, name))
	hcl := func(more ...string) string {
		return line(append(more, `publish = true`, vpc("sg-1", `"subnet-1"`), "snap_start {\n    apply_on = \"PublishedVersions\"\n  }", `replace_security_groups_on_destroy = true`, `replacement_security_group_ids = ["sg-9"]`)...)
	}
	tagged := acts(f, update, hcl(`tags = { a = "b" }`), at(f, "version", text("1")))
	tagged.ConfigPlanChecks.PreApply = append(tagged.ConfigPlanChecks.PreApply, plancheck.ExpectKnownValue(f, tfjsonpath.New("version"), text("1")),
		plancheck.ExpectKnownValue(f, tfjsonpath.New("vpc_config").AtSliceIndex(0).AtMapKey("vpc_id"), knownvalue.NotNull()))
	steps(t,
		fails(line(`replacement_security_group_ids = ["sg-9"]`), `replace_security_groups_on_destroy`),
		acts(f, create, hcl(), at(f, "version", text("1"))), tagged,
		acts(f, update, hcl(`tags = { a = "b" }`, `timeout = 9`), at(f, "version", text("2"))),
	)
}

func TestAccLayerVersionPermission(t *testing.T) {
	const p, name = "lambdasim_layer_version_permission.p", "acc-layer-permission"
	layer := of("layer_version", "l", `layer_name = "acc-layer-permission"`, fmt.Sprintf(`filename = %q`, source(t, "x = 1")))
	hcl := func(arguments ...string) string {
		return layer + of("layer_version_permission", "p", append(arguments, `layer_name = lambdasim_layer_version.l.layer_name`, `version_number = lambdasim_layer_version.l.version`, `action = "lambda:GetLayerVersion"`)...)
	}
	account := hcl(`principal = "111122223333"`, `statement_id = "team"`)
	steps(t,
		fails(hcl(`principal = "everybody"`, `statement_id = "team"`), `ValidationException`),
		acts(p, create, account, at(p, "id", text(name+",1")), at(p, "principal", text("111122223333")), at(p, "policy", knownvalue.NotNull()), at(p, "revision_id", knownvalue.NotNull())),
		acts(p, nothing, account),
		imports(p, name+",1", "skip_destroy"), imports(p, name+",1,team@us-east-1", "skip_destroy"), failsImport(p, name, `want LAYER,VERSION`), failsImport(p, name+",99999999999999999999", `want LAYER,VERSION`),
		acts(p, replace, hcl(`principal = "*"`, `organization_id = "o-0123456789"`, `statement_id = "org"`), at(p, "organization_id", text("o-0123456789")), at(p, "principal", text("*"))),
		imports(p, name+",1", "skip_destroy"),
		vanishes(p, hcl(`principal = "*"`, `organization_id = "o-0123456789"`, `statement_id = "org"`), behind(t, func() (*lambda.RemoveLayerVersionPermissionOutput, error) {
			return functions().RemoveLayerVersionPermission(t.Context(), &lambda.RemoveLayerVersionPermissionInput{LayerName: aws.String(name), VersionNumber: aws.Int64(1), StatementId: aws.String("org")})
		})),
		acts(p, replace, hcl(`principal = "444455556666"`, `statement_id = "kept"`, `skip_destroy = true`)),
		resource.TestStep{Config: config("%s", layer), Check: func(*terraform.State) error {
			out, err := functions().GetLayerVersionPolicy(context.Background(), &lambda.GetLayerVersionPolicyInput{LayerName: aws.String(name), VersionNumber: aws.Int64(1)})
			if err != nil || !strings.Contains(*out.Policy, `"kept"`) {
				return fmt.Errorf("skip_destroy has not left the permission: %v", err)
			}
			return nil
		}},
	)
}

func TestAccRuntimeManagementConfig(t *testing.T) {
	const c, name, arn = "lambdasim_runtime_management_config.c", "acc-runtime-management", "arn:aws:lambda:us-east-1:000000000000:function:acc-runtime-management"
	fn := lined(answering(t, name))(`publish = true`)
	hcl := func(arguments ...string) string {
		return fn + of("runtime_management_config", "c", append(arguments, `function_name = lambdasim_function.f.function_name`)...)
	}
	imported := func(id string) resource.TestStep {
		return resource.TestStep{ResourceName: c, ImportState: true, ImportStateId: id, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "function_arn"}
	}
	manual := hcl(`update_runtime_on = "Manual"`, `runtime_version_arn = "arn:aws:lambda:us-east-1::runtime:0123"`)
	reset := func(on lambdatypes.UpdateRuntimeOn) func() {
		return behind(t, func() (*lambda.PutRuntimeManagementConfigOutput, error) {
			return functions().PutRuntimeManagementConfig(t.Context(), &lambda.PutRuntimeManagementConfigInput{FunctionName: aws.String(name), UpdateRuntimeOn: on})
		})
	}
	steps(t,
		fails(hcl(`update_runtime_on = "Never"`), `must be one of`),
		fails(hcl(`update_runtime_on = "Manual"`), `RuntimeVersionArn goes with`),
		acts(c, create, hcl(), at(c, "function_arn", text(arn+":$LATEST"))), acts(c, nothing, hcl()),
		acts(c, update, hcl(`update_runtime_on = "FunctionUpdate"`)), imported(name+","), imported(name+",@us-east-1"), failsImport(c, name, `want FUNCTION,QUALIFIER`),
		drifts(c, hcl(`update_runtime_on = "FunctionUpdate"`), reset(lambdatypes.UpdateRuntimeOnAuto)),
		acts(c, update, manual, at(c, "runtime_version_arn", text("arn:aws:lambda:us-east-1::runtime:0123"))), acts(c, update, hcl(`update_runtime_on = "Auto"`)),
		acts(c, replace, hcl(`update_runtime_on = "FunctionUpdate"`, `qualifier = lambdasim_function.f.version`), at(c, "function_arn", text(arn+":1"))), imported(name+",1"),
		resource.TestStep{Config: config("%s", fn), Check: func(*terraform.State) error {
			out, err := functions().GetRuntimeManagementConfig(context.Background(), &lambda.GetRuntimeManagementConfigInput{FunctionName: aws.String(name), Qualifier: aws.String("1")})
			if err != nil || out.UpdateRuntimeOn != lambdatypes.UpdateRuntimeOnAuto {
				return fmt.Errorf("after its destruction: %+v, %v", out, err)
			}
			return nil
		}},
		acts(c, create, hcl(`update_runtime_on = "FunctionUpdate"`)),
		vanishes(c, hcl(`update_runtime_on = "FunctionUpdate"`), behind(t, func() (*lambda.DeleteFunctionOutput, error) {
			return functions().DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String(name)})
		})),
	)
}

func TestAccFunctionDataSource(t *testing.T) {
	const f, d, l, name = "lambdasim_function.f", "data.lambdasim_function.d", "data.lambdasim_function.l", "acc-function-data"
	const arn = "arn:aws:lambda:us-east-1:000000000000:function:acc-function-data"
	fn := lined(answering(t, name))
	read := "data \"lambdasim_function\" \"d\" {\n  function_name = lambdasim_function.f.function_name\n}\ndata \"lambdasim_function\" \"l\" {\n  function_name = lambdasim_function.f.function_name\n  qualifier     = \"$LATEST\"\n}\n"
	plain := fn(`description = "d"`, "environment {\n    variables = { NAME = \"b\" }\n  }", `tags = { t = "x" }`) + read
	published := fn(`publish = true`, `reserved_concurrent_executions = 3`, vpc("sg-1", `"subnet-1"`), `memory_size = 256`) + read
	same := func(attribute string) statecheck.StateCheck {
		return statecheck.CompareValuePairs(f, tfjsonpath.New(attribute), d, tfjsonpath.New(attribute), compare.ValuesSame())
	}
	var whole []statecheck.StateCheck
	for _, attribute := range []string{"architectures", "arn", "code_sha256", "environment", "ephemeral_storage", "function_name", "handler", "invoke_arn", "last_modified", "logging_config", "memory_size", "region",
		"reserved_concurrent_executions", "response_streaming_invoke_arn", "role", "runtime", "source_code_size", "timeout", "tracing_config", "version", "qualified_arn", "qualified_invoke_arn"} {
		whole = append(whole, same(attribute))
	}
	steps(t,
		fails(`data "lambdasim_function" "d" { function_name = "acc-none" }`, `ResourceNotFoundException`),
		resource.TestStep{Config: config("%s", plain), ConfigStateChecks: append([]statecheck.StateCheck{at(d, "description", text("d")), at(d, "vpc_config", knownvalue.ListSizeExact(0)), at(d, "image_uri", text("")),
			at(d, "tags", knownvalue.MapExact(map[string]knownvalue.Check{"t": text("x")})), at(l, "qualified_arn", text(arn+":$LATEST")), at(l, "arn", text(arn))}, whole...)},
		resource.TestStep{Config: config("%s", published), ConfigStateChecks: []statecheck.StateCheck{at(d, "version", text("1")), at(d, "qualified_arn", text(arn+":1")), at(d, "arn", text(arn)), at(d, "memory_size", knownvalue.Int64Exact(256)),
			same("reserved_concurrent_executions"), same("vpc_config"), at(l, "version", text("$LATEST"))}},
	)
}

func TestAccLayerVersionDataSource(t *testing.T) {
	const l, d, name = "lambdasim_layer_version.b", "data.lambdasim_layer_version.", "acc-layer-data"
	file := func(text string) string { return fmt.Sprintf(`filename = %q`, filepath.ToSlash(source(t, text))) }
	hcl := of("layer_version", "a", `layer_name = "acc-layer-data"`, file("a = 1"), `compatible_runtimes = ["python3.12"]`, `skip_destroy = false`) +
		of("layer_version", "b", `layer_name = lambdasim_layer_version.a.layer_name`, file("b = 1"), `compatible_runtimes = ["nodejs22.x"]`, `compatible_architectures = ["arm64"]`, `description = "d"`, `license_info = "MIT"`)
	data := func(label string, arguments string) string {
		return "data \"lambdasim_layer_version\" \"" + label + "\" {\n  " + arguments + "\n  depends_on = [lambdasim_layer_version.b]\n}\n"
	}
	hcl += data("newest", `layer_name = "acc-layer-data"`) + data("python", "layer_name = \"acc-layer-data\"\n  compatible_runtime = \"python3.12\"") +
		data("one", "layer_name = \"acc-layer-data\"\n  version = 1") + data("arn", `layer_version_arn = lambdasim_layer_version.b.arn`) + data("arm", "layer_name = \"acc-layer-data\"\n  compatible_architecture = \"arm64\"")
	same := func(attribute string) statecheck.StateCheck {
		return statecheck.CompareValuePairs(l, tfjsonpath.New(attribute), d+"arn", tfjsonpath.New(attribute), compare.ValuesSame())
	}
	steps(t,
		fails(`data "lambdasim_layer_version" "d" { layer_name = "acc-none" }`, `no version of it that was asked for`),
		fails(`data "lambdasim_layer_version" "d" {}`, `Invalid Attribute Combination`),
		resource.TestStep{Config: config("%s", hcl), ConfigStateChecks: []statecheck.StateCheck{at(d+"newest", "version", knownvalue.Int64Exact(2)), at(d+"python", "version", knownvalue.Int64Exact(1)), at(d+"one", "version", knownvalue.Int64Exact(1)),
			at(d+"arm", "version", knownvalue.Int64Exact(2)), at(d+"arn", "layer_name", text(name)), same("arn"), same("layer_arn"), same("code_sha256"), same("compatible_runtimes"), same("compatible_architectures"), same("description"),
			same("license_info"), same("created_date"), same("source_code_size")}},
		fails(hcl+data("none", "layer_name = \"acc-layer-data\"\n  compatible_runtime = \"ruby3.3\""), `no version of it that was asked for`),
	)
}
