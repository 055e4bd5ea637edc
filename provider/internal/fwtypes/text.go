// Package fwtypes holds the attribute types of the provider that Terraform's own do not cover: strings of which two that mean
// the same are equal, so that a document that an API writes otherwise than it was given is no change.
//
// JSONType is any JSON: white space, the order of members, and a list of one beside its only element make no difference, as in
// IAM's policies. PolicyType is a policy, as policydoc compares them. Both are TextType, with another meaning each.
package fwtypes

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/policydoc"
)

// meaning says when two texts are the same, and what is wrong with one ("" for nothing).
type meaning interface {
	same(x, y string) bool
	fault(text string) string
	name() string
}

// TextType is a string that is compared by what it means.
type TextType[M meaning] struct{ basetypes.StringType }

// Text is a value of TextType.
type Text[M meaning] struct{ basetypes.StringValue }

type (
	// JSONType is a string that holds JSON, or nothing: "" is what modules give where they mean no document.
	JSONType = TextType[anyJSON]
	// JSON is a value of JSONType.
	JSON = Text[anyJSON]
	// PolicyType is a string that holds a policy.
	PolicyType = TextType[policy]
	// Policy is a value of PolicyType.
	Policy = Text[policy]
)

type anyJSON struct{}

func (anyJSON) name() string          { return "JSONType" }
func (anyJSON) same(x, y string) bool { return Same(x, y) }
func (anyJSON) fault(text string) string {
	if text != "" && !json.Valid([]byte(text)) {
		return "The value is not a JSON document; jsonencode() makes one."
	}
	return ""
}

type policy struct{}

func (policy) name() string        { return "PolicyType" }
func (policy) fault(string) string { return "" } // validators of the attributes say more than that it is no JSON
func (policy) same(x, y string) bool {
	same, err := policydoc.Equivalent(x, y)
	return err == nil && same || x == y
}

var (
	_ basetypes.StringTypable                    = JSONType{}
	_ basetypes.StringValuableWithSemanticEquals = JSON{}
	_ xattr.ValidateableAttribute                = JSON{}
)

// JSONValue is a known value.
func JSONValue(s string) JSON { return JSON{basetypes.NewStringValue(s)} }

// PolicyValue is a known value.
func PolicyValue(s string) Policy { return Policy{basetypes.NewStringValue(s)} }

// Equal reports whether o is the same type.
func (t TextType[M]) Equal(o attr.Type) bool { _, ok := o.(TextType[M]); return ok }

// String names the type.
func (t TextType[M]) String() string { var m M; return "fwtypes." + m.name() }

// ValueFromString makes a value.
func (t TextType[M]) ValueFromString(_ context.Context, v basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return Text[M]{v}, nil
}

// ValueFromTerraform makes a value of Terraform's.
func (t TextType[M]) ValueFromTerraform(ctx context.Context, v tftypes.Value) (attr.Value, error) {
	s, err := t.StringType.ValueFromTerraform(ctx, v)
	if err != nil {
		return nil, err
	}
	value, ok := s.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("unexpected value %T", s)
	}
	return Text[M]{value}, nil
}

// ValueType is an example of the type's value.
func (t TextType[M]) ValueType(context.Context) attr.Value { return Text[M]{} }

// Type is the value's type.
func (v Text[M]) Type(context.Context) attr.Type { return TextType[M]{} }

// Equal reports whether o is the same text.
func (v Text[M]) Equal(o attr.Value) bool {
	other, ok := o.(Text[M])
	return ok && v.StringValue.Equal(other.StringValue)
}

// StringSemanticEquals reports whether o means the same.
func (v Text[M]) StringSemanticEquals(_ context.Context, o basetypes.StringValuable) (bool, diag.Diagnostics) {
	var m M
	other, ok := o.(Text[M])
	return ok && m.same(v.ValueString(), other.ValueString()), nil
}

// ValidateAttribute refuses what is no document of this meaning.
func (v Text[M]) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	var m M
	if fault := m.fault(v.ValueString()); fault != "" && !v.IsNull() && !v.IsUnknown() {
		resp.Diagnostics.AddAttributeError(req.Path, "Not JSON", fault)
	}
}

// Shown is what an API shows of a document: nothing stays as it was written, absent or "".
func (v Text[M]) Shown(api string) Text[M] {
	switch {
	case api != "":
		return Text[M]{basetypes.NewStringValue(api)}
	case v.IsUnknown() || v.ValueString() != "":
		return Text[M]{basetypes.NewStringNull()}
	}
	return v
}
