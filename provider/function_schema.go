package provider

import (
	"context"
	"maps"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	functionNameForm = regexp.MustCompile(`^(arn:[\w-]+:lambda:)?([a-z]{2}-(?:[a-z]+-){1,2}\d{1}:)?(\d{12}:)?(function:)?([0-9A-Za-z_-]+)(:(\$LATEST|[0-9A-Za-z_-]+))?$`)
	arnForm          = regexp.MustCompile(`^$|^arn:[\w-]+:[\w-]+:[\w-]*:(\d{12}|aws)?:.+$`)
)

// arnValidator admits ARNs, and "", which modules give where they mean nothing.
func arnValidator() validator.String {
	return stringvalidator.RegexMatches(arnForm, "want an ARN: arn:partition:service:region:account:resource")
}

func enum[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// The objects of the computed blocks.
var (
	ephemeralStorageType = map[string]attr.Type{"size": tftypes.Int64Type}
	tracingConfigType    = map[string]attr.Type{"mode": tftypes.StringType}
	loggingConfigType    = map[string]attr.Type{"application_log_level": tftypes.StringType, "log_format": tftypes.StringType,
		"log_group": tftypes.StringType, "system_log_level": tftypes.StringType}
)

// Schema describes lambdasim_function: every argument of aws_lambda_function.
func (r *functionResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A Lambda function. Its code really runs, as a process on the simulator's machine, whenever an event that its policy and the event source's rules admit reaches it.",
		Attributes: map[string]schema.Attribute{
			"id":     idAttribute("The function's name."),
			"region": regionAttribute(),
			"architectures": schema.ListAttribute{ElementType: tftypes.StringType, Optional: true, Computed: true,
				MarkdownDescription: "`x86_64` (the default) or `arm64`. Programs of `provided` runtimes must be for the simulator's own processor.",
				Validators:          []validator.List{listvalidator.SizeAtMost(1), listvalidator.ValueStringsAre(stringvalidator.OneOf("x86_64", "arm64"))},
				PlanModifiers:       []planmodifier.List{listplanmodifier.UseStateForUnknown()}},
			"arn":                     computed("ARN of the function, known at plan."),
			"code_sha256":             schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Base64 SHA-256 of the deployment package. Computed at plan from `filename`, so that changed code is noticed without `source_code_hash`."},
			"code_signing_config_arn": schema.StringAttribute{Optional: true, MarkdownDescription: notSimulated, Validators: []validator.String{arnValidator()}},
			"description":             schema.StringAttribute{Optional: true, MarkdownDescription: "Description, at most 256 characters.", Validators: []validator.String{stringvalidator.LengthAtMost(256)}},
			"filename": schema.StringAttribute{Optional: true, MarkdownDescription: "Path of the deployment package: a zip file; or a folder or a single source file, which the provider zips itself, the same each time.",
				Validators: []validator.String{stringvalidator.ExactlyOneOf(path.MatchRoot("filename"), path.MatchRoot("image_uri"), path.MatchRoot("s3_bucket"))}},
			"function_name": schema.StringAttribute{Required: true, MarkdownDescription: "Name, at most 64 characters. A change replaces the function.",
				Validators:    []validator.String{stringvalidator.LengthBetween(1, 140), stringvalidator.RegexMatches(functionNameForm, "want a function's name or ARN")},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"handler":       schema.StringAttribute{Optional: true, MarkdownDescription: "Entry point: `file.function` for Python and Node; ignored by `provided` runtimes, which start `bootstrap`.", Validators: []validator.String{stringvalidator.LengthBetween(1, 128)}},
			"image_uri":     schema.StringAttribute{Optional: true, MarkdownDescription: "Address of a container image, with `package_type` `Image`. It is stored; no registry is asked and no container is run: an invocation says so, unless the function has a script."},
			"invoke_arn":    computed("ARN with which API Gateway invokes the function."),
			"kms_key_arn":   schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the key for the environment's variables. It is stored; nothing is encrypted.", Validators: []validator.String{arnValidator()}},
			"last_modified": computed("When the function was last changed, on the simulator's clock."),
			"layers": schema.ListAttribute{ElementType: tftypes.StringType, Optional: true, MarkdownDescription: "ARNs of layer versions, at most five, which are unpacked under `/opt` in this order.",
				Validators: []validator.List{listvalidator.SizeAtMost(5), listvalidator.ValueStringsAre(arnValidator())}},
			"memory_size": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(128), MarkdownDescription: "MB. It is told to the function and logged; memory is not limited.",
				Validators: []validator.Int64{int64validator.Between(128, 32768)}},
			"package_type": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("Zip"), MarkdownDescription: "`Zip`, or `Image` with `image_uri`. A change replaces the function.",
				Validators: []validator.String{stringvalidator.OneOf("Zip", "Image")}, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"publish":                            schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether to publish a version when the function is made, and whenever its code or configuration changes."},
			"publish_to":                         schema.StringAttribute{Optional: true, MarkdownDescription: notSimulated, Validators: []validator.String{stringvalidator.OneOf("LATEST_PUBLISHED")}},
			"qualified_arn":                      computed("ARN with the newest version."),
			"qualified_invoke_arn":               computed("ARN with which API Gateway invokes this version."),
			"replace_security_groups_on_destroy": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether the function is given other security groups before it is destroyed: `replacement_security_group_ids`. Without them it would be the network's default group, and there is no EC2 to ask for that: it keeps those that it has."},
			"replacement_security_group_ids": schema.SetAttribute{ElementType: tftypes.StringType, Optional: true, MarkdownDescription: "Ids of these security groups.",
				Validators: []validator.Set{setvalidator.AlsoRequires(path.MatchRoot("replace_security_groups_on_destroy"))}},
			"reserved_concurrent_executions": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(-1), MarkdownDescription: "How many invocations run at once at most, taken from what the account's functions share. `0` lets nothing run, `-1` reserves nothing.",
				Validators: []validator.Int64{int64validator.AtLeast(-1)}},
			"response_streaming_invoke_arn": computed("ARN with which API Gateway invokes the function with response streaming."),
			"role":                          schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the execution role. It must exist and trust Lambda; pollers read as this role, and the function's own AWS calls are checked against it.", Validators: []validator.String{arnValidator()}},
			"runtime":                       schema.StringAttribute{Optional: true, MarkdownDescription: "Runtime. `provided.*`, `python3.*` and `nodejs*` run; others are stored, and invoking them fails with an error that says so.", Validators: []validator.String{stringvalidator.OneOf(enum(types.Runtime("").Values())...)}},
			"s3_bucket":                     schema.StringAttribute{Optional: true, MarkdownDescription: "Bucket of the deployment package, in the simulator.", Validators: []validator.String{stringvalidator.AlsoRequires(path.MatchRoot("s3_key"))}},
			"s3_key":                        schema.StringAttribute{Optional: true, MarkdownDescription: "Key of the deployment package.", Validators: []validator.String{stringvalidator.AlsoRequires(path.MatchRoot("s3_bucket"))}},
			"s3_object_version":             schema.StringAttribute{Optional: true, MarkdownDescription: "Version of the deployment package's object.", Validators: []validator.String{stringvalidator.ConflictsWith(path.MatchRoot("filename"), path.MatchRoot("image_uri"))}},
			"signing_job_arn":               computed("Empty: code signing is not simulated."),
			"signing_profile_version_arn":   computed("Empty: code signing is not simulated."),
			"skip_destroy":                  schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether destroying the resource leaves the function."},
			"source_code_hash":              schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Any text; a change uploads the code again. Not needed with `filename`: see `code_sha256`.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"source_code_size":              schema.Int64Attribute{Computed: true, MarkdownDescription: "Size of the deployment package in bytes."},
			"source_kms_key_arn":            schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the key for the deployment package. It is stored; nothing is encrypted.", Validators: []validator.String{arnValidator(), stringvalidator.ConflictsWith(path.MatchRoot("image_uri"))}},
			"tags":                          tagsAttribute(),
			"tags_all":                      tagsAllAttribute(),
			"timeout": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(3), MarkdownDescription: "Seconds after which an invocation is ended, 1 to 900.",
				Validators: []validator.Int64{int64validator.Between(1, 900)}},
			"use_resource_timeout_for_propagation": schema.BoolAttribute{Optional: true, MarkdownDescription: "Accepted: nothing has to propagate in the simulator."},
			"version":                              computed("The newest version that was published, `$LATEST` where none was."),
			"ephemeral_storage":                    computedBlock("Block with `size`, MB of temporary storage, 512 to 10240. It is stored; the folder is not limited.", ephemeralStorageType),
			"logging_config":                       computedBlock("Block with `log_format` (`Text` or `JSON`), `log_group`, `application_log_level` and `system_log_level`.", loggingConfigType),
			"tracing_config":                       computedBlock("Block with `mode`, `Active` or `PassThrough`. It is stored; no traces are made.", tracingConfigType),
		},
		Blocks: functionBlocks(ctx),
	}
}

