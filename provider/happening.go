package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
)

// happening is embedded by resources that stand for something that has happened (a message was sent, an event was
// published): it happens when the resource is created, and again when an argument changes. There is nothing to read or to
// undo.
type happening struct{ resourceBase }

// ModifyPlan fills in the region.
func (r *happening) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients != nil && !req.Plan.Raw.IsNull() {
		r.planRegion(ctx, req, resp)
	}
}

// Read keeps the state: what has happened stays so.
func (r *happening) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Update is never needed: every argument replaces.
func (r *happening) Update(_ context.Context, _ resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.Diagnostics.AddError("Nothing to update", "This is a defect of the provider: an argument that changes makes it happen again.")
}

// Delete forgets that it happened.
func (r *happening) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// once is an argument whose change makes it happen again.
func once(required bool, description string) schema.StringAttribute {
	return schema.StringAttribute{Required: required, Optional: !required, MarkdownDescription: description, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}}
}

// result is what is known once it has happened.
func result(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
}
