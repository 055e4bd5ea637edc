package provider

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Types of the AWS provider that the simulator does not have. Modules name them in blocks whose count is 0 (an alias that is
// optional, a layer that nobody asked for), and Terraform refuses a module with a type that its provider does not know,
// whatever the count. So drop-in mode knows them: their schema is the AWS provider's, and whoever plans one, or reads one, is
// told by name that it is not simulated. Nothing of them is ever made.

// refusedTypes are the names of the types of the AWS provider that are known and not served, of resources or of data sources.
func refusedTypes(servedTypes []string, data bool) (list []string) {
	all, _ := awsRows()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		bare, isData := strings.CutPrefix(name, "data ")
		if isData == data && !slices.Contains(servedTypes, bare) {
			list = append(list, bare)
		}
	}
	return list
}

func refuseType(name string, diags *diag.Diagnostics) {
	diags.AddError(name+" is not simulated", "lambdasim does not have this type yet, and does not pretend to. A block of it whose count is 0 is taken; docs/dropin.md says what is there.")
}

type refusedResource struct{ name string }

var _ resource.ResourceWithModifyPlan = &refusedResource{}

// Metadata names the type.
func (r *refusedResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.name
}

// Schema is made of the AWS provider's rows.
func (r *refusedResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	all, _ := awsRows()
	attributes, blocks := members(all[r.name], "")
	attributes["id"] = schema.StringAttribute{Computed: true}
	if _, global := attributes["region"]; !global {
		attributes["region"] = schema.StringAttribute{Optional: true, Computed: true}
	}
	limits := map[string]schema.Attribute{}
	for _, operation := range []string{"create", "read", "update", "delete"} {
		limits[operation] = schema.StringAttribute{Optional: true}
	}
	blocks["timeouts"] = schema.SingleNestedBlock{Attributes: limits}
	resp.Schema = schema.Schema{MarkdownDescription: notSimulated, Attributes: attributes, Blocks: blocks}
}

// members are the attributes and blocks below a path ("" or "cors.").
func members(rows map[string]row, below string) (map[string]schema.Attribute, map[string]schema.Block) {
	attributes, blocks := map[string]schema.Attribute{}, map[string]schema.Block{}
	for path, r := range rows {
		name, ok := strings.CutPrefix(path, below)
		if !ok || strings.Contains(name, ".") {
			continue
		}
		if r.kind == "list(block)" || r.kind == "set(block)" {
			a, b := members(rows, path+".")
			blocks[name] = schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: a, Blocks: b}}
			continue
		}
		attributes[name] = r.attribute()
	}
	return attributes, blocks
}

func (r row) attribute() schema.Attribute {
	required, optional, computed := r.mode == "R", r.mode == "O" || r.mode == "OC", r.mode == "C" || r.mode == "OC"
	kind, element, nested := strings.Cut(strings.TrimSuffix(r.kind, ")"), "(")
	if nested && kind != "string" {
		switch of := elementTypes[element]; kind {
		case "map":
			return schema.MapAttribute{ElementType: of, Required: required, Optional: optional, Computed: computed}
		case "set":
			return schema.SetAttribute{ElementType: of, Required: required, Optional: optional, Computed: computed}
		default:
			return schema.ListAttribute{ElementType: of, Required: required, Optional: optional, Computed: computed}
		}
	}
	switch kind {
	case "bool":
		return schema.BoolAttribute{Required: required, Optional: optional, Computed: computed}
	case "int", "float":
		return schema.NumberAttribute{Required: required, Optional: optional, Computed: computed}
	}
	return schema.StringAttribute{Required: required, Optional: optional, Computed: computed}
}

var elementTypes = map[string]attr.Type{"string": types.StringType, "int": types.NumberType, "float": types.NumberType, "bool": types.BoolType}

// ModifyPlan refuses to plan one.
func (r *refusedResource) ModifyPlan(_ context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if !req.Plan.Raw.IsNull() {
		refuseType(r.name, &resp.Diagnostics)
	}
}

