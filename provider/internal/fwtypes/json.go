// Package fwtypes holds the attribute types of the provider that Terraform's own do not cover.
package fwtypes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/policydoc"
)

// JSONType is a string that holds JSON. Two values that mean the same are equal: white space, the order of members, and a
// list of one beside its only element make no difference, as in IAM's policies.
type JSONType struct{ basetypes.StringType }

// JSON is a value of JSONType.
type JSON struct{ basetypes.StringValue }

var (
	_ basetypes.StringTypable                    = JSONType{}
	_ basetypes.StringValuableWithSemanticEquals = JSON{}
	_ xattr.ValidateableAttribute                = JSON{}
)

// JSONValue is a known value.
func JSONValue(s string) JSON { return JSON{basetypes.NewStringValue(s)} }

// Equal reports whether o is the same type.
func (t JSONType) Equal(o attr.Type) bool { _, ok := o.(JSONType); return ok }

// String names the type.
func (t JSONType) String() string { return "fwtypes.JSONType" }

// ValueFromString makes a value.
func (t JSONType) ValueFromString(_ context.Context, v basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return JSON{v}, nil
}

// ValueFromTerraform makes a value of Terraform's.
func (t JSONType) ValueFromTerraform(ctx context.Context, v tftypes.Value) (attr.Value, error) {
	s, err := t.StringType.ValueFromTerraform(ctx, v)
	if err != nil {
		return nil, err
	}
	value, ok := s.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("unexpected value %T", s)
	}
	return JSON{value}, nil
}

// ValueType is an example of the type's value.
func (t JSONType) ValueType(context.Context) attr.Value { return JSON{} }

// Type is the value's type.
func (v JSON) Type(context.Context) attr.Type { return JSONType{} }

// Equal reports whether o is the same text.
func (v JSON) Equal(o attr.Value) bool {
	other, ok := o.(JSON)
	return ok && v.StringValue.Equal(other.StringValue)
}

// StringSemanticEquals reports whether o means the same.
func (v JSON) StringSemanticEquals(_ context.Context, o basetypes.StringValuable) (bool, diag.Diagnostics) {
	other, ok := o.(JSON)
	return ok && Same(v.ValueString(), other.ValueString()), nil
}

// ValidateAttribute refuses what is not JSON.
func (v JSON) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if !v.IsNull() && !v.IsUnknown() && !json.Valid([]byte(v.ValueString())) {
		resp.Diagnostics.AddAttributeError(req.Path, "Not JSON", "The value is not a JSON document; jsonencode() makes one.")
	}
}

// Same reports whether two JSON texts mean the same; texts that are not JSON are the same when they are equal.
func Same(x, y string) bool {
	a, err1 := read(x)
	b, err2 := read(y)
	if err1 != nil || err2 != nil {
		return x == y
	}
	if reflect.DeepEqual(a, b) {
		return true
	}
	if !isPolicy(a) || !isPolicy(b) {
		return false
	}
	same, err := policydoc.Equivalent(x, y)
	return err == nil && same
}

// isPolicy reports whether a document is a policy, in which the order of lists makes no difference.
func isPolicy(v any) bool {
	m, ok := v.(map[string]any)
	_, has := m["Statement"]
	return ok && has
}

func read(s string) (any, error) {
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return plain(v), err
}

// plain replaces a list of one by its element.
func plain(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			x[k] = plain(e)
		}
	case []any:
		for i, e := range x {
			x[i] = plain(e)
		}
		if len(x) == 1 {
			return x[0]
		}
	}
	return v
}
