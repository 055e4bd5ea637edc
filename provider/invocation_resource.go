package provider

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The scopes of an invocation: once, or at each step of the resource's life.
const (
	createOnly = "CREATE_ONLY"
	everyStep  = "CRUD"
)

// keptInvocationModel is the resource lambdasim_invocation in configuration, plan and state.
type keptInvocationModel struct {
	ID             types.String `tfsdk:"id"`
	Region         types.String `tfsdk:"region"`
	FunctionName   types.String `tfsdk:"function_name"`
	Input          types.String `tfsdk:"input"`
	LifecycleScope types.String `tfsdk:"lifecycle_scope"`
	Qualifier      types.String `tfsdk:"qualifier"`
	Result         types.String `tfsdk:"result"`
	TenantID       types.String `tfsdk:"tenant_id"`
	TerraformKey   types.String `tfsdk:"terraform_key"`
	Triggers       types.Map    `tfsdk:"triggers"`
}

var invocationRefused = []refused{{name: "tenant_id"}}

func newInvocationResource() resource.Resource {
	return &importedBy[keptInvocationModel]{want: "NAME,QUALIFIER,MD5", parse: invocationID, kept: kept[keptInvocationModel]{
		typ: "lambda_invocation", noun: "an invocation of the function", label: func(m *keptInvocationModel) string { return m.FunctionName.ValueString() },
		schema: invocationSchema, refused: invocationRefused, plan: planInvocation,
		create: func(ctx context.Context, b *resourceBase, m *keptInvocationModel) error {
			return m.invoke(ctx, b, "create", types.StringNull())
		},
		read: func(_ context.Context, b *resourceBase, m *keptInvocationModel) error { // what was answered stays so
			m.Region = b.regionOf(m.Region)
			return nil
		},
		update: func(ctx context.Context, b *resourceBase, m, was *keptInvocationModel) error {
			return m.invoke(ctx, b, "update", was.Input)
		},
		remove: func(ctx context.Context, b *resourceBase, m *keptInvocationModel) error {
			if m.LifecycleScope.ValueString() != everyStep {
				return nil
			}
			return m.invoke(ctx, b, "delete", m.Input)
		},
	}}
}

func invocationSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Invokes a function synchronously, as the provider's caller, when the resource is created; with `lifecycle_scope = \"CRUD\"` also when it is updated and destroyed. A function error is an error of the apply.",
		Attributes: map[string]schema.Attribute{
			"id":            schema.StringAttribute{Computed: true, MarkdownDescription: "Name, qualifier and MD5 hash of what was sent, with commas between them."},
			"region":        regionAttribute(),
			"function_name": once(true, "Name or ARN of the function. A change replaces the invocation."),
			"input": schema.StringAttribute{Required: true, MarkdownDescription: "The event, JSON; an object with `CRUD`. A change invokes again: in place with `CRUD`, by replacing the resource without.",
				Validators: []validator.String{jsonText{}}},
			"lifecycle_scope": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(createOnly), Validators: []validator.String{stringvalidator.OneOf(createOnly, everyStep)},
				MarkdownDescription: "`CREATE_ONLY` (the default), or `CRUD`: the function is invoked at each step, and its event says at which: under `terraform_key` it has `action` (`create`, `update` or `delete`) and `prev_input`."},
			"qualifier": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("$LATEST"), MarkdownDescription: "Version or alias; `$LATEST` by default. A change replaces the invocation.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"result":        schema.StringAttribute{Computed: true, MarkdownDescription: "What the function answered."},
			"tenant_id":     text(false),
			"terraform_key": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("tf"), MarkdownDescription: "The member of the event that says at which step it is, with `CRUD`; `tf` by default."},
			"triggers": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Any texts: a change replaces the invocation.",
				PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplace()}},
		},
	}
}

var invocationForm = regexp.MustCompile(`^(.+),(\$LATEST|\d+),[0-9a-f]{32}$`)

func invocationID(id string) map[string]string {
	m := invocationForm.FindStringSubmatch(id)
	if m == nil {
		return nil
	}
	return map[string]string{"id": id, "function_name": m[1], "qualifier": m[2]}
}

// planInvocation replaces where the input changes and only the creation invokes, and holds the input of CRUD to an object.
func planInvocation(ctx context.Context, b *resourceBase, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	b.planRegion(ctx, req, resp)
	var m, was keptInvocationModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &m)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	}
	switch {
	case resp.Diagnostics.HasError() || m.LifecycleScope.IsUnknown():
	case m.LifecycleScope.ValueString() == createOnly && !req.State.Raw.IsNull() && !m.Input.Equal(was.Input):
		resp.RequiresReplace.Append(path.Root("input"))
	case m.LifecycleScope.ValueString() == everyStep && !m.Input.IsUnknown():
		if _, err := objectIn(m.Input); err != nil {
			resp.Diagnostics.AddAttributeError(path.Root("input"), "lifecycle_scope CRUD needs an object", err.Error())
		}
	}
}

// objectIn is the JSON object in a text; nil where the text is null.
func objectIn(text types.String) (object map[string]json.RawMessage, err error) {
	if text.IsNull() {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text.ValueString()), &object); err != nil || object == nil {
		return nil, errors.New("the input must be a JSON object: it is given a member that says at which step the function is invoked")
	}
	return object, nil
}

// event is what the function is sent.
func (m *keptInvocationModel) event(action string, was types.String) ([]byte, error) {
	if m.LifecycleScope.ValueString() != everyStep {
		return []byte(m.Input.ValueString()), nil
	}
	event, err := objectIn(m.Input)
	if err != nil {
		return nil, err
	}
	before, _ := objectIn(was) // an input that was no object is none: it was sent without CRUD
	step, err := json.Marshal(map[string]any{"action": action, "prev_input": before})
	if err != nil {
		return nil, err
	}
	event[m.TerraformKey.ValueString()] = step
	return json.Marshal(event)
}

// invoke sends the event, and takes the answer.
func (m *keptInvocationModel) invoke(ctx context.Context, b *resourceBase, action string, was types.String) error {
	event, err := m.event(action, was)
	if err != nil {
		return err
	}
	out, err := b.clients.Lambda(m.Region.ValueString()).Invoke(ctx, &lambda.InvokeInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: m.Qualifier.ValueStringPointer(), Payload: event})
	if err != nil {
		return err
	}
	if aws.ToString(out.FunctionError) != "" {
		return fmt.Errorf("the function failed: %s", out.Payload)
	}
	m.ID = types.StringValue(strings.Join([]string{m.FunctionName.ValueString(), m.Qualifier.ValueString(), fmt.Sprintf("%x", md5.Sum(event))}, ","))
	m.Result = types.StringValue(string(out.Payload))
	return nil
}
