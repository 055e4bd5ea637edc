package provider

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type busEventResource struct{ happening }

func newBusEventResource() resource.Resource { return &busEventResource{} }

var (
	_ resource.ResourceWithConfigure  = &busEventResource{}
	_ resource.ResourceWithModifyPlan = &busEventResource{}
)

type busEventModel struct {
	ID         types.String `tfsdk:"id"`
	Region     types.String `tfsdk:"region"`
	Bus        types.String `tfsdk:"event_bus_name"`
	Source     types.String `tfsdk:"source"`
	DetailType types.String `tfsdk:"detail_type"`
	Detail     types.String `tfsdk:"detail"`
	Resources  types.List   `tfsdk:"resources"`
}

// Metadata names the type.
func (r *busEventResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cloudwatch_event"
}

// Schema describes lambdasim_cloudwatch_event.
func (r *busEventResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An event that is put on a bus of EventBridge when the resource is created, and again when an argument changes: for tests of rules and what they call. Destroying it takes nothing back.",
		Attributes: map[string]schema.Attribute{
			"id": result("Id of the event."), "region": regionAttribute(),
			"event_bus_name": once(false, "Name or ARN of the bus; the default one without it."),
			"source":         once(true, "Who says it, for example `shop`. Names that begin with `aws.` are AWS's own and are refused."),
			"detail_type":    once(true, "What it says, for example `Order`."),
			"detail":         once(true, "The event's content: a JSON object."),
			"resources": schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "ARNs of what the event is about.",
				PlanModifiers: []planmodifier.List{listplanmodifier.RequiresReplace()}},
		},
	}
}

// Create puts the event.
func (r *busEventResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m busEventModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	entry := ebtypes.PutEventsRequestEntry{EventBusName: m.Bus.ValueStringPointer(), Source: m.Source.ValueStringPointer(), DetailType: m.DetailType.ValueStringPointer(), Detail: m.Detail.ValueStringPointer()}
	if !m.Resources.IsNull() {
		resp.Diagnostics.Append(m.Resources.ElementsAs(ctx, &entry.Resources, false)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.EventBridge(m.Region.ValueString()).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{entry}})
	if err == nil && out.FailedEntryCount > 0 { // the call succeeds all the same
		err = errors.New(aws.ToString(out.Entries[0].ErrorCode) + ": " + aws.ToString(out.Entries[0].ErrorMessage))
	}
	if err != nil {
		addError(&resp.Diagnostics, "Putting an event on the bus", m.Bus.ValueString(), err)
		return
	}
	m.ID = types.StringPointerValue(out.Entries[0].EventId)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
