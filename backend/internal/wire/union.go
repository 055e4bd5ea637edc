package wire

import (
	"net/http"
	"reflect"

	dynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
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
	reflect.TypeFor[dynamodb.AttributeValue](): {
		"B":    reflect.TypeFor[dynamodb.AttributeValueMemberB](),
		"BOOL": reflect.TypeFor[dynamodb.AttributeValueMemberBOOL](),
		"BS":   reflect.TypeFor[dynamodb.AttributeValueMemberBS](),
		"L":    reflect.TypeFor[dynamodb.AttributeValueMemberL](),
		"M":    reflect.TypeFor[dynamodb.AttributeValueMemberM](),
		"N":    reflect.TypeFor[dynamodb.AttributeValueMemberN](),
		"NS":   reflect.TypeFor[dynamodb.AttributeValueMemberNS](),
		"NULL": reflect.TypeFor[dynamodb.AttributeValueMemberNULL](),
		"S":    reflect.TypeFor[dynamodb.AttributeValueMemberS](),
		"SS":   reflect.TypeFor[dynamodb.AttributeValueMemberSS](),
	},
	reflect.TypeFor[streams.AttributeValue](): {
		"B":    reflect.TypeFor[streams.AttributeValueMemberB](),
		"BOOL": reflect.TypeFor[streams.AttributeValueMemberBOOL](),
		"BS":   reflect.TypeFor[streams.AttributeValueMemberBS](),
		"L":    reflect.TypeFor[streams.AttributeValueMemberL](),
		"M":    reflect.TypeFor[streams.AttributeValueMemberM](),
		"N":    reflect.TypeFor[streams.AttributeValueMemberN](),
		"NS":   reflect.TypeFor[streams.AttributeValueMemberNS](),
		"NULL": reflect.TypeFor[streams.AttributeValueMemberNULL](),
		"S":    reflect.TypeFor[streams.AttributeValueMemberS](),
		"SS":   reflect.TypeFor[streams.AttributeValueMemberSS](),
	},
}

// setUnion gives a union the member that has returns true for, filled by set. More than one is refused, in the words that
// DynamoDB has for it.
func setUnion(to reflect.Value, has func(member string) bool, set func(member string, value reflect.Value) error) error {
	for name, t := range unions[to.Type()] {
		if !has(name) {
			continue
		}
		if !to.IsNil() {
			return Errorf(http.StatusBadRequest, "ValidationException", "Supplied %s has more than one datatypes set, must contain exactly one of the supported datatypes", to.Type().Name())
		}
		member := reflect.New(t)
		if err := set(name, member.Elem().FieldByName("Value")); err != nil {
			return err
		}
		to.Set(member)
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
