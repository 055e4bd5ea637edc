package dynamodb

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// DynamoDB's condition keys (DynamoDB guide, fine-grained access control; Service Authorization Reference).
const (
	keyLeading    = "dynamodb:LeadingKeys"
	keyAttributes = "dynamodb:Attributes"
	keySelect     = "dynamodb:Select"
	keyReturn     = "dynamodb:ReturnValues"
	keyCapacity   = "dynamodb:ReturnConsumedCapacity"
	keyEnclosing  = "dynamodb:EnclosingOperation"
)

// keyed is an operation on items with its condition keys. Those that take work are found only where a policy asks for them.
// Operation and keys see the request as modern writes it; what that refuses is refused to who may ask.
func keyed[I, O any](f func(context.Context, *I) (*O, error), modern func(*I) (*I, error), resource wire.Option[I],
	late func(context.Context, *I) authz.Late, keys func(*I) map[string][]string) wire.Operation {
	written := func(in *I) *I {
		if out, err := modern(in); err == nil {
			return out
		}
		return in
	}
	run := func(ctx context.Context, in *I) (*O, error) {
		in, err := modern(in)
		if err != nil {
			return nil, err
		}
		return f(ctx, in)
	}
	return wire.Op(run, wire.Hot[I](), resource, wire.Late(func(ctx context.Context, in *I) authz.Late { return late(ctx, written(in)) }),
		wire.Keys(func(_ context.Context, in *I) map[string][]string { return keys(written(in)) }))
}

// plain are keys of members that are texts; an empty one is absent.
func plain(pairs ...string) map[string][]string {
	keys := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			keys[pairs[i]] = []string{pairs[i+1]}
		}
	}
	return keys
}

// asksFor is the Select of a read, which has a default.
func asksFor(given types.Select, projection *string) string {
	switch {
	case given != "":
		return string(given)
	case projection != nil:
		return string(types.SelectSpecificAttributes)
	}
	return string(types.SelectAllAttributes)
}

// late are the leading keys of items or keys of a table, and the attributes that the request speaks of.
func (a *API) late(ctx context.Context, table *string, r expression.Request, items ...map[string]types.AttributeValue) authz.Late {
	return authz.Late{
		keyLeading: func() map[string][]string { return map[string][]string{keyLeading: a.leading(ctx, table, items...)} },
		keyAttributes: func() map[string][]string {
			names := expression.Attributes(r)
			for _, item := range items {
				names = append(names, slices.Collect(maps.Keys(item))...)
			}
			slices.Sort(names)
			return map[string][]string{keyAttributes: slices.Compact(names)}
		},
	}
}

// leading are the partition keys that a request is about. Where they cannot be told the operation refuses the request.
func (a *API) leading(ctx context.Context, name *string, items ...map[string]types.AttributeValue) []string {
	t, err := a.table(ctx, name)
	if err != nil {
		return nil // the operation will say so
	}
	var values []string
	for _, item := range items {
		v, err := valueOf(item[t.Keys.Hash])
		if err != nil || v.Type == "" {
			return nil
		}
		values = append(values, leadingText(v))
	}
	return values
}

func leadingText(v expression.Value) string {
	if v.Type == expression.N {
		return v.Number.String()
	}
	return v.Text
}

// lateOfQuery is late for a query: the leading key is the value that its key condition demands of the partition key.
func (a *API) lateOfQuery(ctx context.Context, in *dynamodb.QueryInput) authz.Late {
	l := a.late(ctx, in.TableName, expression.Request{KeyCondition: in.KeyConditionExpression, Filter: in.FilterExpression,
		Projection: in.ProjectionExpression, Names: in.ExpressionAttributeNames})
	l[keyLeading] = func() map[string][]string {
		t, err := a.table(ctx, in.TableName)
		if err != nil {
			return nil
		}
		q, err := t.queryOf(in)
		if err != nil {
			return nil
		}
		return map[string][]string{keyLeading: {leadingText(q.hash)}}
	}
	return l
}