// Create is never reached: what cannot be planned is not made. So are the others.
func (r *refusedResource) Create(_ context.Context, _ resource.CreateRequest, resp *resource.CreateResponse) {
	refuseType(r.name, &resp.Diagnostics)
}

// Read refuses, where an import would reach it.
func (r *refusedResource) Read(_ context.Context, _ resource.ReadRequest, resp *resource.ReadResponse) {
	refuseType(r.name, &resp.Diagnostics)
}

// Update refuses.
func (r *refusedResource) Update(_ context.Context, _ resource.UpdateRequest, resp *resource.UpdateResponse) {
	refuseType(r.name, &resp.Diagnostics)
}

// Delete refuses.
func (r *refusedResource) Delete(_ context.Context, _ resource.DeleteRequest, resp *resource.DeleteResponse) {
	refuseType(r.name, &resp.Diagnostics)
}

type refusedDataSource struct{ name string }

// Metadata names the type.
func (d *refusedDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = d.name
}

// Schema is made of the AWS provider's rows. Those of data sources have attributes alone; a computed block is a list of
// objects.
func (d *refusedDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	all, _ := awsRows()
	attributes := map[string]dataschema.Attribute{"id": dataschema.StringAttribute{Computed: true}, "region": dataschema.StringAttribute{Optional: true, Computed: true}}
	for path, r := range all["data "+d.name] {
		if strings.Contains(path, ".") {
			continue
		}
		if strings.HasSuffix(r.kind, "(block)") {
			attributes[path] = dataschema.ListAttribute{ElementType: types.ObjectType{AttrTypes: objectOf(all["data "+d.name], path+".")}, Computed: true}
			continue
		}
		required, optional, computed := r.mode == "R", r.mode == "O" || r.mode == "OC", r.mode == "C" || r.mode == "OC"
		switch kind := typeOf(r.kind).(type) {
		case types.MapType:
			attributes[path] = dataschema.MapAttribute{ElementType: kind.ElemType, Required: required, Optional: optional, Computed: computed}
		case types.ListType:
			attributes[path] = dataschema.ListAttribute{ElementType: kind.ElemType, Required: required, Optional: optional, Computed: computed}
		case types.SetType:
			attributes[path] = dataschema.SetAttribute{ElementType: kind.ElemType, Required: required, Optional: optional, Computed: computed}
		default:
			attributes[path] = dataSourceScalar(r.kind, required, optional, computed)
		}
	}
	resp.Schema = dataschema.Schema{MarkdownDescription: notSimulated, Attributes: attributes}
}

func dataSourceScalar(kind string, required, optional, computed bool) dataschema.Attribute {
	switch kind {
	case "bool":
		return dataschema.BoolAttribute{Required: required, Optional: optional, Computed: computed}
	case "int", "float":
		return dataschema.NumberAttribute{Required: required, Optional: optional, Computed: computed}
	}
	return dataschema.StringAttribute{Required: required, Optional: optional, Computed: computed}
}

// objectOf is the object of a computed block.
func objectOf(rows map[string]row, below string) map[string]attr.Type {
	fields := map[string]attr.Type{}
	for path, r := range rows {
		name, ok := strings.CutPrefix(path, below)
		if !ok || strings.Contains(name, ".") {
			continue
		}
		if strings.HasSuffix(r.kind, "(block)") {
			fields[name] = types.ListType{ElemType: types.ObjectType{AttrTypes: objectOf(rows, path+".")}}
			continue
		}
		fields[name] = typeOf(r.kind)
	}
	return fields
}

// typeOf is the type that a row names.
func typeOf(name string) attr.Type {
	kind, element, nested := strings.Cut(strings.TrimSuffix(name, ")"), "(")
	if !nested || kind == "string" {
		if t, ok := elementTypes[kind]; ok {
			return t
		}
		return types.StringType
	}
	switch of := elementTypes[element]; kind {
	case "map":
		return types.MapType{ElemType: of}
	case "set":
		return types.SetType{ElemType: of}
	default:
		return types.ListType{ElemType: of}
	}
}

// Read refuses.
func (d *refusedDataSource) Read(_ context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	refuseType(d.name, &resp.Diagnostics)
}