// functionBlocks are the nested blocks.
func functionBlocks(ctx context.Context) map[string]schema.Block {
	all := keptBlocks()
	maps.Copy(all, map[string]schema.Block{
		"environment": block("Environment variables of the function.", map[string]schema.Attribute{
			"variables": schema.MapAttribute{ElementType: tftypes.StringType, Optional: true, MarkdownDescription: "The variables, at most 4 KB together."},
		}, nil),
		"capacity_provider_config": block(notSimulated, nil, map[string]schema.Block{
			"lambda_managed_instances_capacity_provider_config": block(notSimulated, map[string]schema.Attribute{
				"capacity_provider_arn":                     text(true),
				"execution_environment_memory_gib_per_vcpu": schema.Float64Attribute{Optional: true, Computed: true, MarkdownDescription: notSimulated},
				"per_execution_environment_max_concurrency": schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: notSimulated},
			}, nil),
		}),
		"dead_letter_config": block("Where an event goes that was invoked asynchronously and is given up.", map[string]schema.Attribute{
			"target_arn": schema.StringAttribute{Required: true, MarkdownDescription: "ARN of a queue or a topic. The execution role must be allowed to write there.", Validators: []validator.String{arnValidator()}},
		}, nil),
		"durable_config": block(notSimulated, map[string]schema.Attribute{"execution_timeout": requiredNumber(),
			"retention_period": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(14), MarkdownDescription: notSimulated}}, nil),
		"tenancy_config": replacing(notSimulated, map[string]schema.Attribute{"tenant_isolation_mode": text(true)}, nil),
		"timeouts":       timeouts.Block(ctx, timeouts.Opts{Create: true, Update: true, Delete: true}),
	})
	return all
}

// functionRefused are the arguments on which the simulator does not act.
var functionRefused = []refused{
	{name: "capacity_provider_config"}, {name: "code_signing_config_arn"}, {name: "durable_config"}, {name: "publish_to"}, {name: "tenancy_config"},
}
