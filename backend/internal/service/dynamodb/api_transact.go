package dynamodb

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// maxTransaction is how many operations a transaction has at most (API: TransactWriteItems).
const maxTransaction = 100

func tooMany(n int) error {
	if n < 1 {
		return wire.Validation(wire.MinLength("transactItems", "[]", 1))
	}
	return wire.Validation(wire.Violation{Value: "[...]", Path: "transactItems", Constraint: fmt.Sprintf("Member must have length less than or equal to %d", maxTransaction)})
}

// distinct refuses a transaction with two operations on one item.
func (g *group) distinct() error {
	seen := map[cellKey]bool{}
	for _, o := range g.ops {
		if seen[o.cellKey()] {
			return invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[o.cellKey()] = true
	}
	return nil
}

// transacted is one operation of a transaction, as its four kinds have it in common.
type transacted struct {
	action        string // of IAM
	table         *string
	item          map[string]types.AttributeValue // or key
	verb          verb
	condition     *string
	update        *string
	names         map[string]string
	values        map[string]types.AttributeValue
	returnsOnFail types.ReturnValuesOnConditionCheckFailure
}

func transactedOf(it types.TransactWriteItem) (transacted, error) {
	var out []transacted
	if p := it.Put; p != nil {
		out = append(out, transacted{"PutItem", p.TableName, p.Item, put, p.ConditionExpression, nil, p.ExpressionAttributeNames, p.ExpressionAttributeValues, p.ReturnValuesOnConditionCheckFailure})
	}
	if u := it.Update; u != nil {
		out = append(out, transacted{"UpdateItem", u.TableName, u.Key, update, u.ConditionExpression, u.UpdateExpression, u.ExpressionAttributeNames, u.ExpressionAttributeValues, u.ReturnValuesOnConditionCheckFailure})
	}
	if d := it.Delete; d != nil {
		out = append(out, transacted{"DeleteItem", d.TableName, d.Key, remove, d.ConditionExpression, nil, d.ExpressionAttributeNames, d.ExpressionAttributeValues, d.ReturnValuesOnConditionCheckFailure})
	}
	if c := it.ConditionCheck; c != nil {
		out = append(out, transacted{"ConditionCheckItem", c.TableName, c.Key, check, c.ConditionExpression, nil, c.ExpressionAttributeNames, c.ExpressionAttributeValues, c.ReturnValuesOnConditionCheckFailure})
	}
	switch {
	case len(out) != 1:
		return transacted{}, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	case it.ConditionCheck != nil && it.ConditionCheck.ConditionExpression == nil:
		return transacted{}, wire.Validation(wire.NotNull("transactItems.1.member.conditionCheck.conditionExpression"))
	case it.Update != nil && it.Update.UpdateExpression == nil:
		return transacted{}, wire.Validation(wire.NotNull("transactItems.1.member.update.updateExpression"))
	}
	return out[0], nil
}

// op checks the operation.
func (x *transacted) op(t *table) (*op, error) {
	takes := []string{"ConditionExpression"}
	if x.verb == update {
		takes = []string{"UpdateExpression", "ConditionExpression"}
	}
	e, err := expressions(expression.Request{Condition: x.condition, Update: x.update, Takes: takes}, x.names, x.values)
	if err != nil {
		return nil, err
	}
	var o *op
	switch x.verb {
	case put:
		o, err = t.putOp(x.item)
	case update:
		return t.updateOp(x.item, e)
	default:
		o, err = t.keyOp(x.verb, x.item)
	}
	if err == nil {
		o.condition = e.Condition
	}
	return o, err
}

func (a *API) transactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
	if n := len(in.TransactItems); n < 1 || n > maxTransaction {
		return nil, tooMany(n)
	}
	g := &group{}
	var list []transacted
	var digest strings.Builder
	for _, it := range in.TransactItems {
		x, err := transactedOf(it)
		if err != nil {
			return nil, err
		}
		if err := a.may(ctx, x.action, aws.ToString(x.table),
			a.late(ctx, x.table, expression.Request{Condition: x.condition, Update: x.update, Names: x.names}, x.item),
			plain(keyEnclosing, "TransactWriteItems", keyCapacity, string(in.ReturnConsumedCapacity))); err != nil {
			return nil, err
		}
		t, err := a.table(ctx, x.table)
		if err != nil {
			return nil, err
		}
		if err := metrics("TransactWriteItems", in.ReturnItemCollectionMetrics, t); err != nil {
			return nil, err
		}
		o, err := x.op(t)
		if err != nil {
			return nil, err
		}
		x.digest(&digest, o)
		list = append(list, x)
		g.ops = append(g.ops, o)
	}
	if err := g.distinct(); err != nil {
		return nil, err
	}
	c := &call{groups: []*group{g}}
	if in.ClientRequestToken != nil {
		if n := len(*in.ClientRequestToken); n < 1 || n > 36 {
			return nil, wire.Validation(wire.MaxLength("clientRequestToken", *in.ClientRequestToken, 36))
		}
		sum := sha256.Sum256([]byte(digest.String()))
		c.token = &token{account: wire.CallFrom(ctx).Account, text: *in.ClientRequestToken, request: sum[:]}
	}
	if err := a.Store.write(ctx, c); err != nil {
		return nil, err
	}
	if c.err != nil {
		return nil, c.err
	}
	if g.err() != nil {
		return nil, canceled(g, list)
	}
	return &dynamodb.TransactWriteItemsOutput{ConsumedCapacity: sumsOf(g, func(o *op) float64 { return 2 * o.units() }).list(in.ReturnConsumedCapacity)}, nil
}

