package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type dynamodbTableModel struct {
	ID                        types.String   `tfsdk:"id"`
	Region                    types.String   `tfsdk:"region"`
	ARN                       types.String   `tfsdk:"arn"`
	Attribute                 types.Set      `tfsdk:"attribute"`
	BillingMode               types.String   `tfsdk:"billing_mode"`
	DeletionProtectionEnabled types.Bool     `tfsdk:"deletion_protection_enabled"`
	GlobalSecondaryIndex      types.Set      `tfsdk:"global_secondary_index"`
	GlobalTableWitness        types.List     `tfsdk:"global_table_witness"`
	HashKey                   types.String   `tfsdk:"hash_key"`
	ImportTable               types.List     `tfsdk:"import_table"`
	LocalSecondaryIndex       types.Set      `tfsdk:"local_secondary_index"`
	Name                      types.String   `tfsdk:"name"`
	OnDemandThroughput        types.List     `tfsdk:"on_demand_throughput"`
	PointInTimeRecovery       types.List     `tfsdk:"point_in_time_recovery"`
	RangeKey                  types.String   `tfsdk:"range_key"`
	ReadCapacity              types.Int64    `tfsdk:"read_capacity"`
	Replica                   types.Set      `tfsdk:"replica"`
	RestoreBackupARN          types.String   `tfsdk:"restore_backup_arn"`
	RestoreDateTime           types.String   `tfsdk:"restore_date_time"`
	RestoreSourceName         types.String   `tfsdk:"restore_source_name"`
	RestoreSourceTableARN     types.String   `tfsdk:"restore_source_table_arn"`
	RestoreToLatestTime       types.Bool     `tfsdk:"restore_to_latest_time"`
	ServerSideEncryption      types.List     `tfsdk:"server_side_encryption"`
	StreamARN                 types.String   `tfsdk:"stream_arn"`
	StreamEnabled             types.Bool     `tfsdk:"stream_enabled"`
	StreamLabel               types.String   `tfsdk:"stream_label"`
	StreamViewType            types.String   `tfsdk:"stream_view_type"`
	TableClass                types.String   `tfsdk:"table_class"`
	Tags                      types.Map      `tfsdk:"tags"`
	TagsAll                   types.Map      `tfsdk:"tags_all"`
	Timeouts                  timeouts.Value `tfsdk:"timeouts"`
	TTL                       types.List     `tfsdk:"ttl"`
	WarmThroughput            types.List     `tfsdk:"warm_throughput"`
	WriteCapacity             types.Int64    `tfsdk:"write_capacity"`
}

// Blocks of a table as Go structs.
type (
	tableAttribute struct {
		Name types.String `tfsdk:"name"`
		Type types.String `tfsdk:"type"`
	}
	tableKey struct {
		AttributeName types.String `tfsdk:"attribute_name"`
		KeyType       types.String `tfsdk:"key_type"`
	}
	tableGlobalIndex struct {
		HashKey            types.String `tfsdk:"hash_key"`
		KeySchema          types.List   `tfsdk:"key_schema"`
		Name               types.String `tfsdk:"name"`
		NonKeyAttributes   types.Set    `tfsdk:"non_key_attributes"`
		OnDemandThroughput types.List   `tfsdk:"on_demand_throughput"`
		ProjectionType     types.String `tfsdk:"projection_type"`
		RangeKey           types.String `tfsdk:"range_key"`
		ReadCapacity       types.Int64  `tfsdk:"read_capacity"`
		WarmThroughput     types.List   `tfsdk:"warm_throughput"`
		WriteCapacity      types.Int64  `tfsdk:"write_capacity"`
	}
	tableLocalIndex struct {
		Name             types.String `tfsdk:"name"`
		NonKeyAttributes types.List   `tfsdk:"non_key_attributes"`
		ProjectionType   types.String `tfsdk:"projection_type"`
		RangeKey         types.String `tfsdk:"range_key"`
	}
	tableTTL struct {
		AttributeName types.String `tfsdk:"attribute_name"`
		Enabled       types.Bool   `tfsdk:"enabled"`
	}
)

var tableRefused = []refused{{name: "global_table_witness"}, {name: "import_table"}, {name: "on_demand_throughput"}, {name: "replica"}, {name: "restore_backup_arn"},
	{name: "restore_date_time"}, {name: "restore_source_name"}, {name: "restore_source_table_arn"}, {name: "restore_to_latest_time"}, {name: "warm_throughput"}}

