package dynamodb

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Each function here gives a request with expressions for its legacy parameters. A request that has none is returned as it is;
// of others a copy, which keeps the legacy parameters: who asks can still see them.

// modernCondition writes Expected and ConditionalOperator of a write as a ConditionExpression.
func modernCondition(expected map[string]types.ExpectedAttributeValue, op types.ConditionalOperator, condition *string, names map[string]string,
	values map[string]types.AttributeValue) (*writing, *string, error) {
	if err := mixed([]parameter{{"Expected", expected != nil}, {"ConditionalOperator", op != ""}}, []parameter{{"ConditionExpression", condition != nil}}); err != nil {
		return nil, nil, err
	}
	w, err := beside(names, values, false)
	if err != nil {
		return nil, nil, err
	}
	text, err := w.expected(expected, op)
	return w, text, err
}

func modernPut(in *dynamodb.PutItemInput) (*dynamodb.PutItemInput, error) {
	if in.Expected == nil && in.ConditionalOperator == "" {
		return in, nil
	}
	out := *in
	w, condition, err := modernCondition(in.Expected, in.ConditionalOperator, in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	out.ConditionExpression = condition
	out.ExpressionAttributeNames, out.ExpressionAttributeValues = w.given()
	return &out, nil
}

func modernDelete(in *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemInput, error) {
	if in.Expected == nil && in.ConditionalOperator == "" {
		return in, nil
	}
	out := *in
	w, condition, err := modernCondition(in.Expected, in.ConditionalOperator, in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	out.ConditionExpression = condition
	out.ExpressionAttributeNames, out.ExpressionAttributeValues = w.given()
	return &out, nil
}

func modernUpdate(in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemInput, error) {
	if in.Expected == nil && in.ConditionalOperator == "" && in.AttributeUpdates == nil {
		return in, nil
	}
	if err := mixed([]parameter{{"AttributeUpdates", in.AttributeUpdates != nil}, {"Expected", in.Expected != nil}, {"ConditionalOperator", in.ConditionalOperator != ""}},
		[]parameter{{"UpdateExpression", in.UpdateExpression != nil}, {"ConditionExpression", in.ConditionExpression != nil}}); err != nil {
		return nil, err
	}
	w, err := beside(in.ExpressionAttributeNames, in.ExpressionAttributeValues, false)
	if err != nil {
		return nil, err
	}
	out := *in
	if out.UpdateExpression, err = w.updates(in.AttributeUpdates); err != nil {
		return nil, err
	}
	if out.ConditionExpression, err = w.expected(in.Expected, in.ConditionalOperator); err != nil {
		return nil, err
	}
	out.ExpressionAttributeNames, out.ExpressionAttributeValues = w.given()
	return &out, nil
}

func modernGet(in *dynamodb.GetItemInput) (*dynamodb.GetItemInput, error) {
	if in.AttributesToGet == nil {
		return in, nil
	}
	out := *in
	var err error
	out.ProjectionExpression, out.ExpressionAttributeNames, err = modernProjection(in.AttributesToGet, in.ProjectionExpression, in.ExpressionAttributeNames)
	return &out, err
}

// modernProjection writes AttributesToGet of a read that has no other expression.
func modernProjection(asked []string, projection *string, names map[string]string) (*string, map[string]string, error) {
	if err := mixed([]parameter{{"AttributesToGet", true}}, []parameter{{"ProjectionExpression", projection != nil}}); err != nil {
		return nil, nil, err
	}
	w, err := beside(names, nil, false)
	if err != nil {
		return nil, nil, err
	}
	text, err := w.projection(asked)
	names, _ = w.given()
	return text, names, err
}

// modernKeys is modernGet for a table of BatchGetItem.
func modernKeys(in types.KeysAndAttributes) (types.KeysAndAttributes, error) {
	if in.AttributesToGet == nil {
		return in, nil
	}
	var err error
	in.ProjectionExpression, in.ExpressionAttributeNames, err = modernProjection(in.AttributesToGet, in.ProjectionExpression, in.ExpressionAttributeNames)
	return in, err
}

// modernQuery writes KeyConditions, QueryFilter and AttributesToGet. KeyConditions may stand beside the other expressions.
func modernQuery(in *dynamodb.QueryInput) (*dynamodb.QueryInput, error) {
	if in.AttributesToGet == nil && in.KeyConditions == nil && in.QueryFilter == nil && in.ConditionalOperator == "" {
		return in, nil
	}
	old := []parameter{{"AttributesToGet", in.AttributesToGet != nil}, {"QueryFilter", in.QueryFilter != nil}, {"ConditionalOperator", in.ConditionalOperator != ""}}
	if in.KeyConditionExpression != nil {
		old = append(old, parameter{"KeyConditions", in.KeyConditions != nil})
	}
	expressed := in.ProjectionExpression != nil || in.FilterExpression != nil || in.KeyConditionExpression != nil
	err := mixed(old, []parameter{{"ProjectionExpression", in.ProjectionExpression != nil}, {"FilterExpression", in.FilterExpression != nil},
		{"KeyConditionExpression", in.KeyConditionExpression != nil}})
	if err == nil {
		err = operatorFor(in.ConditionalOperator, len(in.QueryFilter))
	}
	if err != nil {
		return nil, err
	}
	w, err := beside(in.ExpressionAttributeNames, in.ExpressionAttributeValues, expressed)
	if err != nil {
		return nil, err
	}
	out := *in
	if in.KeyConditions != nil {
		if n := len(in.KeyConditions); n < 1 || n > 2 {
			return nil, invalid("Conditions can be of length 1 or 2 only")
		}
		for _, c := range in.KeyConditions {
			switch c.ComparisonOperator {
			case "NULL", "NOT_NULL", "NE", "CONTAINS", "NOT_CONTAINS", "IN":
				return nil, invalid("Attempted conditional constraint is not an indexable operation")
			}
		}
		if out.KeyConditionExpression, err = w.filter(in.KeyConditions, ""); err != nil {
			return nil, err
		}
	}
	if in.QueryFilter != nil {
		if out.FilterExpression, err = w.filter(in.QueryFilter, in.ConditionalOperator); err != nil {
			return nil, err
		}
	}
	if in.AttributesToGet != nil {
		if out.ProjectionExpression, err = w.projection(in.AttributesToGet); err != nil {
			return nil, err
		}
	}
	out.ExpressionAttributeNames, out.ExpressionAttributeValues = w.given()
	return &out, nil
}

// modernScan writes ScanFilter and AttributesToGet.
func modernScan(in *dynamodb.ScanInput) (*dynamodb.ScanInput, error) {
	if in.AttributesToGet == nil && in.ScanFilter == nil && in.ConditionalOperator == "" {
		return in, nil
	}
	err := mixed([]parameter{{"AttributesToGet", in.AttributesToGet != nil}, {"ScanFilter", in.ScanFilter != nil}, {"ConditionalOperator", in.ConditionalOperator != ""}},
		[]parameter{{"ProjectionExpression", in.ProjectionExpression != nil}, {"FilterExpression", in.FilterExpression != nil}})
	if err == nil {
		err = operatorFor(in.ConditionalOperator, len(in.ScanFilter))
	}
	if err != nil {
		return nil, err
	}
	w, err := beside(in.ExpressionAttributeNames, in.ExpressionAttributeValues, false)
	if err != nil {
		return nil, err
	}
	out := *in
	if out.FilterExpression, err = w.filter(in.ScanFilter, in.ConditionalOperator); err != nil {
		return nil, err
	}
	if in.AttributesToGet != nil {
		if out.ProjectionExpression, err = w.projection(in.AttributesToGet); err != nil {
			return nil, err
		}
	}
	out.ExpressionAttributeNames, out.ExpressionAttributeValues = w.given()
	return &out, nil
}