// itemOperations check their required members themselves: they are the busy ones.
func (a *API) itemOperations() map[string]wire.Operation {
	return map[string]wire.Operation{
		"PutItem": keyed(a.putItem, modernPut, on(func(in *dynamodb.PutItemInput) *string { return in.TableName }),
			func(ctx context.Context, in *dynamodb.PutItemInput) authz.Late {
				return a.late(ctx, in.TableName, expression.Request{Condition: in.ConditionExpression, Names: in.ExpressionAttributeNames}, in.Item)
			}, func(in *dynamodb.PutItemInput) map[string][]string {
				return plain(keyReturn, string(in.ReturnValues), keyCapacity, string(in.ReturnConsumedCapacity))
			}),
		"GetItem": keyed(a.getItem, modernGet, on(func(in *dynamodb.GetItemInput) *string { return in.TableName }),
			func(ctx context.Context, in *dynamodb.GetItemInput) authz.Late {
				return a.late(ctx, in.TableName, expression.Request{Projection: in.ProjectionExpression, Names: in.ExpressionAttributeNames}, in.Key)
			}, func(in *dynamodb.GetItemInput) map[string][]string {
				return plain(keySelect, asksFor("", in.ProjectionExpression), keyCapacity, string(in.ReturnConsumedCapacity))
			}),
		"UpdateItem": keyed(a.updateItem, modernUpdate, on(func(in *dynamodb.UpdateItemInput) *string { return in.TableName }),
			func(ctx context.Context, in *dynamodb.UpdateItemInput) authz.Late {
				return a.late(ctx, in.TableName, expression.Request{Condition: in.ConditionExpression, Update: in.UpdateExpression, Names: in.ExpressionAttributeNames}, in.Key)
			}, func(in *dynamodb.UpdateItemInput) map[string][]string {
				return plain(keyReturn, string(in.ReturnValues), keyCapacity, string(in.ReturnConsumedCapacity))
			}),
		"DeleteItem": keyed(a.deleteItem, modernDelete, on(func(in *dynamodb.DeleteItemInput) *string { return in.TableName }),
			func(ctx context.Context, in *dynamodb.DeleteItemInput) authz.Late {
				return a.late(ctx, in.TableName, expression.Request{Condition: in.ConditionExpression, Names: in.ExpressionAttributeNames}, in.Key)
			}, func(in *dynamodb.DeleteItemInput) map[string][]string {
				return plain(keyReturn, string(in.ReturnValues), keyCapacity, string(in.ReturnConsumedCapacity))
			}),
		"Query": keyed(a.query, modernQuery, onIndex(func(in *dynamodb.QueryInput) (*string, *string) { return in.TableName, in.IndexName }), a.lateOfQuery,
			func(in *dynamodb.QueryInput) map[string][]string {
				return plain(keySelect, asksFor(in.Select, in.ProjectionExpression), keyCapacity, string(in.ReturnConsumedCapacity))
			}),
		"Scan": keyed(a.scan, modernScan, onIndex(func(in *dynamodb.ScanInput) (*string, *string) { return in.TableName, in.IndexName }),
			func(_ context.Context, in *dynamodb.ScanInput) authz.Late {
				return authz.Late{keyAttributes: func() map[string][]string {
					return map[string][]string{keyAttributes: expression.Attributes(expression.Request{Filter: in.FilterExpression,
						Projection: in.ProjectionExpression, Names: in.ExpressionAttributeNames})}
				}}
			}, func(in *dynamodb.ScanInput) map[string][]string {
				return plain(keySelect, asksFor(in.Select, in.ProjectionExpression), keyCapacity, string(in.ReturnConsumedCapacity))
			}),
		"BatchGetItem":       wire.Op(a.batchGetItem, wire.SelfAuthorized[dynamodb.BatchGetItemInput]()),
		"BatchWriteItem":     wire.Op(a.batchWriteItem, wire.SelfAuthorized[dynamodb.BatchWriteItemInput]()),
		"TransactGetItems":   wire.Op(a.transactGetItems, wire.SelfAuthorized[dynamodb.TransactGetItemsInput]()),
		"TransactWriteItems": wire.Op(a.transactWriteItems, wire.SelfAuthorized[dynamodb.TransactWriteItemsInput]()),
	}
}

// may asks for an action on a table, of operations that touch several.
func (a *API) may(ctx context.Context, action, table string, late authz.Late, keys map[string][]string) error {
	q := wire.CallFrom(ctx).Question("dynamodb:"+action, resource(ctx, aws.String(table)))
	q.Late = late
	maps.Copy(q.Keys, keys)
	return a.Authorize(ctx, q)
}
