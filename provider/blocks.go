package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// block is a nested block that may be given once.
func block(description string, attributes map[string]schema.Attribute, nested map[string]schema.Block) schema.ListNestedBlock {
	return schema.ListNestedBlock{MarkdownDescription: description, Validators: []validator.List{listvalidator.SizeAtMost(1)},
		NestedObject: schema.NestedBlockObject{Attributes: attributes, Blocks: nested}}
}

// replacing is block where a change replaces the resource.
func replacing(description string, attributes map[string]schema.Attribute, nested map[string]schema.Block) schema.ListNestedBlock {
	b := block(description, attributes, nested)
	b.PlanModifiers = []planmodifier.List{listplanmodifier.RequiresReplace()}
	return b
}

// computedBlock is a block that the simulator fills in where it is not given. It is an attribute of objects: Terraform
// admits block syntax for it, and, unlike a block, lets the provider compute it.
func computedBlock(description string, fields map[string]attr.Type) schema.ListAttribute {
	return schema.ListAttribute{MarkdownDescription: description, Optional: true, Computed: true, ElementType: types.ObjectType{AttrTypes: fields},
		Validators: []validator.List{listvalidator.SizeAtMost(1)}, PlanModifiers: []planmodifier.List{listplanmodifier.UseStateForUnknown()}}
}

// Attributes of blocks that are refused as a whole: they are here so that a module that has them is told so by name.

func text(required bool) schema.StringAttribute {
	return schema.StringAttribute{Required: required, Optional: !required, MarkdownDescription: notSimulated}
}

func number() schema.Int64Attribute {
	return schema.Int64Attribute{Optional: true, MarkdownDescription: notSimulated}
}

func requiredNumber() schema.Int64Attribute {
	return schema.Int64Attribute{Required: true, MarkdownDescription: notSimulated}
}

func boolean() schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, MarkdownDescription: notSimulated}
}

func computedText() schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: notSimulated}
}

func texts(required bool) schema.SetAttribute {
	return schema.SetAttribute{ElementType: types.StringType, Required: required, Optional: !required, MarkdownDescription: notSimulated}
}

func textList() schema.ListAttribute {
	return schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: notSimulated}
}

// notSimulated describes an argument that is refused.
const notSimulated = "Not simulated: refused by name when it is planned."
