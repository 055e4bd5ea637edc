package wire

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// unions lists the SDK's unions, which are Go interfaces and cannot be enumerated: by interface type, by the member's name
// on the wire, the struct that holds it in its field Value. A service whose API has another adds it here.
var unions = map[reflect.Type]map[string]reflect.Type{
	reflect.TypeFor[types.PolicyIdentifier](): {
		"InlinePolicyIdentifier": reflect.TypeFor[types.PolicyIdentifierMemberInlinePolicyIdentifier](),
		"PolicyArn":              reflect.TypeFor[types.PolicyIdentifierMemberPolicyArn](),
		"PolicyType":             reflect.TypeFor[types.PolicyIdentifierMemberPolicyType](),
	},
}

// setUnion gives a union the member that has returns true for, filled by set.
func setUnion(to reflect.Value, has func(member string) bool, set func(member string, value reflect.Value) error) error {
	for name, t := range unions[to.Type()] {
		if !has(name) {
			continue
		}
		member := reflect.New(t)
		if err := set(name, member.Elem().FieldByName("Value")); err != nil {
			return err
		}
		to.Set(member)
		return nil
	}
	return nil
}

// unionMember is the name on the wire and the value of a union's member.
func unionMember(v reflect.Value) (name string, value reflect.Value, ok bool) {
	held := v.Elem() // a pointer to the member's struct
	for name, t := range unions[v.Type()] {
		if held.Type() == reflect.PointerTo(t) {
			return name, held.Elem().FieldByName("Value"), true
		}
	}
	return "", reflect.Value{}, false
}
