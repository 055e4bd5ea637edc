package provider

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// layerVersionModel is lambdasim_layer_version in configuration, plan and state.
type layerVersionModel struct {
	ID                       types.String `tfsdk:"id"`
	Region                   types.String `tfsdk:"region"`
	ARN                      types.String `tfsdk:"arn"`
	CodeSHA256               types.String `tfsdk:"code_sha256"`
	CompatibleArchitectures  types.Set    `tfsdk:"compatible_architectures"`
	CompatibleRuntimes       types.Set    `tfsdk:"compatible_runtimes"`
	CreatedDate              types.String `tfsdk:"created_date"`
	Description              types.String `tfsdk:"description"`
	Filename                 types.String `tfsdk:"filename"`
	LayerARN                 types.String `tfsdk:"layer_arn"`
	LayerName                types.String `tfsdk:"layer_name"`
	LicenseInfo              types.String `tfsdk:"license_info"`
	S3Bucket                 types.String `tfsdk:"s3_bucket"`
	S3Key                    types.String `tfsdk:"s3_key"`
	S3ObjectVersion          types.String `tfsdk:"s3_object_version"`
	SigningJobARN            types.String `tfsdk:"signing_job_arn"`
	SigningProfileVersionARN types.String `tfsdk:"signing_profile_version_arn"`
	SkipDestroy              types.Bool   `tfsdk:"skip_destroy"`
	SourceCodeHash           types.String `tfsdk:"source_code_hash"`
	SourceCodeSize           types.Int64  `tfsdk:"source_code_size"`
	Version                  types.String `tfsdk:"version"`
}

func newLayerVersionResource() resource.Resource {
	return &importedBy[layerVersionModel]{want: "a layer version's ARN, or NAME/VERSION", parse: layerVersionID, kept: kept[layerVersionModel]{
		typ: "lambda_layer_version", noun: "a version of the layer", label: func(m *layerVersionModel) string { return m.LayerName.ValueString() },
		schema: layerVersionSchema, plan: planLayerVersion, create: publishLayerVersion, read: readLayerVersion,
		remove: func(ctx context.Context, b *resourceBase, m *layerVersionModel) error {
			if m.SkipDestroy.ValueBool() {
				return nil
			}
			_, err := b.clients.Lambda(m.Region.ValueString()).DeleteLayerVersion(ctx, &lambda.DeleteLayerVersionInput{LayerName: m.LayerName.ValueStringPointer(), VersionNumber: numberOf(m.Version)})
			return err
		},
	}}
}

func layerVersionSchema() schema.Schema {
	set := func(description string, of []string, most int) schema.SetAttribute {
		return schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: description, PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplace()},
			Validators: []validator.Set{setvalidator.SizeAtMost(most), setvalidator.ValueStringsAre(stringvalidator.OneOf(of...))}}
	}
	filename, bucket, key := once(false, "Path of the content: a zip file; or a folder or a single file, which the provider zips itself, the same each time."), once(false, "Bucket of the content, in the simulator."), once(false, "Key of the content.")
	filename.Validators = []validator.String{stringvalidator.ExactlyOneOf(path.MatchRoot("filename"), path.MatchRoot("s3_bucket"))}
	bucket.Validators, key.Validators = []validator.String{stringvalidator.AlsoRequires(path.MatchRoot("s3_key"))}, []validator.String{stringvalidator.AlsoRequires(path.MatchRoot("s3_bucket"))}
	return schema.Schema{
		MarkdownDescription: "A version of a layer: files that are unpacked under `/opt` of every function that names it. Every change publishes another version, and deletes this one unless `skip_destroy` says to leave it.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("ARN of the version."), "region": regionAttribute(), "arn": idAttribute("ARN of the version."),
			"code_sha256":              idAttribute("Base64 SHA-256 of the content."),
			"compatible_architectures": set("`x86_64`, `arm64`, or both.", enum(awstypes.Architecture("").Values()), 2),
			"compatible_runtimes":      set("Runtimes that it is for, at most 15. Functions of others may name it all the same.", enum(awstypes.Runtime("").Values()), 15),
			"created_date":             idAttribute("When it was published, on the simulator's clock."), "description": once(false, "Description."),
			"filename": filename, "layer_arn": idAttribute("ARN of the layer, without the version."), "layer_name": once(true, "Name of the layer."),
			"license_info": once(false, "Its licence."), "s3_bucket": bucket, "s3_key": key, "s3_object_version": once(false, "Version of the content's object."),
			"signing_job_arn": idAttribute("Empty: code signing is not simulated."), "signing_profile_version_arn": idAttribute("Empty: code signing is not simulated."),
			"skip_destroy": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether destroying the resource leaves the version.",
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplace()}},
			"source_code_hash": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Any text; a change publishes another version. With `filename` it is computed at plan where it is not given, so that changed content is noticed.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace(), stringplanmodifier.UseStateForUnknown()}},
			"source_code_size": schema.Int64Attribute{Computed: true, MarkdownDescription: "Size of the content in bytes.", PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}},
			"version":          idAttribute("Its number."),
		},
	}
}

