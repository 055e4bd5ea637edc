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
	_ resource.ResourceWithConfigure   = &s3BucketNotificationResource{}
	_ resource.ResourceWithModifyPlan  = &s3BucketNotificationResource{}
	_ resource.ResourceWithImportState = &s3BucketNotificationResource{}
)

type s3BucketNotificationModel struct {
	ID             types.String       `tfsdk:"id"`
	Region         types.String       `tfsdk:"region"`
	Bucket         types.String       `tfsdk:"bucket"`
	EventBridge    types.Bool         `tfsdk:"eventbridge"`
	LambdaFunction []s3LambdaFunction `tfsdk:"lambda_function"`
	Queue          []s3Queue          `tfsdk:"queue"`
	Topic          []s3Topic          `tfsdk:"topic"`
}

// s3Notified is what the entries for functions, queues and topics have in common.
type s3Notified struct {
	Events       types.Set    `tfsdk:"events"`
	FilterPrefix types.String `tfsdk:"filter_prefix"`
	FilterSuffix types.String `tfsdk:"filter_suffix"`
	ID           types.String `tfsdk:"id"`
}

type s3LambdaFunction struct {
	s3Notified
	ARN types.String `tfsdk:"lambda_function_arn"`
}

type s3Queue struct {
	s3Notified
	ARN types.String `tfsdk:"queue_arn"`
}

