package dynamodb

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// expressions compiles a request's expressions. A map that was sent empty is not nil.
func expressions(r expression.Request, names map[string]string, values map[string]types.AttributeValue) (*expression.Compiled, error) {
	r.Names = names
	if values != nil {
		r.Values = make(expression.Item, len(values))
		for name, v := range values {
			value, err := valueOf(v)
			if err != nil {
				return nil, expression.Error("ExpressionAttributeValues contains invalid value: " + err.Error() + " for key " + name)
			}
			r.Values[name] = value
		}
	}
	return expression.Compile(r)
}

// metrics refuses what is not simulated of a write's answer: item collection metrics of tables with local indexes.
func metrics(operation string, asked types.ReturnItemCollectionMetrics, tables ...*table) error {
	if asked != types.ReturnItemCollectionMetricsSize {
		return nil
	}
	for _, t := range tables {
		for _, x := range t.Indexes {
			if !x.Global {
				return unsupported("ReturnItemCollectionMetrics SIZE on a table with local secondary indexes", operation)
			}
		}
	}
	return nil
}

// returned checks ReturnValues.
func returned(asked types.ReturnValue, allowed string, also ...types.ReturnValue) error {
	switch asked {
	case "", types.ReturnValueNone, types.ReturnValueAllOld:
		return nil
	}
	for _, v := range also {
		if v == asked {
			return nil
		}
	}
	if allowed == "" {
		return wire.Validation(wire.Enum("returnValues", string(asked), []string{"ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"}))
	}
	return invalid("%s", allowed)
}

// done runs an operation, and adds the item to the refusal of a condition where that is asked.
func (a *API) done(ctx context.Context, o *op, asked types.ReturnValuesOnConditionCheckFailure) error {
	err := a.Store.one(ctx, o)
	if errors.Is(err, errCondition) {
		r := &refused{}
		if asked == types.ReturnValuesOnConditionCheckFailureAllOld {
			r.item = o.was
		}
		return r
	}
	return err
}

