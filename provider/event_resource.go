package provider

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type eventResource struct{ happening }

func newEventResource() resource.Resource { return &eventResource{} }

var (
	_ resource.ResourceWithConfigure  = &eventResource{}
	_ resource.ResourceWithModifyPlan = &eventResource{}
)

type eventModel struct {
	ID            types.String `tfsdk:"id"`
	Region        types.String `tfsdk:"region"`
	Service       types.String `tfsdk:"service"`
	SourceARN     types.String `tfsdk:"source_arn"`
	SourceAccount types.String `tfsdk:"source_account"`
	FunctionName  types.String `tfsdk:"function_name"`
	Event         fwtypes.JSON `tfsdk:"event"`
	Outcome       types.String `tfsdk:"outcome"`
	Payload       types.String `tfsdk:"payload"`
}

// Metadata names the type.
func (r *eventResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_event"
}

// Schema describes lambdasim_event.
func (r *eventResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An event that a service without an API here (SES, Config, IoT, Lex, …) publishes to a function when the resource is created, and again when an argument changes. " +
			"The function's policy is asked as that service would ask it, and the event is delivered in the mode that AWS has fixed for that service. A refusal is an outcome, not an error.",
		Attributes: map[string]schema.Attribute{
			"id": result("Id of the delivery."), "region": regionAttribute(),
			"service":        once(true, "The service, as in its principal: `ses` for `ses.amazonaws.com`."),
			"source_arn":     once(false, "ARN of what publishes: `aws:SourceArn`."),
			"source_account": once(false, "Account of what publishes: `aws:SourceAccount`; the backend's default account by default."),
			"function_name":  once(true, "Name or ARN of the function."),
			"event": schema.StringAttribute{CustomType: fwtypes.JSONType{}, Required: true, MarkdownDescription: "The event, JSON, as that service sends it.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"outcome": result("`denied`, `delivered` or `failed` where the service waits; `pending` or what came of it at once where it does not: lambdasim_deliveries says what came of it."),
			"payload": result("What the function answered, where the service waits; empty otherwise."),
		},
	}
}

// Create publishes the event.
func (r *eventResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m eventModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.Control.Publish(ctx, control.Event{Service: m.Service.ValueString(), SourceARN: m.SourceARN.ValueString(),
		SourceAccount: m.SourceAccount.ValueString(), FunctionName: m.FunctionName.ValueString(), Event: json.RawMessage(m.Event.ValueString())})
	if err != nil {
		addError(&resp.Diagnostics, "Publishing an event of", m.Service.ValueString(), err)
		return
	}
	m.ID, m.Outcome, m.Payload = types.StringValue(strconv.FormatInt(out.Delivery.ID, 10)), types.StringValue(out.Delivery.Outcome), types.StringValue(string(out.Payload))
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
