package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type kinesisStreamResource struct{ resourceBase }

func newKinesisStreamResource() resource.Resource { return &kinesisStreamResource{} }

var (
	_ resource.ResourceWithConfigure      = &kinesisStreamResource{}
	_ resource.ResourceWithModifyPlan     = &kinesisStreamResource{}
	_ resource.ResourceWithValidateConfig = &kinesisStreamResource{}
	_ resource.ResourceWithImportState    = &kinesisStreamResource{}
)

type kinesisStreamModel struct {
	ID                      types.String `tfsdk:"id"`
	Region                  types.String `tfsdk:"region"`
	ARN                     types.String `tfsdk:"arn"`
	EncryptionType          types.String `tfsdk:"encryption_type"`
	EnforceConsumerDeletion types.Bool   `tfsdk:"enforce_consumer_deletion"`
	KMSKeyID                types.String `tfsdk:"kms_key_id"`
	MaxRecordSizeInKiB      types.Int64  `tfsdk:"max_record_size_in_kib"`
	Name                    types.String `tfsdk:"name"`
	RetentionPeriod         types.Int64  `tfsdk:"retention_period"`
	ShardCount              types.Int64  `tfsdk:"shard_count"`
	ShardLevelMetrics       types.Set    `tfsdk:"shard_level_metrics"`
	StreamModeDetails       types.List   `tfsdk:"stream_mode_details"`
	Tags                    types.Map    `tfsdk:"tags"`
	TagsAll                 types.Map    `tfsdk:"tags_all"`
	WarmThroughput          types.Int64  `tfsdk:"warm_throughput_mib_ps"`
}

var streamModeType = map[string]attr.Type{"stream_mode": types.StringType}

var streamRefused = []refused{{name: "encryption_type", allowed: []attr.Value{types.StringValue("NONE")}}, {name: "enforce_consumer_deletion"},
	{name: "kms_key_id"}, {name: "max_record_size_in_kib"}, {name: "shard_level_metrics"}, {name: "warm_throughput_mib_ps"},
	{name: "stream_mode_details", allowed: []attr.Value{objects(streamModeType, map[string]attr.Value{"stream_mode": types.StringValue("PROVISIONED")})}}}

// Metadata names the type.
func (r *kinesisStreamResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kinesis_stream"
}

// Schema describes lambdasim_kinesis_stream.
func (r *kinesisStreamResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A provisioned Kinesis data stream, whose records Lambda polls through event source mappings.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The stream's ARN."), "region": regionAttribute(),
			"arn":                       schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the stream, known at plan.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"encryption_type":           schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("NONE"), MarkdownDescription: "`NONE`. `KMS` is not simulated: refused by name.", Validators: []validator.String{stringvalidator.OneOf("NONE", "KMS")}},
			"enforce_consumer_deletion": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: notSimulated},
			"kms_key_id":                text(false),
			"max_record_size_in_kib":    number(),
			"warm_throughput_mib_ps":    number(),
			"name":                      schema.StringAttribute{Required: true, MarkdownDescription: "Name of the stream.", PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}, Validators: []validator.String{stringvalidator.LengthBetween(1, 128)}},
			"retention_period": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(24), MarkdownDescription: "Hours for which records can be read, 24 to 8760, on the simulator's clock.",
				Validators: []validator.Int64{int64validator.Between(24, 8760)}},
			"shard_count":         schema.Int64Attribute{Optional: true, MarkdownDescription: "Number of shards. It cannot be changed: resharding is not simulated.", Validators: []validator.Int64{int64validator.AtLeast(1)}},
			"shard_level_metrics": texts(false),
			"stream_mode_details": computedBlock("Block with `stream_mode`, `PROVISIONED`. `ON_DEMAND` is not simulated: refused by name.", streamModeType),
			"tags":                tagsAttribute(), "tags_all": tagsAllAttribute(),
		},
	}
}

// ValidateConfig refuses what is not simulated, and a stream without a number of shards.
func (r *kinesisStreamResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, streamRefused, &resp.Diagnostics)
	var shards types.Int64
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("shard_count"), &shards)...)
	if shards.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("shard_count"), "shard_count must be at least 1 when stream_mode is PROVISIONED", "Set shard_count.")
	}
}

