package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type kinesisRecordResource struct{ happening }

func newKinesisRecordResource() resource.Resource { return &kinesisRecordResource{} }

var (
	_ resource.ResourceWithConfigure  = &kinesisRecordResource{}
	_ resource.ResourceWithModifyPlan = &kinesisRecordResource{}
)

type kinesisRecordModel struct {
	ID              types.String `tfsdk:"id"`
	Region          types.String `tfsdk:"region"`
	StreamName      types.String `tfsdk:"stream_name"`
	PartitionKey    types.String `tfsdk:"partition_key"`
	ExplicitHashKey types.String `tfsdk:"explicit_hash_key"`
	Data            types.String `tfsdk:"data"`
	ShardID         types.String `tfsdk:"shard_id"`
	SequenceNumber  types.String `tfsdk:"sequence_number"`
}

// Metadata names the type.
func (r *kinesisRecordResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kinesis_record"
}

// Schema describes lambdasim_kinesis_record.
func (r *kinesisRecordResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A record that is put into a Kinesis data stream when the resource is created, and again when an argument changes: for tests of what the stream feeds. Destroying it takes nothing back.",
		Attributes: map[string]schema.Attribute{
			"id": result("Shard and sequence number, as functions see it in eventID."), "region": regionAttribute(),
			"stream_name":       once(true, "Name of the stream."),
			"partition_key":     once(true, "Key that chooses the shard, up to 256 characters."),
			"explicit_hash_key": once(false, "Hash that chooses the shard instead, a decimal number."),
			"data":              once(true, "Data of the record, up to 1 MiB. Functions receive it in base64."),
			"shard_id":          result("Shard that took it."),
			"sequence_number":   result("Its sequence number in that shard."),
		},
	}
}

// Create puts the record.
func (r *kinesisRecordResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m kinesisRecordModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.Kinesis(m.Region.ValueString()).PutRecord(ctx, &kinesis.PutRecordInput{StreamName: m.StreamName.ValueStringPointer(),
		PartitionKey: m.PartitionKey.ValueStringPointer(), ExplicitHashKey: m.ExplicitHashKey.ValueStringPointer(), Data: []byte(m.Data.ValueString())})
	if err != nil {
		addError(&resp.Diagnostics, "Putting a record into the stream", m.StreamName.ValueString(), err)
		return
	}
	m.ShardID, m.SequenceNumber = types.StringPointerValue(out.ShardId), types.StringPointerValue(out.SequenceNumber)
	m.ID = types.StringValue(m.ShardID.ValueString() + ":" + m.SequenceNumber.ValueString())
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
