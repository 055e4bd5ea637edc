package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// attribute is what attributes of resources and of data sources have in common.
type attribute interface {
	GetType() attr.Type
	IsRequired() bool
	IsOptional() bool
	IsComputed() bool
	IsSensitive() bool
}

// add writes the rows of an attribute, and of the members of a computed block.
func add(path string, a attribute, rows map[string]row) {
	mode := ""
	switch {
	case a.IsRequired():
		mode = "R"
	case a.IsOptional() && a.IsComputed():
		mode = "OC"
	case a.IsOptional():
		mode = "O"
	case a.IsComputed():
		mode = "C"
	}
	r := row{kind: kindOf(a.GetType()), mode: mode, sensitive: a.IsSensitive()}
	r.replaces, r.def = modifiers(a)
	rows[path] = r
	addMembers(path, a.GetType(), rows)
}

// addMembers writes rows for the members of an object: they have a type, and no mode of their own.
func addMembers(path string, t attr.Type, rows map[string]row) {
	if c, ok := t.(attr.TypeWithElementType); ok {
		t = c.ElementType()
	}
	o, ok := t.(attr.TypeWithAttributeTypes)
	if !ok {
		return
	}
	for name, member := range o.AttributeTypes() {
		rows[path+"."+name] = row{kind: kindOf(member)}
		addMembers(path+"."+name, member, rows)
	}
}

// kindOf names a type as the AWS provider's schema does.
func kindOf(t attr.Type) string {
	element := func() string {
		c, ok := t.(attr.TypeWithElementType)
		if !ok {
			return ""
		}
		if _, object := c.ElementType().(attr.TypeWithAttributeTypes); object {
			return "block"
		}
		return kindOf(c.ElementType())
	}
	switch t.(type) {
	case basetypes.ListTypable:
		return "list(" + element() + ")"
	case basetypes.SetTypable:
		return "set(" + element() + ")"
	case basetypes.MapTypable:
		return "map(" + element() + ")"
	case basetypes.Int64Typable, basetypes.Int32Typable:
		return "int"
	case basetypes.Float64Typable, basetypes.NumberTypable:
		return "float"
	case basetypes.BoolTypable:
		return "bool"
	case basetypes.StringTypable:
		return "string"
	}
	return fmt.Sprint(t)
}

// modifiers says whether a change of an attribute replaces the resource, and its default.
func modifiers(a any) (replaces bool, def string) {
	ctx := context.Background()
	switch x := a.(type) {
	case schema.StringAttribute:
		if x.Default != nil {
			var d defaults.StringResponse
			x.Default.DefaultString(ctx, defaults.StringRequest{}, &d)
			def = d.PlanValue.ValueString()
		}
		return replacesBy(ctx, x.PlanModifiers), def
	case schema.Int64Attribute:
		if x.Default != nil {
			var d defaults.Int64Response
			x.Default.DefaultInt64(ctx, defaults.Int64Request{}, &d)
			def = fmt.Sprint(d.PlanValue.ValueInt64())
		}
		return replacesBy(ctx, x.PlanModifiers), def
	case schema.BoolAttribute:
		if x.Default != nil {
			var d defaults.BoolResponse
			x.Default.DefaultBool(ctx, defaults.BoolRequest{}, &d)
			def = fmt.Sprint(d.PlanValue.ValueBool())
		}
		return replacesBy(ctx, x.PlanModifiers), def
	case schema.ListAttribute:
		return replacesBy(ctx, x.PlanModifiers), ""
	case schema.SetAttribute:
		return replacesBy(ctx, x.PlanModifiers), ""
	case schema.MapAttribute:
		return replacesBy(ctx, x.PlanModifiers), ""
	case schema.ListNestedBlock:
		return replacesBy(ctx, x.PlanModifiers), ""
	case schema.SetNestedBlock:
		return replacesBy(ctx, x.PlanModifiers), ""
	}
	return false, ""
}

// replacesBy asks the modifiers what they say of themselves.
func replacesBy[M interface{ Description(context.Context) string }](ctx context.Context, list []M) bool {
	for _, m := range list {
		if strings.Contains(m.Description(ctx), "destroy and recreate") {
			return true
		}
	}
	return false
}

func resourceRows(prefix string, attributes map[string]schema.Attribute, blocks map[string]schema.Block, rows map[string]row) {
	for name, a := range attributes {
		add(prefix+name, a, rows)
	}
	for name, b := range blocks {
		replaces, _ := modifiers(b)
		switch x := b.(type) {
		case schema.ListNestedBlock:
			rows[prefix+name] = row{kind: "list(block)", mode: "O", replaces: replaces}
			resourceRows(prefix+name+".", x.NestedObject.Attributes, x.NestedObject.Blocks, rows)
		case schema.SetNestedBlock:
			rows[prefix+name] = row{kind: "set(block)", mode: "O", replaces: replaces}
			resourceRows(prefix+name+".", x.NestedObject.Attributes, x.NestedObject.Blocks, rows)
		default:
			rows[prefix+name] = row{kind: fmt.Sprintf("%T", b), mode: "O"}
		}
	}
}

func dataSourceRows(prefix string, attributes map[string]datasource.Attribute, blocks map[string]datasource.Block, rows map[string]row) {
	for name, a := range attributes {
		add(prefix+name, a, rows)
	}
	for name, b := range blocks {
		switch x := b.(type) {
		case datasource.ListNestedBlock:
			rows[prefix+name] = row{kind: "list(block)", mode: "O"}
			dataSourceRows(prefix+name+".", x.NestedObject.Attributes, x.NestedObject.Blocks, rows)
		case datasource.SetNestedBlock:
			rows[prefix+name] = row{kind: "set(block)", mode: "O"}
			dataSourceRows(prefix+name+".", x.NestedObject.Attributes, x.NestedObject.Blocks, rows)
		default:
			rows[prefix+name] = row{kind: fmt.Sprintf("%T", b), mode: "O"}
		}
	}
}
