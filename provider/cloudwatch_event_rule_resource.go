package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/boolvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type eventRuleModel struct {
	ID           types.String `tfsdk:"id"`
	Region       types.String `tfsdk:"region"`
	ARN          types.String `tfsdk:"arn"`
	Description  types.String `tfsdk:"description"`
	Bus          types.String `tfsdk:"event_bus_name"`
	Pattern      fwtypes.JSON `tfsdk:"event_pattern"`
	ForceDestroy types.Bool   `tfsdk:"force_destroy"`
	IsEnabled    types.Bool   `tfsdk:"is_enabled"`
	Name         types.String `tfsdk:"name"`
	NamePrefix   types.String `tfsdk:"name_prefix"`
	Role         types.String `tfsdk:"role_arn"`
	Schedule     types.String `tfsdk:"schedule_expression"`
	State        types.String `tfsdk:"state"`
	Tags         types.Map    `tfsdk:"tags"`
	TagsAll      types.Map    `tfsdk:"tags_all"`
}

func newEventRuleResource() resource.Resource {
	return &importedBy[eventRuleModel]{want: "NAME or BUS/NAME", parse: func(id string) map[string]string {
		bus, rest := cutBus(id, 1)
		return map[string]string{"event_bus_name": bus, "name": rest[0]}
	}, kept: kept[eventRuleModel]{
		typ: "cloudwatch_event_rule", noun: "the rule", label: func(m *eventRuleModel) string { return m.Name.ValueString() }, schema: eventRuleSchema,
		create: func(ctx context.Context, b *resourceBase, m *eventRuleModel) error {
			generate(&m.Name, &m.NamePrefix)
			return putEventRule(ctx, b, m, eventTags(m.TagsAll))
		},
		read: readEventRule,
		update: func(ctx context.Context, b *resourceBase, m, was *eventRuleModel) error {
			if err := putEventRule(ctx, b, m, nil); err != nil {
				return err
			}
			return retagEvents(ctx, b.clients.EventBridge(m.Region.ValueString()), was.ARN.ValueStringPointer(), m.TagsAll, was.TagsAll)
		},
		remove: func(ctx context.Context, b *resourceBase, m *eventRuleModel) error {
			_, err := b.clients.EventBridge(m.Region.ValueString()).DeleteRule(ctx, &eventbridge.DeleteRuleInput{EventBusName: m.Bus.ValueStringPointer(), Name: m.Name.ValueStringPointer(), Force: m.ForceDestroy.ValueBool()})
			return err
		},
		plan: planEventRule,
	}}
}

func eventRuleSchema() schema.Schema {
	name, prefix := nameAttributes("rule", 64)
	return schema.Schema{
		MarkdownDescription: "A rule of an event bus: which events, or which instants, reach its targets.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The rule's name, after the bus and a slash where that is not the default one."), "region": regionAttribute(), "arn": result("ARN of the rule: `source_arn` of the permission of a function that it calls."),
			"description":    schema.StringAttribute{Optional: true, MarkdownDescription: "Description.", Validators: []validator.String{stringvalidator.LengthAtMost(512)}},
			"event_bus_name": busAttribute(),
			"event_pattern": schema.StringAttribute{CustomType: fwtypes.JSONType{}, Optional: true, MarkdownDescription: "Pattern of the events, JSON.",
				Validators: []validator.String{stringvalidator.AtLeastOneOf(path.MatchRoot("schedule_expression"), path.MatchRoot("event_pattern"))}},
			"force_destroy": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Stored: it is about rules that AWS's own services manage."},
			"is_enabled": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether the rule is enabled. Deprecated: use `state`.", DeprecationMessage: `Use "state" instead.`,
				Validators: []validator.Bool{boolvalidator.ConflictsWith(path.MatchRoot("state"))}},
			"name": name, "name_prefix": prefix,
			"role_arn":            schema.StringAttribute{Optional: true, MarkdownDescription: "Stored: targets have roles of their own.", Validators: []validator.String{arnValidator()}},
			"schedule_expression": schema.StringAttribute{Optional: true, MarkdownDescription: "`rate(5 minutes)` or `cron(0 20 * * ? *)`, in UTC, on the simulator's clock. On the default bus alone.", Validators: []validator.String{stringvalidator.LengthAtMost(256)}},
			"state": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "`ENABLED`, `DISABLED` or `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`. Enabled by default.",
				Validators: []validator.String{stringvalidator.OneOf("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")}},
			"tags": tagsAttribute(), "tags_all": tagsAllAttribute(),
		},
	}
}

// planEventRule fills in the state that follows from the configuration.
func planEventRule(ctx context.Context, b *resourceBase, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	planRegionAndTags(ctx, b, req, resp)
	var state types.String
	var enabled types.Bool
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("state"), &state)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("is_enabled"), &enabled)...)
	if !state.IsNull() || enabled.IsUnknown() {
		return
	}
	state = types.StringValue(string(ebtypes.RuleStateEnabled))
	if !enabled.IsNull() && !enabled.ValueBool() {
		state = types.StringValue(string(ebtypes.RuleStateDisabled))
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("state"), state)...)
}

func putEventRule(ctx context.Context, b *resourceBase, m *eventRuleModel, tags []ebtypes.Tag) error {
	in := &eventbridge.PutRuleInput{Name: m.Name.ValueStringPointer(), EventBusName: m.Bus.ValueStringPointer(), Description: given(m.Description), EventPattern: given(m.Pattern.StringValue),
		ScheduleExpression: given(m.Schedule), RoleArn: given(m.Role), State: ebtypes.RuleState(m.State.ValueString()), Tags: tags}
	if m.State.IsUnknown() {
		in.State = ebtypes.RuleStateEnabled
		if !m.IsEnabled.IsNull() && !m.IsEnabled.ValueBool() {
			in.State = ebtypes.RuleStateDisabled
		}
	}
	_, err := b.clients.EventBridge(m.Region.ValueString()).PutRule(ctx, in)
	return err
}

func readEventRule(ctx context.Context, b *resourceBase, m *eventRuleModel) error {
	m.Region = b.regionOf(m.Region)
	client := b.clients.EventBridge(m.Region.ValueString())
	out, err := client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: m.Name.ValueStringPointer(), EventBusName: m.Bus.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.ID, m.ARN, m.State = types.StringValue(onBus(m.Bus, "/", *out.Name)), types.StringPointerValue(out.Arn), types.StringValue(string(out.State))
	m.Description, m.Role, m.Schedule = optionalString(out.Description, m.Description), optionalString(out.RoleArn, m.Role), optionalString(out.ScheduleExpression, m.Schedule)
	m.NamePrefix = blankIfNull(m.NamePrefix)
	m.Pattern = m.Pattern.Shown(aws.ToString(out.EventPattern))
	if m.ForceDestroy.IsNull() {
		m.ForceDestroy = types.BoolValue(false)
	}
	tags, err := eventTagsOf(ctx, client, out.Arn)
	m.Tags, m.TagsAll = b.readTags(tags, m.Tags)
	return err
}
