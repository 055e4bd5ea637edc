package dynamodb

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of batches (API: BatchGetItem, BatchWriteItem).
const (
	maxBatchGet   = 100
	maxBatchWrite = 25
	maxBatchBytes = 16 << 20
)

func (a *API) batchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
	total := 0
	for _, list := range in.RequestItems {
		total += len(list)
	}
	switch {
	case in.RequestItems == nil:
		return nil, wire.Validation(wire.NotNull("requestItems"))
	case total == 0:
		return nil, wire.Validation(wire.MinLength("requestItems", "{}", 1))
	case total > maxBatchWrite:
		return nil, invalid("Too many items requested for the BatchWriteItem call")
	}
	c := &call{}
	ops := map[string][]*op{}
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		if err := a.may(ctx, "BatchWriteItem", name, a.late(ctx, &name, expression.Request{}, leadingItems(in.RequestItems[name])...),
			plain(keyCapacity, string(in.ReturnConsumedCapacity))); err != nil {
			return nil, err
		}
		t, err := a.table(ctx, &name)
		if err != nil {
			return nil, err
		}
		if err := metrics("BatchWriteItem", in.ReturnItemCollectionMetrics, t); err != nil {
			return nil, err
		}
		seen := map[cellKey]bool{}
		for _, r := range in.RequestItems[name] {
			o, err := t.batchOp(r)
			if err != nil {
				return nil, err
			}
			if seen[o.cellKey()] {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			seen[o.cellKey()] = true
			ops[name] = append(ops[name], o)
			c.groups = append(c.groups, &group{ops: []*op{o}})
		}
	}
	if err := a.Store.write(ctx, c); err != nil {
		return nil, err
	}
	out := &dynamodb.BatchWriteItemOutput{UnprocessedItems: map[string][]types.WriteRequest{}}
	for _, name := range slices.Sorted(maps.Keys(ops)) {
		sum := 0.0
		for _, o := range ops[name] {
			if o.err != nil {
				return nil, o.err
			}
			sum += o.units()
		}
		if c := writeCapacity(in.ReturnConsumedCapacity, ops[name][0].table, sum); c != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
		}
	}
	return out, nil
}

// leadingItems are the items or keys of write requests, for the question of leading keys.
func leadingItems(list []types.WriteRequest) []map[string]types.AttributeValue {
	var items []map[string]types.AttributeValue
	for _, r := range list {
		switch {
		case r.PutRequest != nil:
			items = append(items, r.PutRequest.Item)
		case r.DeleteRequest != nil:
			items = append(items, r.DeleteRequest.Key)
		}
	}
	return items
}

func (t *table) batchOp(r types.WriteRequest) (*op, error) {
	switch {
	case r.PutRequest != nil && r.DeleteRequest != nil:
		return nil, invalid("Supplied WriteRequest has more than one request set, must contain exactly one of PutRequest and DeleteRequest")
	case r.PutRequest != nil:
		return t.putOp(r.PutRequest.Item)
	case r.DeleteRequest != nil:
		return t.keyOp(remove, r.DeleteRequest.Key)
	}
	return nil, invalid("Supplied WriteRequest is empty, must contain exactly one of PutRequest and DeleteRequest")
}

