package fwtypes

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/policydoc"
)

// PolicyType is a string that holds a policy. Two policies that mean the same are equal (policydoc.Equivalent).
type PolicyType struct{ basetypes.StringType }

// Policy is a value of PolicyType.
type Policy struct{ basetypes.StringValue }

var (
	_ basetypes.StringTypable                    = PolicyType{}
	_ basetypes.StringValuableWithSemanticEquals = Policy{}
)

// PolicyValue is a known value.
func PolicyValue(s string) Policy { return Policy{basetypes.NewStringValue(s)} }

// Equal reports whether o is the same type.
func (t PolicyType) Equal(o attr.Type) bool { _, ok := o.(PolicyType); return ok }

// String names the type.
func (t PolicyType) String() string { return "fwtypes.PolicyType" }

// ValueFromString makes a value.
func (t PolicyType) ValueFromString(_ context.Context, v basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return Policy{v}, nil
}

// ValueFromTerraform makes a value of Terraform's.
func (t PolicyType) ValueFromTerraform(ctx context.Context, v tftypes.Value) (attr.Value, error) {
	s, err := t.StringType.ValueFromTerraform(ctx, v)
	if err != nil {
		return nil, err
	}
	value, ok := s.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("unexpected value %T", s)
	}
	return Policy{value}, nil
}

// ValueType is an example of the type's value.
func (t PolicyType) ValueType(context.Context) attr.Value { return Policy{} }

// Type is the value's type.
func (v Policy) Type(context.Context) attr.Type { return PolicyType{} }

// Equal reports whether o is the same text.
func (v Policy) Equal(o attr.Value) bool {
	other, ok := o.(Policy)
	return ok && v.StringValue.Equal(other.StringValue)
}

// StringSemanticEquals reports whether o means the same.
func (v Policy) StringSemanticEquals(_ context.Context, o basetypes.StringValuable) (bool, diag.Diagnostics) {
	other, ok := o.(Policy)
	if !ok {
		return false, nil
	}
	same, err := policydoc.Equivalent(v.ValueString(), other.ValueString())
	return err == nil && same || v.Equal(other), nil
}
