package provider

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

const defaultBus = "default"

type eventBusModel struct {
	ID               types.String `tfsdk:"id"`
	Region           types.String `tfsdk:"region"`
	ARN              types.String `tfsdk:"arn"`
	DeadLetterConfig types.List   `tfsdk:"dead_letter_config"`
	Description      types.String `tfsdk:"description"`
	EventSourceName  types.String `tfsdk:"event_source_name"`
	KMSKey           types.String `tfsdk:"kms_key_identifier"`
	LogConfig        types.List   `tfsdk:"log_config"`
	Name             types.String `tfsdk:"name"`
	Tags             types.Map    `tfsdk:"tags"`
	TagsAll          types.Map    `tfsdk:"tags_all"`
}

var eventBusRefused = []refused{{name: "dead_letter_config"}, {name: "event_source_name"}, {name: "kms_key_identifier"}, {name: "log_config"}}

func newEventBusResource() resource.Resource {
	return &importedBy[eventBusModel]{want: "NAME", parse: func(id string) map[string]string { return map[string]string{"name": id} }, kept: kept[eventBusModel]{
		typ: "cloudwatch_event_bus", noun: "the event bus", label: func(m *eventBusModel) string { return m.Name.ValueString() }, refused: eventBusRefused,
		schema: func() schema.Schema {
			once := text(false)
			once.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplace()}
			return schema.Schema{
				MarkdownDescription: "An EventBridge event bus. The bus `default` is always there and needs no resource.",
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("The bus's name."), "region": regionAttribute(), "arn": result("ARN of the bus."),
					"description":       schema.StringAttribute{Optional: true, MarkdownDescription: "Description.", Validators: []validator.String{stringvalidator.LengthAtMost(512)}},
					"event_source_name": once, "kms_key_identifier": text(false),
					"name": requiredOnce("Name of the bus."), "tags": tagsAttribute(), "tags_all": tagsAllAttribute(),
				},
				Blocks: map[string]schema.Block{
					"dead_letter_config": block(notSimulated, map[string]schema.Attribute{"arn": text(false)}, nil),
					"log_config":         block(notSimulated, map[string]schema.Attribute{"include_detail": text(false), "level": text(false)}, nil),
				},
			}
		},
		create: func(ctx context.Context, b *resourceBase, m *eventBusModel) error {
			_, err := b.clients.EventBridge(m.Region.ValueString()).CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: m.Name.ValueStringPointer(), Description: given(m.Description), Tags: eventTags(m.TagsAll)})
			return err
		},
		read: readEventBus,
		update: func(ctx context.Context, b *resourceBase, m, was *eventBusModel) error {
			client := b.clients.EventBridge(m.Region.ValueString())
			if _, err := client.UpdateEventBus(ctx, &eventbridge.UpdateEventBusInput{Name: m.Name.ValueStringPointer(), Description: blankIfNull(m.Description).ValueStringPointer()}); err != nil {
				return err
			}
			return retagEvents(ctx, client, was.ARN.ValueStringPointer(), m.TagsAll, was.TagsAll)
		},
		remove: func(ctx context.Context, b *resourceBase, m *eventBusModel) error {
			_, err := b.clients.EventBridge(m.Region.ValueString()).DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: m.Name.ValueStringPointer()})
			return err
		},
		plan: planRegionAndTags,
	}}
}

func planRegionAndTags(ctx context.Context, b *resourceBase, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	b.planRegion(ctx, req, resp)
	b.planTags(ctx, resp)
}

func readEventBus(ctx context.Context, b *resourceBase, m *eventBusModel) error {
	m.Region = b.regionOf(m.Region)
	client := b.clients.EventBridge(m.Region.ValueString())
	out, err := client.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: m.Name.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.ID, m.ARN, m.Description = types.StringPointerValue(out.Name), types.StringPointerValue(out.Arn), optionalString(out.Description, m.Description)
	tags, err := eventTagsOf(ctx, client, out.Arn)
	m.Tags, m.TagsAll = b.readTags(tags, m.Tags)
	return err
}

func eventTags(m types.Map) (list []ebtypes.Tag) {
	for k, v := range textsIn(m) {
		list = append(list, ebtypes.Tag{Key: &k, Value: &v})
	}
	return list
}

