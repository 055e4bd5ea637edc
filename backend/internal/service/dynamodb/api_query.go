package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// maxSegments is the greatest number of segments of a parallel scan (API: Scan).
const maxSegments = 1000000

// querying is a Query as it was understood.
type querying struct {
	span *span
	hash expression.Value
	e    *expression.Compiled
}

// keyIndex finds the index that a read names; nil where it names none.
func (t *table) keyIndex(name *string, consistent *bool) (*index, error) {
	if name == nil {
		return nil, nil
	}
	x := t.index(*name)
	switch {
	case x == nil:
		return nil, invalid("The table does not have the specified index: %s", *name)
	case x.Global && aws.ToBool(consistent):
		return nil, invalid("Consistent reads are not supported on global secondary indexes")
	}
	return x, nil
}

// queryOf reads the expressions of a query.
func (t *table) queryOf(in *dynamodb.QueryInput) (*querying, error) {
	e, err := expressions(expression.Request{KeyCondition: in.KeyConditionExpression, Filter: in.FilterExpression, Projection: in.ProjectionExpression,
		Takes: []string{"FilterExpression", "KeyConditionExpression"}}, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	if e.Key == nil {
		return nil, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	demands, err := e.Key.Keys()
	if err != nil {
		return nil, err
	}
	x, err := t.keyIndex(in.IndexName, in.ConsistentRead)
	if err != nil {
		return nil, err
	}
	k := t.Keys
	if x != nil {
		k = x.Keys
	}
	if err := t.checkDemands(k, demands); err != nil {
		return nil, err
	}
	if e.Filter != nil {
		for _, name := range e.Filter.Heads() {
			if name == k.Hash || name == k.Range {
				what := "Filter Expression"
				if in.QueryFilter != nil {
					what = "QueryFilter"
				}
				return nil, invalid("%s can only contain non-primary key attributes: Primary key attribute: %s", what, name)
			}
		}
	}
	hash := demands[k.Hash].Values[0]
	q := &querying{span: &span{table: t, index: x, hash: &position{place: placeOf(hash), hash: hash.Sortable()},
		descending: in.ScanIndexForward != nil && !*in.ScanIndexForward}, hash: hash, e: e}
	if c, ok := demands[k.Range]; ok && k.Range != "" {
		q.span.bound(c)
	}
	return q, nil
}

// checkDemands checks key conditions against the keys: equality of the hash key, and at most one of the range key.
func (t *table) checkDemands(k keys, demands map[string]expression.KeyCondition) error {
	if k.Range == "" && len(demands) > 1 {
		return invalid("Query key condition not supported")
	}
	for i, name := range k.names() {
		c, ok := demands[name]
		if !ok {
			if i == 0 || len(demands) > 1 {
				return invalid("Query condition missed key schema element: %s", name)
			}
			continue
		}
		for _, v := range c.Values {
			if v.Type != t.typeOf(name) {
				return invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
			}
		}
		if i == 0 && c.Operator != "=" {
			return invalid("Query key condition not supported")
		}
		if c.Operator == "begins_with" && c.Values[0].Type == expression.N {
			return invalid("Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N")
		}
	}
	return nil
}

// selected checks Select, and says whether items are wanted at all, and whole where an index has less.
func selected(asked types.Select, x *index, projection *string, word string) (count, whole bool, err error) {
	if projection != nil && asked != "" && asked != types.SelectSpecificAttributes {
		return false, false, invalid("Cannot specify the %s when choosing to get %s", word, asked)
	}
	switch asked {
	case "", types.SelectAllProjectedAttributes:
		if asked != "" && x == nil {
			err = invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
		}
	case types.SelectAllAttributes:
		if whole = x != nil; whole && x.Global && x.Projection != "ALL" {
			err = invalid("One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", x.Name)
		}
	case types.SelectCount:
		count = true
	case types.SelectSpecificAttributes:
		if projection == nil {
			err = invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
		}
	default:
		err = wire.Validation(wire.Enum("select", string(asked), []string{"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"}))
	}
	// A local index fetches what it lacks when it is asked for by name.
	return count, whole || x != nil && !x.Global && projection != nil, err
}

// reading is what Query and Scan have in common.
type reading struct {
	span       *span
	e          *expression.Compiled
	limit      *int32
	start      map[string]types.AttributeValue
	sel        types.Select
	projection *string
	legacy     bool // AttributesToGet
	capacity   types.ReturnConsumedCapacity
	consistent *bool
}

// found is what they answer.
type found struct {
	items    []map[string]types.AttributeValue
	count    int32
	page     *page
	capacity *types.ConsumedCapacity
}

func (a *API) read(ctx context.Context, r reading) (*found, error) {
	limit := 0
	if r.limit != nil {
		if limit = int(*r.limit); limit < 1 {
			return nil, wire.Validation(wire.AtLeast("limit", limit, 1))
		}
	}
	count, whole, err := selected(r.sel, r.span.index, r.projection, map[bool]string{true: "AttributesToGet", false: "ProjectionExpression"}[r.legacy])
	if err != nil {
		return nil, err
	}
	if r.start != nil {
		key, err := itemOf(r.start)
		if err == nil {
			err = r.span.start(key)
		}
		if err != nil {
			return nil, err
		}
	}
	p, err := a.Store.page(ctx, r.span, limit, r.e.Filter, whole)
	if err != nil {
		return nil, err
	}
	f := &found{page: p, count: int32(len(p.items)), capacity: readCapacity(r.capacity, r.span.table, r.span.index, p.bytes, r.consistent)}
	if !count {
		f.items = make([]map[string]types.AttributeValue, len(p.items))
		for i, item := range p.items {
			f.items[i] = attributes(r.e.Projection.Of(item))
		}
	}
	return f, nil
}

func (a *API) query(ctx context.Context, in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	t, err := a.table(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	q, err := t.queryOf(in)
	if err != nil {
		return nil, err
	}
	f, err := a.read(ctx, reading{span: q.span, e: q.e, limit: in.Limit, start: in.ExclusiveStartKey, sel: in.Select, projection: in.ProjectionExpression,
		legacy: in.AttributesToGet != nil, capacity: in.ReturnConsumedCapacity, consistent: in.ConsistentRead})
	if err != nil {
		return nil, err
	}
	return &dynamodb.QueryOutput{Items: f.items, Count: f.count, ScannedCount: int32(f.page.scanned), LastEvaluatedKey: attributes(f.page.last),
		ConsumedCapacity: f.capacity}, nil
}

func (a *API) scan(ctx context.Context, in *dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
	t, err := a.table(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	e, err := expressions(expression.Request{Filter: in.FilterExpression, Projection: in.ProjectionExpression, Takes: []string{"FilterExpression"}},
		in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	x, err := t.keyIndex(in.IndexName, in.ConsistentRead)
	if err != nil {
		return nil, err
	}
	sp := &span{table: t, index: x}
	if err := sp.segment(in.Segment, in.TotalSegments); err != nil {
		return nil, err
	}
	f, err := a.read(ctx, reading{span: sp, e: e, limit: in.Limit, start: in.ExclusiveStartKey, sel: in.Select, projection: in.ProjectionExpression,
		legacy: in.AttributesToGet != nil, capacity: in.ReturnConsumedCapacity, consistent: in.ConsistentRead})
	if err != nil {
		return nil, err
	}
	return &dynamodb.ScanOutput{Items: f.items, Count: f.count, ScannedCount: int32(f.page.scanned), LastEvaluatedKey: attributes(f.page.last),
		ConsumedCapacity: f.capacity}, nil
}

// segment narrows a scan to one of so many equal parts.
func (sp *span) segment(n, of *int32) error {
	switch {
	case n == nil && of == nil:
		return nil
	case n == nil:
		return invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case of == nil:
		return invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case *of < 1:
		return wire.Validation(wire.AtLeast("totalSegments", int(*of), 1))
	case *of > maxSegments:
		return wire.Validation(wire.AtMost("totalSegments", int(*of), maxSegments))
	case *n < 0:
		return wire.Validation(wire.AtLeast("segment", int(*n), 0))
	case *n >= *of:
		return invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", *n, *of)
	}
	sp.from = begins(int(*n), int(*of))
	if *n+1 < *of {
		sp.to = begins(int(*n)+1, int(*of))
	}
	return nil
}
