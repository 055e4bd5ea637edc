package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type timeAdvanceModel struct {
	ID       types.String `tfsdk:"id"`
	By       types.String `tfsdk:"by"`
	Now      types.String `tfsdk:"now"`
	Ran      types.Int64  `tfsdk:"ran"`
	Triggers types.Map    `tfsdk:"triggers"`
}

// newTimeAdvanceResource is a step of the simulator's clock. It goes through the simulator's own API.
func newTimeAdvanceResource() resource.Resource {
	stays := func(context.Context, *resourceBase, *timeAdvanceModel) error { return nil } // time that has passed does not come back
	return &kept[timeAdvanceModel]{
		typ: "time_advance", noun: "a step of the simulator's clock:", label: func(m *timeAdvanceModel) string { return m.By.ValueString() },
		schema: timeAdvanceSchema, read: stays, remove: stays,
		create: func(ctx context.Context, b *resourceBase, m *timeAdvanceModel) error {
			by, err := time.ParseDuration(m.By.ValueString())
			if err != nil {
				return err
			}
			out, err := b.clients.Control.AdvanceBy(ctx, by)
			if err != nil {
				return err
			}
			m.Now, m.Ran = types.StringValue(out.Now.UTC().Format(time.RFC3339Nano)), types.Int64Value(int64(out.Ran))
			m.ID = m.Now
			return nil
		},
	}
}

func timeAdvanceSchema() schema.Schema {
	by := once(true, "How far: `90s`, `6h`. A change moves the clock again, by the new duration.")
	by.Validators = []validator.String{durationText{}}
	return schema.Schema{
		MarkdownDescription: "Moves the simulator's virtual clock when it is created, and returns once everything that fell due has run: retries, polls, batching windows, expiry. A clock that is not virtual cannot be moved: start the backend with `--clock virtual`. " +
			"Destroying it does nothing. What must have happened before is named in `depends_on`.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The simulator's time after the step."), "by": by,
			"now": idAttribute("The simulator's time after the step, RFC 3339."),
			"ran": schema.Int64Attribute{Computed: true, MarkdownDescription: "How many items fell due and ran.", PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}},
			"triggers": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Any texts: a change moves the clock again.",
				PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplace()}},
		},
	}
}
