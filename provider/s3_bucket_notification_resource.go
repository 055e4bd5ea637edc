package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	awstypes "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type s3BucketNotificationResource struct{ resourceBase }

func newS3BucketNotificationResource() resource.Resource { return &s3BucketNotificationResource{} }

var (
	_ resource.ResourceWithConfigure      = &s3BucketNotificationResource{}
	_ resource.ResourceWithModifyPlan     = &s3BucketNotificationResource{}
	_ resource.ResourceWithValidateConfig = &s3BucketNotificationResource{}
	_ resource.ResourceWithImportState    = &s3BucketNotificationResource{}
)

type s3BucketNotificationModel struct {
	ID             types.String       `tfsdk:"id"`
	Region         types.String       `tfsdk:"region"`
	Bucket         types.String       `tfsdk:"bucket"`
	EventBridge    types.Bool         `tfsdk:"eventbridge"`
	LambdaFunction []s3LambdaFunction `tfsdk:"lambda_function"`
	Queue          types.List         `tfsdk:"queue"`
	Topic          types.List         `tfsdk:"topic"`
}

type s3LambdaFunction struct {
	Events            types.Set    `tfsdk:"events"`
	FilterPrefix      types.String `tfsdk:"filter_prefix"`
	FilterSuffix      types.String `tfsdk:"filter_suffix"`
	ID                types.String `tfsdk:"id"`
	LambdaFunctionARN types.String `tfsdk:"lambda_function_arn"`
}

var notificationRefused = []refused{{name: "eventbridge"}, {name: "queue"}, {name: "topic"}}

// Metadata names the type.
func (r *s3BucketNotificationResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_s3_bucket_notification"
}

// Schema describes lambdasim_s3_bucket_notification.
func (r *s3BucketNotificationResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	events := func() schema.SetAttribute {
		return schema.SetAttribute{ElementType: types.StringType, Required: true, MarkdownDescription: "Event types, for example `s3:ObjectCreated:*`.",
			Validators: []validator.Set{setvalidator.ValueStringsAre(stringvalidator.OneOf(enum(awstypes.Event("").Values())...))}}
	}
	id := schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Id of the entry; generated when it is not given. Events carry it as `configurationId`.",
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
	other := func(target string) schema.ListNestedBlock {
		return schema.ListNestedBlock{MarkdownDescription: notSimulated, NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"events": events(), "filter_prefix": text(false), "filter_suffix": text(false), "id": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: notSimulated},
			target: text(true)}}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The notification configuration of a bucket: which functions its events are for. The bucket keeps this mapping; S3 asks each function's policy when it is configured, and again at every event. One resource holds a bucket's whole configuration.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The bucket's name."), "region": regionAttribute(),
			"bucket":      schema.StringAttribute{Required: true, MarkdownDescription: "Name of the bucket.", PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"eventbridge": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "EventBridge is not simulated: `true` is refused by name."},
		},
		Blocks: map[string]schema.Block{
			"lambda_function": schema.ListNestedBlock{MarkdownDescription: "A function that the bucket invokes, asynchronously.", NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"events": events(), "id": id,
				"filter_prefix":       schema.StringAttribute{Optional: true, MarkdownDescription: "Only objects whose key begins so."},
				"filter_suffix":       schema.StringAttribute{Optional: true, MarkdownDescription: "Only objects whose key ends so."},
				"lambda_function_arn": schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the function."},
			}}},
			"queue": other("queue_arn"), "topic": other("topic_arn"),
		},
	}
}

// ValidateConfig refuses what is not simulated.
func (r *s3BucketNotificationResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, notificationRefused, &resp.Diagnostics)
}

// ModifyPlan fills in the region.
func (r *s3BucketNotificationResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients != nil && !req.Plan.Raw.IsNull() {
		r.planRegion(ctx, req, resp)
	}
}