// Schema describes lambdasim_dynamodb_table.
func (r *dynamodbTableResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	once := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	keep := []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}
	oneOf := func(values ...string) []validator.String { return []validator.String{stringvalidator.OneOf(values...)} }
	resp.Schema = schema.Schema{
		MarkdownDescription: "A DynamoDB table with its secondary indexes, its time to live and its stream, which Lambda polls through event source mappings.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The table's name."), "region": regionAttribute(),
			"arn": schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the table, known at plan.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"billing_mode": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("PROVISIONED"), MarkdownDescription: "`PROVISIONED` (the default) or `PAY_PER_REQUEST`. It is stored, and decides how many shards a stream has: one, or four.",
				Validators: oneOf("PROVISIONED", "PAY_PER_REQUEST")},
			"deletion_protection_enabled": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether deleting the table is refused."},
			"hash_key":                    schema.StringAttribute{Required: true, MarkdownDescription: "Attribute of the partition key.", PlanModifiers: once},
			"range_key":                   schema.StringAttribute{Optional: true, MarkdownDescription: "Attribute of the sort key.", PlanModifiers: once},
			"name":                        schema.StringAttribute{Required: true, MarkdownDescription: "Name of the table.", PlanModifiers: once, Validators: []validator.String{stringvalidator.LengthBetween(3, 255)}},
			"read_capacity":               schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: "Read units of a provisioned table. They are stored, and never enforced.", PlanModifiers: keep},
			"write_capacity":              schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: "Write units of a provisioned table. They are stored, and never enforced.", PlanModifiers: keep},
			"stream_enabled":              schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether the table has a stream. Each enabling is a new stream with its own ARN."},
			"stream_view_type": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "What the stream's records hold: `KEYS_ONLY`, `NEW_IMAGE`, `OLD_IMAGE` or `NEW_AND_OLD_IMAGES`. A change disables the stream and enables a new one.",
				Validators: oneOf("", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")},
			"stream_arn":   schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the current or latest stream, for `event_source_arn` of a mapping."},
			"stream_label": schema.StringAttribute{Computed: true, MarkdownDescription: "When the stream was enabled, to the millisecond: the end of its ARN."},
			"table_class": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("STANDARD"), MarkdownDescription: "`STANDARD` or `STANDARD_INFREQUENT_ACCESS`. It is stored.",
				Validators: oneOf("STANDARD", "STANDARD_INFREQUENT_ACCESS")},
			"tags": tagsAttribute(), "tags_all": tagsAllAttribute(),
			"restore_backup_arn": text(false), "restore_date_time": schema.StringAttribute{Optional: true, MarkdownDescription: notSimulated, PlanModifiers: once},
			"restore_source_name": text(false), "restore_source_table_arn": text(false), "restore_to_latest_time": boolean(),
		},
		Blocks: dynamodbTableBlocks(ctx),
	}
}