// ModifyPlan fills in region, tags and ARN, and refuses a change of the number of shards.
func (r *kinesisStreamResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	region := r.planRegion(ctx, req, resp)
	r.planTags(ctx, resp)
	var m, state kinesisStreamModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &m)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if m.Name.Equal(state.Name) && !m.ShardCount.Equal(state.ShardCount) && !resp.Diagnostics.HasError() {
			resp.Diagnostics.AddAttributeError(path.Root("shard_count"), "shard_count cannot be changed",
				"lambdasim does not simulate resharding (UpdateShardCount) yet. Replace the stream, or leave the number as it is.")
		}
	}
	if resp.Diagnostics.HasError() || region == "" || m.Name.IsUnknown() {
		return
	}
	account, err := r.clients.Account(ctx)
	if err != nil {
		return // the ARN stays unknown
	}
	m.ARN = types.StringValue("arn:aws:kinesis:" + region + ":" + account + ":stream/" + m.Name.ValueString())
	m.ID = m.ARN
	m.StreamModeDetails = objects(streamModeType, map[string]attr.Value{"stream_mode": types.StringValue("PROVISIONED")})
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// Create makes the stream.
func (r *kinesisStreamResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m kinesisStreamModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	in := &kinesis.CreateStreamInput{StreamName: m.Name.ValueStringPointer(), ShardCount: int32Of(m.ShardCount), Tags: tagsOf(ctx, m.TagsAll, &resp.Diagnostics)}
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.clients.Kinesis(m.Region.ValueString())
	if _, err := client.CreateStream(ctx, in); err != nil {
		addError(&resp.Diagnostics, "Creating the stream", m.Name.ValueString(), err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...) // it exists: if it cannot be read now, the state has it all the same
	r.retain(ctx, client, &m, 24, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() && r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// retain brings the retention from one number of hours to the planned one.
func (r *kinesisStreamResource) retain(ctx context.Context, client *kinesis.Client, m *kinesisStreamModel, was int64, diags *diag.Diagnostics) {
	var err error
	switch is := m.RetentionPeriod.ValueInt64(); {
	case is > was:
		_, err = client.IncreaseStreamRetentionPeriod(ctx, &kinesis.IncreaseStreamRetentionPeriodInput{StreamName: m.Name.ValueStringPointer(), RetentionPeriodHours: aws.Int32(int32(is))})
	case is < was:
		_, err = client.DecreaseStreamRetentionPeriod(ctx, &kinesis.DecreaseStreamRetentionPeriodInput{StreamName: m.Name.ValueStringPointer(), RetentionPeriodHours: aws.Int32(int32(is))})
	}
	if err != nil {
		addError(diags, "Changing the retention of the stream", m.Name.ValueString(), err)
	}
}

func (r *kinesisStreamResource) refresh(ctx context.Context, m *kinesisStreamModel, diags *diag.Diagnostics) bool {
	client := r.clients.Kinesis(m.Region.ValueString())
	out, err := client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: m.Name.ValueStringPointer()})
	if isNotFound(err) {
		return false
	}
	if err != nil {
		addError(diags, "Reading the stream", m.Name.ValueString(), err)
		return false
	}
	d := out.StreamDescriptionSummary
	m.ARN, m.ID = types.StringPointerValue(d.StreamARN), types.StringPointerValue(d.StreamARN)
	m.RetentionPeriod, m.ShardCount = int64Of(d.RetentionPeriodHours), int64Of(d.OpenShardCount)
	m.EncryptionType = types.StringValue("NONE")
	if m.EnforceConsumerDeletion.IsNull() {
		m.EnforceConsumerDeletion = types.BoolValue(false)
	}
	m.StreamModeDetails = objects(streamModeType, map[string]attr.Value{"stream_mode": types.StringValue(string(d.StreamModeDetails.StreamMode))})
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	tags, err := client.ListTagsForStream(ctx, &kinesis.ListTagsForStreamInput{StreamName: m.Name.ValueStringPointer()})
	if err != nil {
		addError(diags, "Reading the tags of the stream", m.Name.ValueString(), err)
		return false
	}
	all := map[string]string{}
	for _, t := range tags.Tags {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	m.Tags, m.TagsAll = r.readTags(all, m.Tags)
	return true
}

// Read refreshes the state; a stream that is gone leaves it.
func (r *kinesisStreamResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m kinesisStreamModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	} else if !resp.Diagnostics.HasError() {
		resp.State.RemoveResource(ctx)
	}
}

// Update changes retention and tags.
func (r *kinesisStreamResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was kinesisStreamModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.clients.Kinesis(m.Region.ValueString())
	r.retain(ctx, client, &m, was.RetentionPeriod.ValueInt64(), &resp.Diagnostics)
	r.retag(ctx, client, &m, tagsOf(ctx, was.TagsAll, &resp.Diagnostics), tagsOf(ctx, m.TagsAll, &resp.Diagnostics), &resp.Diagnostics)
	if !resp.Diagnostics.HasError() && r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func (r *kinesisStreamResource) retag(ctx context.Context, client *kinesis.Client, m *kinesisStreamModel, was, is map[string]string, diags *diag.Diagnostics) {
	var gone []string
	for k := range was {
		if _, ok := is[k]; !ok {
			gone = append(gone, k)
		}
	}
	var err error
	if len(gone) > 0 {
		_, err = client.RemoveTagsFromStream(ctx, &kinesis.RemoveTagsFromStreamInput{StreamName: m.Name.ValueStringPointer(), TagKeys: gone})
	}
	if err == nil && len(is) > 0 {
		_, err = client.AddTagsToStream(ctx, &kinesis.AddTagsToStreamInput{StreamName: m.Name.ValueStringPointer(), Tags: is})
	}
	if err != nil {
		addError(diags, "Tagging the stream", m.Name.ValueString(), err)
	}
}

// Delete removes the stream.
func (r *kinesisStreamResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m kinesisStreamModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.clients.Kinesis(m.Region.ValueString()).DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: m.Name.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the stream", m.Name.ValueString(), err)
	}
}

// ImportState imports by NAME or NAME@REGION.
func (r *kinesisStreamResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("name"), cutRegion(ctx, req, resp), resp)
}