// digest appends what the operation asks, for the comparison of requests with one token.
func (x *transacted) digest(b *strings.Builder, o *op) {
	values := expression.Item{}
	for name, v := range x.values {
		values[name], _ = valueOf(v) // checked when it was compiled
	}
	names, _ := json.Marshal(x.names) // texts
	fmt.Fprintf(b, "%s %q %s %q %q %s %s\n", x.action, o.table.arn(), expression.EncodeItem(o.item), aws.ToString(x.condition), aws.ToString(x.update), names, expression.EncodeItem(values))
}

// canceled is the answer to a transaction of which an operation was refused, with a reason for each.
func canceled(g *group, list []transacted) error {
	type reason struct {
		Code    string
		Message string          `json:",omitempty"`
		Item    json.RawMessage `json:",omitempty"`
	}
	reasons := make([]reason, len(g.ops))
	codes := make([]string, len(g.ops))
	for i, o := range g.ops {
		switch {
		case o.err == nil:
			reasons[i].Code = "None"
		case errors.Is(o.err, errCondition):
			reasons[i] = reason{Code: "ConditionalCheckFailed", Message: errCondition.Message}
			if list[i].returnsOnFail == types.ReturnValuesOnConditionCheckFailureAllOld && o.was != nil {
				reasons[i].Item = expression.EncodeItem(o.was)
			}
		case fault.Is(o.err, fault.NotFound):
			return o.err
		default:
			reasons[i] = reason{Code: "ValidationError", Message: o.err.Error()}
		}
		codes[i] = reasons[i].Code
	}
	text, err := json.Marshal(reasons)
	if err != nil {
		return err
	}
	e := wire.Errorf(http.StatusBadRequest, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	e.Members = map[string]json.RawMessage{"CancellationReasons": text}
	return e
}

// sums are capacity units by table.
type sums map[*table]float64

func sumsOf(g *group, units func(*op) float64) sums {
	s := sums{}
	for _, o := range g.ops {
		s[o.table] += units(o)
	}
	return s
}

func (s sums) list(asked types.ReturnConsumedCapacity) []types.ConsumedCapacity {
	var out []types.ConsumedCapacity
	for _, t := range slices.SortedFunc(maps.Keys(s), func(x, y *table) int { return strings.Compare(x.name, y.name) }) {
		if c := consumed(asked, t, nil, s[t]); c != nil {
			out = append(out, *c)
		}
	}
	return out
}
