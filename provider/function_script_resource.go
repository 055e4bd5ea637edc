package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// functionScriptModel is lambdasim_function_script in configuration, plan and state.
type functionScriptModel struct {
	ID           types.String      `tfsdk:"id"`
	Region       types.String      `tfsdk:"region"`
	FunctionName types.String      `tfsdk:"function_name"`
	Outcomes     []scriptedOutcome `tfsdk:"outcomes"`
	Cases        []scriptedCase    `tfsdk:"cases"`
	Per          types.String      `tfsdk:"per"`
}

// newFunctionScriptResource is how a function answers in place of its code. It goes through the simulator's own API.
func newFunctionScriptResource() resource.Resource {
	return &importedBy[functionScriptModel]{want: "a function's name", parse: functionScriptID, kept: kept[functionScriptModel]{
		typ: "function_script", noun: "the script of the function", label: func(m *functionScriptModel) string { return m.FunctionName.ValueString() },
		schema: functionScriptSchema, create: putFunctionScript, read: readFunctionScript,
		update: func(ctx context.Context, b *resourceBase, m, _ *functionScriptModel) error {
			return putFunctionScript(ctx, b, m)
		},
		remove: func(ctx context.Context, b *resourceBase, m *functionScriptModel) error {
			arn, err := b.functionARN(ctx, m.FunctionName, m.Region)
			if err == nil {
				err = b.clients.Control.DeleteScript(ctx, arn)
			}
			return goneIfUndescribed(err)
		},
		plan: planRegionAlone,
	}}
}

func functionScriptSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "How a function answers in place of its code: what it returns, how often it fails and with what, what it logs, and how long it takes on the simulator's clock. For tests of what is around a function: retries, destinations, batches. " +
			"The script is gone with the function, and its code runs again when the script is destroyed.",
		Attributes: map[string]schema.Attribute{
			"id":            idAttribute("The function's name."),
			"region":        regionAttribute(),
			"function_name": functionNameAttribute("Name or ARN of the function. Another function replaces the script."),
			"outcomes":      outcomesAttribute("How attempts end, in order; the last one repeats. Not empty."),
			"cases": schema.ListNestedAttribute{Optional: true, MarkdownDescription: "Outcomes of events that contain a piece of JSON. The first case that fits is used, `outcomes` where none does.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"event": schema.StringAttribute{Required: true, Validators: []validator.String{jsonText{}},
						MarkdownDescription: "JSON that the event contains: every member of an object, every item of an array."},
					"outcomes": outcomesAttribute("How attempts at such events end, in order; the last one repeats. Not empty."),
				}}},
			"per": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(control.PerAttempt), MarkdownDescription: "What outcomes are counted by: `attempt` (the default) at each event, or `invocation` since the script was given.",
				Validators: []validator.String{stringvalidator.OneOf(control.PerAttempt, control.PerInvocation)}},
		},
	}
}

// outcomesAttribute is a list of outcomes. What contradicts itself in one is refused by the backend.
func outcomesAttribute(description string) schema.ListNestedAttribute {
	beside := path.MatchRelative().AtParent()
	return schema.ListNestedAttribute{Required: true, MarkdownDescription: description, Validators: []validator.List{listvalidator.SizeAtLeast(1)},
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"payload": schema.StringAttribute{Optional: true, MarkdownDescription: "What the function returns, JSON; `null` by default.",
				Validators: []validator.String{jsonText{}, stringvalidator.ConflictsWith(beside.AtName("error_type"))}},
			"error_type": schema.StringAttribute{Optional: true, MarkdownDescription: "The attempt fails with an error of this type.", Validators: []validator.String{stringvalidator.LengthAtLeast(1)}},
			"error_message": schema.StringAttribute{Optional: true, MarkdownDescription: "The error's message.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1), stringvalidator.AlsoRequires(beside.AtName("error_type"))}},
			"duration": schema.StringAttribute{Optional: true, MarkdownDescription: "How long it takes on the simulator's clock: `1.5s`. Nothing by default. An attempt that takes longer than the function's timeout times out.",
				Validators: []validator.String{durationText{}}},
			"log":  schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Lines that it logs."},
			"echo": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether it returns its event. `false` by default."},
		}}}
}

func functionScriptID(id string) map[string]string {
	if functionNameForm.FindString(id) == "" {
		return nil
	}
	return map[string]string{"function_name": id}
}

// functionARN is the ARN of a function that is named or given by its ARN: the simulator's own API takes a name for one of its
// default account and region.
func (b *resourceBase) functionARN(ctx context.Context, name, region types.String) (string, error) {
	m := functionNameForm.FindStringSubmatch(name.ValueString())
	if m == nil || m[1] != "" {
		return name.ValueString(), nil
	}
	account, err := b.clients.Account(ctx)
	return "arn:aws:lambda:" + or(region, b.clients.Region) + ":" + account + ":function:" + m[5], err
}

func goneIfUndescribed(err error) error {
	if isUndescribed(err) {
		return errGone
	}
	return err
}

func putFunctionScript(ctx context.Context, b *resourceBase, m *functionScriptModel) error {
	arn, err := b.functionARN(ctx, m.FunctionName, m.Region)
	if err != nil {
		return err
	}
	return b.clients.Control.PutScript(ctx, arn, m.script())
}

func readFunctionScript(ctx context.Context, b *resourceBase, m *functionScriptModel) error {
	m.Region = b.regionOf(m.Region)
	arn, err := b.functionARN(ctx, m.FunctionName, m.Region)
	if err != nil {
		return err
	}
	s, err := b.clients.Control.GetScript(ctx, arn)
	if err != nil {
		return goneIfUndescribed(err)
	}
	if m.ID.ValueString() == "" {
		m.ID = types.StringValue(functionNameForm.FindStringSubmatch(arn)[5])
	}
	m.take(s)
	return nil
}