func (a *API) batchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
	total := 0
	for _, r := range in.RequestItems {
		total += len(r.Keys)
	}
	switch {
	case in.RequestItems == nil:
		return nil, wire.Validation(wire.NotNull("requestItems"))
	case total == 0:
		return nil, wire.Validation(wire.MinLength("requestItems", "{}", 1))
	case total > maxBatchGet:
		return nil, invalid("Too many items requested for the BatchGetItem call")
	}
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{}, UnprocessedKeys: map[string]types.KeysAndAttributes{}}
	size := 0
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		given := in.RequestItems[name]
		r, err := modernKeys(given)
		if err != nil {
			return nil, err
		}
		if err := a.may(ctx, "BatchGetItem", name,
			a.late(ctx, &name, expression.Request{Projection: r.ProjectionExpression, Names: r.ExpressionAttributeNames}, r.Keys...),
			plain(keySelect, asksFor("", r.ProjectionExpression), keyCapacity, string(in.ReturnConsumedCapacity))); err != nil {
			return nil, err
		}
		t, ops, e, err := a.batchKeys(ctx, name, r)
		if err != nil {
			return nil, err
		}
		units := 0.0
		out.Responses[name] = []map[string]types.AttributeValue{}
		for i, o := range ops {
			item, err := a.Store.item(ctx, o)
			if err != nil {
				return nil, err
			}
			if size += expression.ItemSize(item); size > maxBatchBytes {
				given.Keys = given.Keys[i:]
				out.UnprocessedKeys[name] = given
				break
			}
			units += readUnits(expression.ItemSize(item), r.ConsistentRead)
			if item != nil {
				out.Responses[name] = append(out.Responses[name], attributes(e.Projection.Of(item)))
			}
		}
		if c := consumed(in.ReturnConsumedCapacity, t, nil, units); c != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
		}
	}
	return out, nil
}

func (a *API) batchKeys(ctx context.Context, name string, r types.KeysAndAttributes) (*table, []*op, *expression.Compiled, error) {
	t, err := a.table(ctx, &name)
	if err != nil {
		return nil, nil, nil, err
	}
	e, err := expressions(expression.Request{Projection: r.ProjectionExpression}, r.ExpressionAttributeNames, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	var ops []*op
	seen := map[cellKey]bool{}
	for _, key := range r.Keys {
		o, err := t.keyOp(check, key)
		if err != nil {
			return nil, nil, nil, err
		}
		if seen[o.cellKey()] {
			return nil, nil, nil, invalid("Provided list of item keys contains duplicates")
		}
		seen[o.cellKey()] = true
		ops = append(ops, o)
	}
	return t, ops, e, nil
}

func (a *API) transactGetItems(ctx context.Context, in *dynamodb.TransactGetItemsInput) (*dynamodb.TransactGetItemsOutput, error) {
	if n := len(in.TransactItems); n < 1 || n > maxTransaction {
		return nil, tooMany(n)
	}
	c := &call{groups: []*group{{}}}
	g := c.groups[0]
	var asked []*expression.Compiled
	for _, it := range in.TransactItems {
		if it.Get == nil {
			return nil, wire.Validation(wire.NotNull("transactItems.1.member.get"))
		}
		if err := a.may(ctx, "GetItem", aws.ToString(it.Get.TableName),
			a.late(ctx, it.Get.TableName, expression.Request{Projection: it.Get.ProjectionExpression, Names: it.Get.ExpressionAttributeNames}, it.Get.Key),
			plain(keySelect, asksFor("", it.Get.ProjectionExpression), keyEnclosing, "TransactGetItems", keyCapacity, string(in.ReturnConsumedCapacity))); err != nil {
			return nil, err
		}
		t, err := a.table(ctx, it.Get.TableName)
		if err != nil {
			return nil, err
		}
		e, err := expressions(expression.Request{Projection: it.Get.ProjectionExpression}, it.Get.ExpressionAttributeNames, nil)
		if err != nil {
			return nil, err
		}
		o, err := t.keyOp(check, it.Get.Key)
		if err != nil {
			return nil, err
		}
		asked = append(asked, e)
		g.ops = append(g.ops, o)
	}
	if err := g.distinct(); err != nil {
		return nil, err
	}
	if err := a.Store.write(ctx, c); err != nil { // it writes nothing: it reads under the locks, all at one instant
		return nil, err
	}
	if err := g.err(); err != nil {
		return nil, err
	}
	out := &dynamodb.TransactGetItemsOutput{Responses: make([]types.ItemResponse, len(g.ops))}
	sums := sumsOf(g, func(o *op) float64 { return 2 * readUnits(expression.ItemSize(o.was), aws.Bool(true)) })
	out.ConsumedCapacity = sums.list(in.ReturnConsumedCapacity)
	for i, o := range g.ops {
		if o.was != nil {
			out.Responses[i].Item = attributes(asked[i].Projection.Of(o.was))
		}
	}
	return out, nil
}