type s3Topic struct {
	s3Notified
	ARN types.String `tfsdk:"topic_arn"`
}

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
	to := func(description, name string, target schema.StringAttribute) schema.ListNestedBlock {
		return schema.ListNestedBlock{MarkdownDescription: description, NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"events": events(), "id": id, name: target,
			"filter_prefix": schema.StringAttribute{Optional: true, MarkdownDescription: "Only objects whose key begins so."},
			"filter_suffix": schema.StringAttribute{Optional: true, MarkdownDescription: "Only objects whose key ends so."}}}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The notification configuration of a bucket: which functions, queues and topics its events are for, and whether EventBridge is told of all of them. The bucket keeps this mapping; S3 asks each function's policy, and sends each queue and topic a test event, when it is configured; at every event the policies are asked again. One resource holds a bucket's whole configuration.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The bucket's name."), "region": regionAttribute(),
			"bucket":      schema.StringAttribute{Required: true, MarkdownDescription: "Name of the bucket.", PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"eventbridge": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether the default event bus of the bucket's account and region is told of every event."},
		},
		Blocks: map[string]schema.Block{
			"lambda_function": to("A function that the bucket invokes, asynchronously.", "lambda_function_arn", schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the function."}),
			"queue":           to("A queue to which the bucket sends.", "queue_arn", schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the queue, a standard one."}),
			"topic":           to("A topic on which the bucket publishes.", "topic_arn", schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the topic, a standard one."}),
		},
	}
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
	if m.EventBridge.ValueBool() {
		c.EventBridgeConfiguration = &awstypes.EventBridgeConfiguration{}
	}
	for i := range m.LambdaFunction {
		f := &m.LambdaFunction[i]
		events, filter := f.entry(ctx, "lambda", diags)
		c.LambdaFunctionConfigurations = append(c.LambdaFunctionConfigurations, awstypes.LambdaFunctionConfiguration{Id: f.ID.ValueStringPointer(), LambdaFunctionArn: f.ARN.ValueStringPointer(), Events: events, Filter: filter})
	}
	for i := range m.Queue {
		q := &m.Queue[i]
		events, filter := q.entry(ctx, "queue", diags)
		c.QueueConfigurations = append(c.QueueConfigurations, awstypes.QueueConfiguration{Id: q.ID.ValueStringPointer(), QueueArn: q.ARN.ValueStringPointer(), Events: events, Filter: filter})
	}
	for i := range m.Topic {
		t := &m.Topic[i]
		events, filter := t.entry(ctx, "topic", diags)
		c.TopicConfigurations = append(c.TopicConfigurations, awstypes.TopicConfiguration{Id: t.ID.ValueStringPointer(), TopicArn: t.ARN.ValueStringPointer(), Events: events, Filter: filter})
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

// entry gives an entry its id where it has none, and returns its events and filter.
func (n *s3Notified) entry(ctx context.Context, kind string, diags *diag.Diagnostics) (events []awstypes.Event, filter *awstypes.NotificationConfigurationFilter) {
	if n.ID.ValueString() == "" {
		n.ID = types.StringValue("tf-s3-" + kind + "-" + suffix())
	}
	diags.Append(n.Events.ElementsAs(ctx, &events, false)...)
	var rules []awstypes.FilterRule
	if v := n.FilterPrefix; v.ValueString() != "" {
		rules = append(rules, awstypes.FilterRule{Name: awstypes.FilterRuleNamePrefix, Value: v.ValueStringPointer()})
	}
	if v := n.FilterSuffix; v.ValueString() != "" {
		rules = append(rules, awstypes.FilterRule{Name: awstypes.FilterRuleNameSuffix, Value: v.ValueStringPointer()})
	}
	if rules != nil {
		filter = &awstypes.NotificationConfigurationFilter{Key: &awstypes.S3KeyFilter{FilterRules: rules}}
	}
	return events, filter
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
	if isNotFound(err) || (err == nil && isEmptyNotification(out) && m.speaks()) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the notifications of the bucket", m.Bucket.ValueString(), err)
		return
	}
	m.read(ctx, out, &resp.Diagnostics)
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func isEmptyNotification(out *s3.GetBucketNotificationConfigurationOutput) bool {
	return len(out.LambdaFunctionConfigurations)+len(out.QueueConfigurations)+len(out.TopicConfigurations) == 0 && out.EventBridgeConfiguration == nil
}

// speaks reports whether the state has anything of the configuration.
func (m *s3BucketNotificationModel) speaks() bool {
	return len(m.LambdaFunction)+len(m.Queue)+len(m.Topic) > 0 || m.EventBridge.ValueBool()
}

// read takes the entries; what is empty stays as it was, null or empty.
func (m *s3BucketNotificationModel) read(ctx context.Context, out *s3.GetBucketNotificationConfigurationOutput, diags *diag.Diagnostics) {
	functions, queues, topics := m.LambdaFunction, m.Queue, m.Topic
	m.LambdaFunction, m.Queue, m.Topic, m.EventBridge, m.ID = nil, nil, nil, types.BoolValue(out.EventBridgeConfiguration != nil), m.Bucket
	for i, c := range out.LambdaFunctionConfigurations {
		var was s3Notified
		if i < len(functions) {
			was = functions[i].s3Notified
		}
		m.LambdaFunction = append(m.LambdaFunction, s3LambdaFunction{notified(ctx, c.Id, c.Events, c.Filter, was, diags), types.StringPointerValue(c.LambdaFunctionArn)})
	}
	for i, c := range out.QueueConfigurations {
		var was s3Notified
		if i < len(queues) {
			was = queues[i].s3Notified
		}
		m.Queue = append(m.Queue, s3Queue{notified(ctx, c.Id, c.Events, c.Filter, was, diags), types.StringPointerValue(c.QueueArn)})
	}
	for i, c := range out.TopicConfigurations {
		var was s3Notified
		if i < len(topics) {
			was = topics[i].s3Notified
		}
		m.Topic = append(m.Topic, s3Topic{notified(ctx, c.Id, c.Events, c.Filter, was, diags), types.StringPointerValue(c.TopicArn)})
	}
}

// notified is an entry that was read.
func notified(ctx context.Context, id *string, events []awstypes.Event, filter *awstypes.NotificationConfigurationFilter, was s3Notified, diags *diag.Diagnostics) s3Notified {
	set, more := types.SetValueFrom(ctx, types.StringType, enum(events))
	diags.Append(more...)
	n := s3Notified{Events: set, ID: types.StringPointerValue(id), FilterPrefix: blank(was.FilterPrefix), FilterSuffix: blank(was.FilterSuffix)}
	if filter == nil || filter.Key == nil {
		return n
	}
	for _, rule := range filter.Key.FilterRules {
		switch rule.Name {
		case "Prefix", awstypes.FilterRuleNamePrefix:
			n.FilterPrefix = types.StringValue(aws.ToString(rule.Value))
		case "Suffix", awstypes.FilterRuleNameSuffix:
			n.FilterSuffix = types.StringValue(aws.ToString(rule.Value))
		}
	}
	return n
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