func (a *API) putItem(ctx context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
	t, err := a.table(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	if in.Item == nil {
		return nil, wire.Validation(wire.NotNull("item"))
	}
	if err := errors.Join(returned(in.ReturnValues, "ReturnValues can only be ALL_OLD or NONE"), metrics("PutItem", in.ReturnItemCollectionMetrics, t)); err != nil {
		return nil, err
	}
	o, err := t.putOp(in.Item)
	if err != nil {
		return nil, err
	}
	e, err := expressions(expression.Request{Condition: in.ConditionExpression, Takes: []string{"ConditionExpression"}}, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	o.condition = e.Condition
	if err := a.done(ctx, o, in.ReturnValuesOnConditionCheckFailure); err != nil {
		return nil, err
	}
	out := &dynamodb.PutItemOutput{ConsumedCapacity: writeCapacity(in.ReturnConsumedCapacity, t, o.units())}
	if in.ReturnValues == types.ReturnValueAllOld {
		out.Attributes = attributes(o.was)
	}
	return out, nil
}

// putOp is the put of an item, checked.
func (t *table) putOp(in map[string]types.AttributeValue) (*op, error) {
	item, err := itemOf(in)
	if err != nil {
		return nil, err
	}
	if expression.ItemSize(item) > maxItem {
		return nil, invalid("Item size has exceeded the maximum allowed size")
	}
	if err := t.checkItem(item); err != nil {
		return nil, err
	}
	at, _ := t.positionOf(t.Keys, item)
	return &op{verb: put, table: t, at: at, item: item}, nil
}

// keyOp is an operation on the item of a key.
func (t *table) keyOp(v verb, key map[string]types.AttributeValue) (*op, error) {
	if key == nil {
		return nil, wire.Validation(wire.NotNull("key"))
	}
	item, at, err := t.keyOf(key)
	if err != nil {
		return nil, err
	}
	return &op{verb: v, table: t, at: at, item: item}, nil
}

func (a *API) deleteItem(ctx context.Context, in *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemOutput, error) {
	t, err := a.table(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(returned(in.ReturnValues, "ReturnValues can only be ALL_OLD or NONE"), metrics("DeleteItem", in.ReturnItemCollectionMetrics, t)); err != nil {
		return nil, err
	}
	e, err := expressions(expression.Request{Condition: in.ConditionExpression, Takes: []string{"ConditionExpression"}}, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	o, err := t.keyOp(remove, in.Key)
	if err != nil {
		return nil, err
	}
	o.condition = e.Condition
	if err := a.done(ctx, o, in.ReturnValuesOnConditionCheckFailure); err != nil {
		return nil, err
	}
	out := &dynamodb.DeleteItemOutput{ConsumedCapacity: writeCapacity(in.ReturnConsumedCapacity, t, o.units())}
	if in.ReturnValues == types.ReturnValueAllOld {
		out.Attributes = attributes(o.was)
	}
	return out, nil
}

func (a *API) updateItem(ctx context.Context, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
	t, err := a.table(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(returned(in.ReturnValues, "", types.ReturnValueAllNew, types.ReturnValueUpdatedNew, types.ReturnValueUpdatedOld),
		metrics("UpdateItem", in.ReturnItemCollectionMetrics, t)); err != nil {
		return nil, err
	}
	e, err := expressions(expression.Request{Update: in.UpdateExpression, Condition: in.ConditionExpression, Takes: []string{"UpdateExpression", "ConditionExpression"}},
		in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	o, err := t.updateOp(in.Key, e)
	if err != nil {
		return nil, err
	}
	o.ifThere = onlyDeletes(in.AttributeUpdates)
	if err := a.done(ctx, o, in.ReturnValuesOnConditionCheckFailure); err != nil {
		return nil, err
	}
	out := &dynamodb.UpdateItemOutput{ConsumedCapacity: writeCapacity(in.ReturnConsumedCapacity, t, o.units())}
	switch in.ReturnValues {
	case types.ReturnValueAllOld:
		out.Attributes = attributes(o.was)
	case types.ReturnValueAllNew:
		out.Attributes = attributes(o.is)
	case types.ReturnValueUpdatedOld, types.ReturnValueUpdatedNew:
		of := o.is
		if in.ReturnValues == types.ReturnValueUpdatedOld {
			of = o.was
		}
		if o.update != nil {
			if changed := o.update.Changed().Of(of); len(changed) > 0 {
				out.Attributes = attributes(changed)
			}
		}
	}
	return out, nil
}

// updateOp is an update of an item, which must leave its key alone.
func (t *table) updateOp(key map[string]types.AttributeValue, e *expression.Compiled) (*op, error) {
	o, err := t.keyOp(update, key)
	if err != nil {
		return nil, err
	}
	o.condition, o.update = e.Condition, e.Update
	if e.Update != nil {
		for _, name := range e.Update.Heads() {
			if name == t.Keys.Hash || name == t.Keys.Range {
				return nil, invalid("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", name)
			}
		}
	}
	return o, nil
}

func (a *API) getItem(ctx context.Context, in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
	t, err := a.table(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	e, err := expressions(expression.Request{Projection: in.ProjectionExpression}, in.ExpressionAttributeNames, nil)
	if err != nil {
		return nil, err
	}
	o, err := t.keyOp(check, in.Key)
	if err != nil {
		return nil, err
	}
	item, err := a.Store.item(ctx, o)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.GetItemOutput{ConsumedCapacity: readCapacity(in.ReturnConsumedCapacity, t, nil, expression.ItemSize(item), in.ConsistentRead)}
	if item != nil {
		out.Item = attributes(e.Projection.Of(item))
	}
	return out, nil
}

// item reads an item; nil where there is none.
func (s *Store) item(ctx context.Context, o *op) (expression.Item, error) {
	var body []byte
	err := s.db.QueryRow(ctx, `SELECT body FROM dynamodb.items WHERE tbl = @tbl AND place = @place AND hash = @hash AND sort = @sort`,
		pgx.NamedArgs{"tbl": o.table.id, "place": o.at.place, "hash": o.at.hash, "sort": o.at.sort}).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return expression.DecodeItem(body)
}
