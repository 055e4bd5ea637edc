package provider

import (
	"context"
	"encoding/json"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type eventPermissionModel struct {
	ID          types.String         `tfsdk:"id"`
	Region      types.String         `tfsdk:"region"`
	Action      types.String         `tfsdk:"action"`
	Condition   []eventConditionData `tfsdk:"condition"`
	Bus         types.String         `tfsdk:"event_bus_name"`
	Principal   types.String         `tfsdk:"principal"`
	StatementID types.String         `tfsdk:"statement_id"`
}

type eventConditionData struct {
	Key   types.String `tfsdk:"key"`
	Type  types.String `tfsdk:"type"`
	Value types.String `tfsdk:"value"`
}

var principalAccount = regexp.MustCompile(`^arn:aws:iam::(\d{12}):root$`)

func newEventPermissionResource() resource.Resource {
	return &importedBy[eventPermissionModel]{want: "STATEMENT_ID or BUS/STATEMENT_ID", parse: func(id string) map[string]string {
		bus, rest := cutBus(id, 1)
		return map[string]string{"event_bus_name": bus, "statement_id": rest[0]}
	}, kept: kept[eventPermissionModel]{
		typ: "cloudwatch_event_permission", noun: "the permission", label: func(m *eventPermissionModel) string { return m.StatementID.ValueString() },
		schema: func() schema.Schema {
			needed := func(description string, values ...string) schema.StringAttribute {
				return schema.StringAttribute{Required: true, MarkdownDescription: description, Validators: []validator.String{stringvalidator.OneOf(values...)}}
			}
			return schema.Schema{
				MarkdownDescription: "One statement of the policy of an event bus: another account, or all of an organization, may put events on it.",
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("The statement's id, after the bus and a slash where that is not the default one."), "region": regionAttribute(), "event_bus_name": busAttribute(),
					"action":       schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("events:PutEvents"), MarkdownDescription: "`events:PutEvents`."},
					"principal":    schema.StringAttribute{Required: true, MarkdownDescription: "Account of twelve digits, or `*`."},
					"statement_id": requiredOnce("Id of the statement."),
				},
				Blocks: map[string]schema.Block{"condition": block("Limits the statement to an organization.", map[string]schema.Attribute{
					"key": needed("`aws:PrincipalOrgID`.", "aws:PrincipalOrgID"), "type": needed("`StringEquals`.", "StringEquals"),
					"value": schema.StringAttribute{Required: true, MarkdownDescription: "The organization's id."}}, nil)},
			}
		},
		create: putEventPermission, read: readEventPermission,
		update: func(ctx context.Context, b *resourceBase, m, _ *eventPermissionModel) error {
			return putEventPermission(ctx, b, m)
		},
		remove: func(ctx context.Context, b *resourceBase, m *eventPermissionModel) error {
			_, err := b.clients.EventBridge(m.Region.ValueString()).RemovePermission(ctx, &eventbridge.RemovePermissionInput{EventBusName: m.Bus.ValueStringPointer(), StatementId: m.StatementID.ValueStringPointer()})
			return err
		},
		plan: planRegionAlone,
	}}
}

func putEventPermission(ctx context.Context, b *resourceBase, m *eventPermissionModel) error {
	in := &eventbridge.PutPermissionInput{EventBusName: m.Bus.ValueStringPointer(), Action: m.Action.ValueStringPointer(), Principal: m.Principal.ValueStringPointer(), StatementId: m.StatementID.ValueStringPointer()}
	for _, c := range m.Condition {
		in.Condition = &ebtypes.Condition{Key: c.Key.ValueStringPointer(), Type: c.Type.ValueStringPointer(), Value: c.Value.ValueStringPointer()}
	}
	_, err := b.clients.EventBridge(m.Region.ValueString()).PutPermission(ctx, in)
	return err
}

func readEventPermission(ctx context.Context, b *resourceBase, m *eventPermissionModel) error {
	m.Region = b.regionOf(m.Region)
	text, err := busPolicy(ctx, b.clients.EventBridge(m.Region.ValueString()), m.Bus)
	if err != nil {
		return err
	}
	var document struct {
		Statement []struct {
			Sid       string
			Principal any
			Action    string
			Condition map[string]map[string]string
		}
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return err
	}
	for _, s := range document.Statement {
		if s.Sid != m.StatementID.ValueString() {
			continue
		}
		m.ID, m.Action, m.Condition = types.StringValue(onBus(m.Bus, "/", s.Sid)), types.StringValue(s.Action), nil
		switch p := s.Principal.(type) {
		case string:
			m.Principal = types.StringValue(p)
		case map[string]any:
			if a, ok := p["AWS"].(string); ok {
				m.Principal = types.StringValue(principalAccount.ReplaceAllString(a, "$1"))
			}
		}
		for kind, keys := range s.Condition {
			for key, value := range keys {
				m.Condition = append(m.Condition, eventConditionData{Key: types.StringValue(key), Type: types.StringValue(kind), Value: types.StringValue(value)})
			}
		}
		return nil
	}
	return errGone
}