// put writes the whole configuration.
func (r *s3BucketNotificationResource) put(ctx context.Context, m *s3BucketNotificationModel, diags *diag.Diagnostics) {
	c := &awstypes.NotificationConfiguration{}
	for i := range m.LambdaFunction {
		f := &m.LambdaFunction[i]
		if f.ID.ValueString() == "" {
			f.ID = types.StringValue("tf-s3-lambda-" + suffix())
		}
		entry := awstypes.LambdaFunctionConfiguration{Id: f.ID.ValueStringPointer(), LambdaFunctionArn: f.LambdaFunctionARN.ValueStringPointer()}
		diags.Append(f.Events.ElementsAs(ctx, &entry.Events, false)...)
		var rules []awstypes.FilterRule
		if v := f.FilterPrefix; v.ValueString() != "" {
			rules = append(rules, awstypes.FilterRule{Name: awstypes.FilterRuleNamePrefix, Value: v.ValueStringPointer()})
		}
		if v := f.FilterSuffix; v.ValueString() != "" {
			rules = append(rules, awstypes.FilterRule{Name: awstypes.FilterRuleNameSuffix, Value: v.ValueStringPointer()})
		}
		if rules != nil {
			entry.Filter = &awstypes.NotificationConfigurationFilter{Key: &awstypes.S3KeyFilter{FilterRules: rules}}
		}
		c.LambdaFunctionConfigurations = append(c.LambdaFunctionConfigurations, entry)
	}
	if diags.HasError() {
		return
	}
	m.ID = m.Bucket
	_, err := r.clients.S3(m.Region.ValueString()).PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: m.Bucket.ValueStringPointer(), NotificationConfiguration: c})
	if err != nil {
		addError(diags, "Configuring the notifications of the bucket", m.Bucket.ValueString(), err)
	}
}

// Create writes the configuration.
func (r *s3BucketNotificationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m s3BucketNotificationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.put(ctx, &m, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Read refreshes the state; a bucket without notifications leaves it.
func (r *s3BucketNotificationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m s3BucketNotificationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.Bucket.IsNull() {
		m.Bucket = m.ID // imported
	}
	out, err := r.clients.S3(m.Region.ValueString()).GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: m.Bucket.ValueStringPointer()})
	if isNotFound(err) || (err == nil && len(out.LambdaFunctionConfigurations) == 0 && len(m.LambdaFunction) > 0) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the notifications of the bucket", m.Bucket.ValueString(), err)
		return
	}
	m.read(ctx, out.LambdaFunctionConfigurations, &resp.Diagnostics)
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// read takes the entries; what is empty stays as it was, null or empty.
func (m *s3BucketNotificationModel) read(ctx context.Context, list []awstypes.LambdaFunctionConfiguration, diags *diag.Diagnostics) {
	was := m.LambdaFunction
	m.LambdaFunction, m.EventBridge, m.ID = nil, types.BoolValue(false), m.Bucket
	for i, c := range list {
		f := s3LambdaFunction{ID: types.StringPointerValue(c.Id), LambdaFunctionARN: types.StringPointerValue(c.LambdaFunctionArn)}
		events, more := types.SetValueFrom(ctx, types.StringType, enum(c.Events))
		diags.Append(more...)
		f.Events = events
		if i < len(was) {
			f.FilterPrefix, f.FilterSuffix = blank(was[i].FilterPrefix), blank(was[i].FilterSuffix)
		}
		if c.Filter != nil && c.Filter.Key != nil {
			for _, rule := range c.Filter.Key.FilterRules {
				switch rule.Name {
				case "Prefix", awstypes.FilterRuleNamePrefix:
					f.FilterPrefix = types.StringValue(aws.ToString(rule.Value))
				case "Suffix", awstypes.FilterRuleNameSuffix:
					f.FilterSuffix = types.StringValue(aws.ToString(rule.Value))
				}
			}
		}
		m.LambdaFunction = append(m.LambdaFunction, f)
	}
}

// blank is "" where the value is "", and null otherwise.
func blank(v types.String) types.String {
	if !v.IsNull() && v.ValueString() == "" {
		return v
	}
	return types.StringNull()
}

// Update writes the configuration.
func (r *s3BucketNotificationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m s3BucketNotificationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.put(ctx, &m, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete clears the configuration.
func (r *s3BucketNotificationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m s3BucketNotificationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.clients.S3(m.Region.ValueString()).PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: m.Bucket.ValueStringPointer(),
		NotificationConfiguration: &awstypes.NotificationConfiguration{}})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Clearing the notifications of the bucket", m.Bucket.ValueString(), err)
	}
}

// ImportState imports by the bucket's name, or NAME@REGION.
func (r *s3BucketNotificationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("bucket"), cutRegion(ctx, req, resp), resp)
}