// dynamodbTableBlocks are the nested blocks of a table.
func dynamodbTableBlocks(ctx context.Context) map[string]schema.Block {
	must := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Required: true, MarkdownDescription: description}
	}
	units := func(description string) schema.Int64Attribute {
		return schema.Int64Attribute{Optional: true, MarkdownDescription: description}
	}
	projection := schema.StringAttribute{Required: true, MarkdownDescription: "`ALL`, `KEYS_ONLY` or `INCLUDE`.", Validators: []validator.String{stringvalidator.OneOf("ALL", "KEYS_ONLY", "INCLUDE")}}
	onDemand := block(notSimulated, map[string]schema.Attribute{"max_read_request_units": number(), "max_write_request_units": number()}, nil)
	warm := block(notSimulated, map[string]schema.Attribute{"read_units_per_second": number(), "write_units_per_second": number()}, nil)
	return map[string]schema.Block{
		"attribute": schema.SetNestedBlock{MarkdownDescription: "A key attribute of the table or of an index.", NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"name": must("Name of the attribute."),
			"type": schema.StringAttribute{Required: true, MarkdownDescription: "`S`, `N` or `B`.", Validators: []validator.String{stringvalidator.OneOf("S", "N", "B")}}}}},
		"global_secondary_index": schema.SetNestedBlock{MarkdownDescription: "A global secondary index. It follows its table at once.", NestedObject: schema.NestedBlockObject{
			Attributes: map[string]schema.Attribute{
				"name": must("Name of the index."), "projection_type": projection,
				"hash_key":           schema.StringAttribute{Optional: true, MarkdownDescription: "Attribute of the partition key; or `key_schema`."},
				"range_key":          schema.StringAttribute{Optional: true, MarkdownDescription: "Attribute of the sort key."},
				"non_key_attributes": schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Attributes that `INCLUDE` adds."},
				"read_capacity":      units("Read units; stored."), "write_capacity": units("Write units; stored.")},
			Blocks: map[string]schema.Block{"on_demand_throughput": onDemand, "warm_throughput": warm,
				"key_schema": schema.ListNestedBlock{MarkdownDescription: "A key: instead of `hash_key` and `range_key`.", NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"attribute_name": must("Name of the attribute."), "key_type": must("`HASH` or `RANGE`.")}}}}}},
		"local_secondary_index": schema.SetNestedBlock{MarkdownDescription: "A local secondary index.", PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplace()},
			NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"name": must("Name of the index."), "projection_type": projection, "range_key": must("Attribute of the sort key."),
				"non_key_attributes": schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Attributes that `INCLUDE` adds."}}}},
		"ttl": block("Time to live: items are deleted when the simulator's clock reaches the attribute's seconds.", map[string]schema.Attribute{
			"attribute_name": schema.StringAttribute{Optional: true, MarkdownDescription: "Attribute with seconds since 1970."},
			"enabled":        schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether items expire."}}, nil),
		"point_in_time_recovery": block("Stored, with a warning where it is enabled: the simulator keeps no backups.", map[string]schema.Attribute{
			"enabled":                 schema.BoolAttribute{Required: true, MarkdownDescription: "Stored."},
			"recovery_period_in_days": units("Stored.")}, nil),
		"server_side_encryption": block("Stored, with a warning where it is enabled: the simulator encrypts nothing.", map[string]schema.Attribute{
			"enabled":     schema.BoolAttribute{Required: true, MarkdownDescription: "Stored."},
			"kms_key_arn": schema.StringAttribute{Optional: true, MarkdownDescription: "Stored."}}, nil),
		"on_demand_throughput": onDemand,
		"warm_throughput":      warm,
		"global_table_witness": block(notSimulated, map[string]schema.Attribute{"region_name": text(false)}, nil),
		"import_table": block(notSimulated, map[string]schema.Attribute{"input_compression_type": text(false), "input_format": text(false)}, map[string]schema.Block{
			"input_format_options": block(notSimulated, nil, map[string]schema.Block{"csv": block(notSimulated, map[string]schema.Attribute{"delimiter": text(false), "header_list": texts(false)}, nil)}),
			"s3_bucket_source":     block(notSimulated, map[string]schema.Attribute{"bucket": text(false), "bucket_owner": text(false), "key_prefix": text(false)}, nil)}),
		"replica": schema.SetNestedBlock{MarkdownDescription: notSimulated, NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"arn": computedText(), "consistency_mode": text(false), "deletion_protection_enabled": boolean(), "kms_key_arn": text(false), "point_in_time_recovery": boolean(),
			"propagate_tags": boolean(), "region_name": text(true), "stream_arn": computedText(), "stream_label": computedText()}}},
		"timeouts": timeouts.Block(ctx, timeouts.Opts{Create: true, Update: true, Delete: true}),
	}
}

// Types of the blocks that the backend fills in.
var (
	tableAttributeType = map[string]attr.Type{"name": types.StringType, "type": types.StringType}
	tableTTLType       = map[string]attr.Type{"attribute_name": types.StringType, "enabled": types.BoolType}
	tableLocalType     = map[string]attr.Type{"name": types.StringType, "non_key_attributes": types.ListType{ElemType: types.StringType}, "projection_type": types.StringType, "range_key": types.StringType}
	tableKeyType       = map[string]attr.Type{"attribute_name": types.StringType, "key_type": types.StringType}
	tableOnDemandType  = map[string]attr.Type{"max_read_request_units": types.Int64Type, "max_write_request_units": types.Int64Type}
	tableWarmType      = map[string]attr.Type{"read_units_per_second": types.Int64Type, "write_units_per_second": types.Int64Type}
	tableGlobalType    = map[string]attr.Type{"hash_key": types.StringType, "key_schema": types.ListType{ElemType: types.ObjectType{AttrTypes: tableKeyType}},
		"name": types.StringType, "non_key_attributes": types.SetType{ElemType: types.StringType}, "on_demand_throughput": types.ListType{ElemType: types.ObjectType{AttrTypes: tableOnDemandType}},
		"projection_type": types.StringType, "range_key": types.StringType, "read_capacity": types.Int64Type,
		"warm_throughput": types.ListType{ElemType: types.ObjectType{AttrTypes: tableWarmType}}, "write_capacity": types.Int64Type}
)