// planLayerVersion computes the hash of the content from filename, so that changed content is a change of the plan.
func planLayerVersion(ctx context.Context, b *resourceBase, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	b.planRegion(ctx, req, resp)
	var filename, given, was types.String
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("filename"), &filename)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("source_code_hash"), &given)...)
	if !given.IsNull() || filename.IsNull() || filename.IsUnknown() {
		return
	}
	data, err := zipped(filename.ValueString())
	if err != nil {
		return // what makes the file may be applied before; creating says what is wrong
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("source_code_hash"), codeHash(data))...)
	if req.State.Raw.IsNull() {
		return
	}
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("source_code_hash"), &was)...)
	if was.ValueString() == codeHash(data) {
		return
	}
	resp.RequiresReplace.Append(path.Root("source_code_hash"))
	for _, name := range []string{"id", "arn", "code_sha256", "created_date", "version"} {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root(name), types.StringUnknown())...)
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("source_code_size"), types.Int64Unknown())...)
}

var (
	layerVersionARN  = regexp.MustCompile(`^arn:[\w-]+:lambda:[\w-]+:\d{12}:layer:([\w-]+):(\d+)$`)
	layerVersionName = regexp.MustCompile(`^([\w-]+)/(\d+)$`)
)

func layerVersionID(id string) map[string]string {
	for _, form := range []*regexp.Regexp{layerVersionARN, layerVersionName} {
		if m := form.FindStringSubmatch(id); m != nil {
			return map[string]string{"layer_name": m[1], "version": m[2]}
		}
	}
	return nil
}

// numberOf is a version's number.
func numberOf(version types.String) *int64 {
	n, _ := strconv.ParseInt(version.ValueString(), 10, 64) // ours or the form's
	return &n
}

func publishLayerVersion(ctx context.Context, b *resourceBase, m *layerVersionModel) error {
	in := &lambda.PublishLayerVersionInput{LayerName: m.LayerName.ValueStringPointer(), Description: given(m.Description), LicenseInfo: given(m.LicenseInfo),
		Content: &awstypes.LayerVersionContentInput{S3Bucket: given(m.S3Bucket), S3Key: given(m.S3Key), S3ObjectVersion: given(m.S3ObjectVersion)}}
	for _, a := range texts2strings(m.CompatibleArchitectures) {
		in.CompatibleArchitectures = append(in.CompatibleArchitectures, awstypes.Architecture(a))
	}
	for _, r := range texts2strings(m.CompatibleRuntimes) {
		in.CompatibleRuntimes = append(in.CompatibleRuntimes, awstypes.Runtime(r))
	}
	if !m.Filename.IsNull() {
		data, err := zipped(m.Filename.ValueString())
		if err != nil {
			return fmt.Errorf("reading its content: %w", err)
		}
		in.Content.ZipFile = data
	}
	out, err := b.clients.Lambda(m.Region.ValueString()).PublishLayerVersion(ctx, in)
	if err != nil {
		return err
	}
	m.Version = types.StringValue(strconv.FormatInt(out.Version, 10))
	return nil
}

func readLayerVersion(ctx context.Context, b *resourceBase, m *layerVersionModel) error {
	m.Region = b.regionOf(m.Region)
	out, err := b.clients.Lambda(m.Region.ValueString()).GetLayerVersion(ctx, &lambda.GetLayerVersionInput{LayerName: m.LayerName.ValueStringPointer(), VersionNumber: numberOf(m.Version)})
	if err != nil {
		return err
	}
	m.ID, m.ARN, m.LayerARN = types.StringPointerValue(out.LayerVersionArn), types.StringPointerValue(out.LayerVersionArn), types.StringPointerValue(out.LayerArn)
	m.CreatedDate, m.Description, m.LicenseInfo = types.StringPointerValue(out.CreatedDate), optionalString(out.Description, m.Description), optionalString(out.LicenseInfo, m.LicenseInfo)
	m.CodeSHA256, m.SourceCodeSize = types.StringPointerValue(out.Content.CodeSha256), types.Int64Value(out.Content.CodeSize)
	m.SigningJobARN, m.SigningProfileVersionARN = types.StringValue(aws.ToString(out.Content.SigningJobArn)), types.StringValue(aws.ToString(out.Content.SigningProfileVersionArn))
	m.CompatibleArchitectures, m.CompatibleRuntimes = readNames(enum(out.CompatibleArchitectures), m.CompatibleArchitectures), readNames(enum(out.CompatibleRuntimes), m.CompatibleRuntimes)
	if m.SourceCodeHash.IsNull() || m.SourceCodeHash.IsUnknown() {
		m.SourceCodeHash = m.CodeSHA256
	}
	if m.SkipDestroy.IsNull() {
		m.SkipDestroy = types.BoolValue(false)
	}
	return nil
}
