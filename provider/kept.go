package provider

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// kept is a resource whose life is the usual one: it is created and read back; where it is gone it leaves the state; what a
// change does not replace is updated in place and read back; what is gone already counts as deleted. M is its model. A type
// says what is its own: the schema and the calls.
//
// Each call changes the model that it is given, and reports what failed; kept says on what, and to whom. create must leave
// in the model what read needs. A call for something that does not exist returns the API's error, or errGone.
type kept[M any] struct {
	resourceBase

	typ     string // after the provider's prefix, as AWS has it: "iam_group", "lambda_function_url"
	noun    string // in messages: "the group"
	label   func(m *M) string
	schema  func() schema.Schema
	refused []refused

	create func(ctx context.Context, b *resourceBase, m *M) error
	read   func(ctx context.Context, b *resourceBase, m *M) error
	update func(ctx context.Context, b *resourceBase, m, was *M) error // nil where every change replaces
	remove func(ctx context.Context, b *resourceBase, m *M) error

	settle func(m, planned *M) // puts right, after something was read back, what was planned and must stay so
	plan   func(ctx context.Context, b *resourceBase, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse)
}

// errGone says that something does not exist where the API has no error for it: a list that lacks it.
var errGone = errors.New("it does not exist")

func isGone(err error) bool { return errors.Is(err, errGone) || isNotFound(err) }

// Metadata names the type.
func (k *kept[M]) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = typeName(req.ProviderTypeName, k.typ)
}

// Schema describes the type.
func (k *kept[M]) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = k.schema()
}

// ValidateConfig refuses what is not simulated.
func (k *kept[M]) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, k.refused, &resp.Diagnostics)
}

// ModifyPlan fills in what is known when it is planned.
func (k *kept[M]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if k.plan != nil && k.clients != nil && !req.Plan.Raw.IsNull() {
		k.plan(ctx, &k.resourceBase, req, resp)
	}
}

// Create makes the thing and reads it back.
func (k *kept[M]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := k.create(ctx, &k.resourceBase, &m); err != nil {
		addError(&resp.Diagnostics, "Creating "+k.noun, k.label(&m), err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...) // it exists: if it cannot be read now, the state has it all the same
	if err := k.readBack(ctx, &m); err != nil {
		addError(&resp.Diagnostics, "Reading back "+k.noun, k.label(&m), err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (k *kept[M]) readBack(ctx context.Context, m *M) error {
	planned := *m
	err := k.read(ctx, &k.resourceBase, m)
	if err == nil && k.settle != nil {
		k.settle(m, &planned)
	}
	return err
}

// Read refreshes the state; what is gone leaves it.
func (k *kept[M]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m M
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	switch err := k.read(ctx, &k.resourceBase, &m); {
	case isGone(err):
		resp.State.RemoveResource(ctx)
	case err != nil:
		addError(&resp.Diagnostics, "Reading "+k.noun, k.label(&m), err)
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Update changes the thing in place and reads it back.
func (k *kept[M]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if k.update != nil {
		if err := k.update(ctx, &k.resourceBase, &m, &was); err != nil {
			addError(&resp.Diagnostics, "Updating "+k.noun, k.label(&was), err)
			return
		}
	}
	if err := k.readBack(ctx, &m); err != nil {
		addError(&resp.Diagnostics, "Reading back "+k.noun, k.label(&m), err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Delete removes the thing.
func (k *kept[M]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m M
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := k.remove(ctx, &k.resourceBase, &m); err != nil && !isGone(err) {
		addError(&resp.Diagnostics, "Deleting "+k.noun, k.label(&m), err)
	}
}

// imported is kept with an import. Its id is the attributes' values in order, with the separator between them; the last takes
// what is left.
type imported[M any] struct {
	kept[M]

	attributes []string
	separator  string
}

// ImportState takes the id apart, and leaves the rest to Read.
func (i *imported[M]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	parts := []string{req.ID}
	if i.separator != "" {
		parts = strings.SplitN(req.ID, i.separator, len(i.attributes))
	}
	whole := len(parts) == len(i.attributes)
	for _, part := range parts {
		whole = whole && part != ""
	}
	if !whole {
		resp.Diagnostics.AddError("Not an import id", fmt.Sprintf("%q: want %s.", req.ID, strings.ToUpper(strings.Join(i.attributes, i.separator))))
		return
	}
	for n, name := range i.attributes {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), parts[n])...)
	}
}

// importedBy is kept with an import whose id is of a form of its own, or names a region: ID@REGION.
type importedBy[M any] struct {
	kept[M]

	want  string                                         // the form, in messages
	parse func(id string) (attributes map[string]string) // nil where the id is not of the form
}

// ImportState takes the id apart, and leaves the rest to Read.
func (i *importedBy[M]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	req = cutRegion(ctx, req, resp)
	attributes := i.parse(req.ID)
	if attributes == nil {
		resp.Diagnostics.AddError("Not an import id", fmt.Sprintf("%q: want %s.", req.ID, i.want))
	}
	for name, text := range attributes {
		var value any = text
		if a, diags := resp.State.Schema.AttributeAtPath(ctx, path.Root(name)); !diags.HasError() && a.GetType() == types.Int64Type {
			number, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				resp.Diagnostics.AddError("Not an import id", fmt.Sprintf("%q: want %s.", req.ID, i.want))
				return
			}
			value = number
		}
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
}

// planRegionAlone is the plan of a type of which nothing else than the region is known when it is planned.
func planRegionAlone(ctx context.Context, b *resourceBase, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	b.planRegion(ctx, req, resp)
}

// regionOf is the region of a resource that was read: the provider's where the state has none yet.
func (b *resourceBase) regionOf(was types.String) types.String {
	return types.StringValue(or(was, b.clients.Region))
}
