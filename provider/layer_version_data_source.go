package provider

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// layerVersionDataModel is data.lambdasim_layer_version.
type layerVersionDataModel struct {
	ID                       types.String `tfsdk:"id"`
	Region                   types.String `tfsdk:"region"`
	ARN                      types.String `tfsdk:"arn"`
	CodeSHA256               types.String `tfsdk:"code_sha256"`
	CompatibleArchitecture   types.String `tfsdk:"compatible_architecture"`
	CompatibleArchitectures  types.Set    `tfsdk:"compatible_architectures"`
	CompatibleRuntime        types.String `tfsdk:"compatible_runtime"`
	CompatibleRuntimes       types.Set    `tfsdk:"compatible_runtimes"`
	CreatedDate              types.String `tfsdk:"created_date"`
	Description              types.String `tfsdk:"description"`
	LayerARN                 types.String `tfsdk:"layer_arn"`
	LayerName                types.String `tfsdk:"layer_name"`
	LayerVersionARN          types.String `tfsdk:"layer_version_arn"`
	LicenseInfo              types.String `tfsdk:"license_info"`
	SigningJobARN            types.String `tfsdk:"signing_job_arn"`
	SigningProfileVersionARN types.String `tfsdk:"signing_profile_version_arn"`
	SourceCodeHash           types.String `tfsdk:"source_code_hash"`
	SourceCodeSize           types.Int64  `tfsdk:"source_code_size"`
	Version                  types.Int64  `tfsdk:"version"`
}

func newLayerVersionDataSource() datasource.DataSource {
	return &looked[layerVersionDataModel]{typ: "lambda_layer_version", noun: "a version of the layer", read: readLayerVersionData, schema: layerVersionDataSchema,
		label: func(m *layerVersionDataModel) string { return or(m.LayerVersionARN, m.LayerName.ValueString()) }}
}

func layerVersionDataSchema() schema.Schema {
	version, beside := path.MatchRoot("version"), path.MatchRoot("layer_version_arn")
	return schema.Schema{
		MarkdownDescription: "A version of a layer: the one of a number or an ARN; without either the newest, of those that are for a runtime or an architecture where one is given.",
		Attributes: map[string]schema.Attribute{
			"id": shownText("ARN of the version."), "region": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the layer; the provider's by default."},
			"arn": shownText("ARN of the version."), "code_sha256": shownText("Base64 SHA-256 of the content."),
			"compatible_architecture": schema.StringAttribute{Optional: true, MarkdownDescription: "Architecture that the version must be for. Not with `version`.",
				Validators: []validator.String{stringvalidator.OneOf(enum(awstypes.Architecture("").Values())...), stringvalidator.ConflictsWith(version, beside)}},
			"compatible_architectures": shownTexts("Architectures that it is for."),
			"compatible_runtime": schema.StringAttribute{Optional: true, MarkdownDescription: "Runtime that the version must be for. Not with `version`.",
				Validators: []validator.String{stringvalidator.OneOf(enum(awstypes.Runtime("").Values())...), stringvalidator.ConflictsWith(version, beside)}},
			"compatible_runtimes": shownTexts("Runtimes that it is for."), "created_date": shownText("When it was published."), "description": shownText("Description."),
			"layer_arn": shownText("ARN of the layer, without the version."),
			"layer_name": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Name or ARN of the layer. This or `layer_version_arn`.",
				Validators: []validator.String{stringvalidator.ExactlyOneOf(path.MatchRoot("layer_name"), beside)}},
			"layer_version_arn": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "ARN of the version.", Validators: []validator.String{arnValidator()}},
			"license_info":      shownText("Its licence."), "signing_job_arn": shownText("Empty: code signing is not simulated."), "signing_profile_version_arn": shownText("Empty: code signing is not simulated."),
			"source_code_hash": shownText("The same as `code_sha256`."), "source_code_size": schema.Int64Attribute{Computed: true, MarkdownDescription: "Size of the content in bytes."},
			"version": schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: "Its number.", Validators: []validator.Int64{int64validator.ConflictsWith(beside)}},
		},
	}
}

func readLayerVersionData(ctx context.Context, c *Clients, m *layerVersionDataModel) error {
	m.Region = types.StringValue(or(m.Region, c.Region))
	client := c.Lambda(m.Region.ValueString())
	arn := m.LayerVersionARN.ValueString()
	if arn == "" && m.Version.IsNull() {
		in := &lambda.ListLayerVersionsInput{LayerName: m.LayerName.ValueStringPointer(), CompatibleRuntime: awstypes.Runtime(m.CompatibleRuntime.ValueString()),
			CompatibleArchitecture: awstypes.Architecture(m.CompatibleArchitecture.ValueString())}
		list, err := client.ListLayerVersions(ctx, in) // the newest first
		if err != nil {
			return err
		}
		if len(list.LayerVersions) == 0 {
			return fmt.Errorf("there is no version of it that was asked for")
		}
		m.Version = types.Int64Value(list.LayerVersions[0].Version)
	}
	var out *lambda.GetLayerVersionOutput
	var err error
	if arn == "" {
		out, err = client.GetLayerVersion(ctx, &lambda.GetLayerVersionInput{LayerName: m.LayerName.ValueStringPointer(), VersionNumber: m.Version.ValueInt64Pointer()})
	} else {
		var byARN *lambda.GetLayerVersionByArnOutput
		if byARN, err = client.GetLayerVersionByArn(ctx, &lambda.GetLayerVersionByArnInput{Arn: &arn}); err == nil {
			out = &lambda.GetLayerVersionOutput{CompatibleArchitectures: byARN.CompatibleArchitectures, CompatibleRuntimes: byARN.CompatibleRuntimes, Content: byARN.Content, CreatedDate: byARN.CreatedDate,
				Description: byARN.Description, LayerArn: byARN.LayerArn, LayerVersionArn: byARN.LayerVersionArn, LicenseInfo: byARN.LicenseInfo, Version: byARN.Version}
		}
	}
	if err != nil {
		return err
	}
	m.show(out)
	return nil
}

func (m *layerVersionDataModel) show(out *lambda.GetLayerVersionOutput) {
	text := func(s *string) types.String { return types.StringValue(aws.ToString(s)) }
	m.ID, m.ARN, m.LayerVersionARN, m.LayerARN = text(out.LayerVersionArn), text(out.LayerVersionArn), text(out.LayerVersionArn), text(out.LayerArn)
	if parsed := layerVersionID(aws.ToString(out.LayerVersionArn)); m.LayerName.IsNull() && parsed != nil {
		m.LayerName = types.StringValue(parsed["layer_name"])
	}
	m.CodeSHA256, m.SourceCodeHash, m.SourceCodeSize = text(out.Content.CodeSha256), text(out.Content.CodeSha256), types.Int64Value(out.Content.CodeSize)
	m.SigningJobARN, m.SigningProfileVersionARN = text(out.Content.SigningJobArn), text(out.Content.SigningProfileVersionArn)
	m.CompatibleArchitectures, m.CompatibleRuntimes = asSet(enum(out.CompatibleArchitectures)), asSet(enum(out.CompatibleRuntimes))
	m.CreatedDate, m.Description, m.LicenseInfo, m.Version = text(out.CreatedDate), text(out.Description), text(out.LicenseInfo), types.Int64Value(out.Version)
}