func eventTagsOf(ctx context.Context, client *eventbridge.Client, arn *string) (map[string]string, error) {
	out, err := client.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: arn})
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, t := range out.Tags {
		tags[*t.Key] = *t.Value
	}
	return tags, nil
}

func retagEvents(ctx context.Context, client *eventbridge.Client, arn *string, is, was types.Map) error {
	if is.Equal(was) {
		return nil
	}
	if gone := missingKeys(textsIn(was), textsIn(is)); len(gone) > 0 {
		if _, err := client.UntagResource(ctx, &eventbridge.UntagResourceInput{ResourceARN: arn, TagKeys: gone}); err != nil {
			return err
		}
	}
	tags := eventTags(is)
	if len(tags) == 0 {
		return nil
	}
	_, err := client.TagResource(ctx, &eventbridge.TagResourceInput{ResourceARN: arn, Tags: tags})
	return err
}

// busAttribute is the bus of something, the default one where it is not given.
func busAttribute() schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(defaultBus), MarkdownDescription: "Name or ARN of the bus, `default` by default. A change replaces.",
		PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}}
}

// onBus is an id: of something on the default bus its own name, on another BUS and the name after the separator.
func onBus(bus types.String, separator, name string) string {
	if b := bus.ValueString(); b != "" && b != defaultBus {
		return b + separator + name
	}
	return name
}

// cutBus is the bus of an import id, and the rest.
func cutBus(id string, most int) (bus string, rest []string) {
	parts := strings.Split(id, "/")
	if len(parts) > most && parts[0] != "" {
		return strings.Join(parts[:len(parts)-most], "/"), parts[len(parts)-most:]
	}
	return defaultBus, parts
}

type eventBusPolicyModel struct {
	ID     types.String `tfsdk:"id"`
	Region types.String `tfsdk:"region"`
	Bus    types.String `tfsdk:"event_bus_name"`
	Policy fwtypes.JSON `tfsdk:"policy"`
}

func newEventBusPolicyResource() resource.Resource {
	put := func(ctx context.Context, b *resourceBase, m *eventBusPolicyModel) error {
		_, err := b.clients.EventBridge(m.Region.ValueString()).PutPermission(ctx, &eventbridge.PutPermissionInput{EventBusName: m.Bus.ValueStringPointer(), Policy: m.Policy.ValueStringPointer()})
		return err
	}
	return &importedBy[eventBusPolicyModel]{want: "BUS", parse: func(id string) map[string]string { return map[string]string{"event_bus_name": id} }, kept: kept[eventBusPolicyModel]{
		typ: "cloudwatch_event_bus_policy", noun: "the policy of the event bus", label: func(m *eventBusPolicyModel) string { return m.Bus.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{
				MarkdownDescription: "The whole policy of an event bus: which other accounts may put events on it. Use either this or `lambdasim_cloudwatch_event_permission`.",
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("The bus's name."), "region": regionAttribute(), "event_bus_name": busAttribute(),
					"policy": schema.StringAttribute{CustomType: fwtypes.JSONType{}, Required: true, MarkdownDescription: "The policy, JSON."},
				},
			}
		},
		create: put,
		update: func(ctx context.Context, b *resourceBase, m, _ *eventBusPolicyModel) error { return put(ctx, b, m) },
		read: func(ctx context.Context, b *resourceBase, m *eventBusPolicyModel) error {
			m.Region = b.regionOf(m.Region)
			text, err := busPolicy(ctx, b.clients.EventBridge(m.Region.ValueString()), m.Bus)
			m.ID, m.Policy = m.Bus, fwtypes.JSONValue(text)
			return err
		},
		remove: func(ctx context.Context, b *resourceBase, m *eventBusPolicyModel) error {
			_, err := b.clients.EventBridge(m.Region.ValueString()).RemovePermission(ctx, &eventbridge.RemovePermissionInput{EventBusName: m.Bus.ValueStringPointer(), RemoveAllPermissions: true})
			return err
		},
		plan: planRegionAlone,
	}}
}

// busPolicy is a bus's policy; errGone where it has none.
func busPolicy(ctx context.Context, client *eventbridge.Client, bus types.String) (string, error) {
	out, err := client.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: bus.ValueStringPointer()})
	if err != nil {
		return "", err
	}
	if out.Policy == nil {
		return "", errGone
	}
	return *out.Policy, nil
}
