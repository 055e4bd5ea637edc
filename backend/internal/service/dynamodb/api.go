package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// API serves DynamoDB and DynamoDB Streams.
type API struct {
	Store *Store
	Clock *clock.Clock
	IDs   *ident.Source
	// Authorize asks whether the caller may do an action: of the operations that touch several tables.
	Authorize func(ctx context.Context, q authz.Question) error
}

// on names the table that an operation needs its action on.
func on[I any](name func(in *I) *string) wire.Option[I] {
	return wire.Resource(func(ctx context.Context, in *I) string { return resource(ctx, name(in)) })
}

// onIndex is on for an operation that may read an index of the table.
func onIndex[I any](name func(in *I) (table, index *string)) wire.Option[I] {
	return wire.Resource(func(ctx context.Context, in *I) string {
		table, index := name(in)
		if index != nil {
			return resource(ctx, table) + "/index/" + *index
		}
		return resource(ctx, table)
	})
}

// resource is the ARN of a table that is given by name or ARN.
func resource(ctx context.Context, name *string) string {
	if _, _, _, ok := splitTable(aws.ToString(name)); ok {
		return *name
	}
	call := wire.CallFrom(ctx)
	return tableARN(call.Region, call.Account, aws.ToString(name))
}

// Service is DynamoDB for the wire.
func (a *API) Service() wire.Service {
	ops := map[string]wire.Operation{
		"CreateTable": wire.Op(a.createTable, on(func(in *dynamodb.CreateTableInput) *string { return in.TableName }),
			wire.Also(func(ctx context.Context, in *dynamodb.CreateTableInput) []wire.Need {
				if !wire.Tagged(in) {
					return nil
				}
				return []wire.Need{{Action: "dynamodb:TagResource", Resource: resource(ctx, in.TableName)}} // API: CreateTable
			})),
		"DescribeTable":             wire.Op(a.describeTable, on(func(in *dynamodb.DescribeTableInput) *string { return in.TableName })),
		"UpdateTable":               wire.Op(a.updateTable, on(func(in *dynamodb.UpdateTableInput) *string { return in.TableName })),
		"DeleteTable":               wire.Op(a.deleteTable, on(func(in *dynamodb.DeleteTableInput) *string { return in.TableName })),
		"ListTables":                wire.Op(a.listTables, wire.Unbound[dynamodb.ListTablesInput]()),
		"DescribeLimits":            wire.Op(a.describeLimits, wire.Unbound[dynamodb.DescribeLimitsInput]()),
		"UpdateTimeToLive":          wire.Op(a.updateTimeToLive, on(func(in *dynamodb.UpdateTimeToLiveInput) *string { return in.TableName })),
		"DescribeTimeToLive":        wire.Op(a.describeTimeToLive, on(func(in *dynamodb.DescribeTimeToLiveInput) *string { return in.TableName })),
		"DescribeContinuousBackups": wire.Op(a.describeContinuousBackups, on(func(in *dynamodb.DescribeContinuousBackupsInput) *string { return in.TableName })),
		"TagResource":               wire.Op(a.tagResource, on(func(in *dynamodb.TagResourceInput) *string { return in.ResourceArn })),
		"UntagResource":             wire.Op(a.untagResource, on(func(in *dynamodb.UntagResourceInput) *string { return in.ResourceArn })),
		"ListTagsOfResource":        wire.Op(a.listTags, on(func(in *dynamodb.ListTagsOfResourceInput) *string { return in.ResourceArn })),
	}
	maps.Copy(ops, a.itemOperations())
	return wire.Service{API: wire.DynamoDBAPI(), Fault: toAWS, Operations: ops}
}

// refused is an error with the item that a condition has refused, where the caller wants it.
type refused struct{ item expression.Item }

func (*refused) Error() string { return errCondition.Message }

func toAWS(_ context.Context, _ string, err error) *wire.Error {
	if e, ok := errors.AsType[expression.Error](err); ok {
		return wire.Errorf(http.StatusBadRequest, "ValidationException", "%s", e)
	}
	if r, ok := errors.AsType[*refused](err); ok {
		e := wire.Errorf(http.StatusBadRequest, "ConditionalCheckFailedException", "%v", err)
		if r.item != nil {
			e.Members = map[string]json.RawMessage{"Item": expression.EncodeItem(r.item)}
		}
		return e
	}
	codes := map[fault.Kind]string{fault.NotFound: "ResourceNotFoundException", fault.Exists: "ResourceInUseException", fault.Conflict: "ResourceInUseException",
		fault.Invalid: "ValidationException", fault.Unsupported: "ValidationException", fault.Denied: "AccessDeniedException",
		fault.Precondition: "ConditionalCheckFailedException"}
	if code, ok := codes[fault.KindOf(err)]; ok {
		return wire.Errorf(http.StatusBadRequest, code, "%v", err)
	}
	return nil
}

// unsupported refuses a parameter by name.
func unsupported(parameter, operation string) error {
	return fault.New(fault.Unsupported, "lambdasim does not simulate %s of dynamodb:%s yet", parameter, operation)
}

// refuse refuses parameters that are given and not simulated.
func refuse(operation string, given map[string]bool) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if given[name] {
			return unsupported(name, operation)
		}
	}
	return nil
}

// table finds the table that an operation names. Operations on items have a shorter word for one that is missing than those
// on tables.
func (a *API) table(ctx context.Context, name *string) (*table, error) {
	if name == nil {
		return nil, wire.Validation(wire.NotNull("tableName"))
	}
	call := wire.CallFrom(ctx)
	account, region, plain := call.Account, call.Region, *name
	if p, of, below, ok := splitTable(*name); ok {
		if below != "" {
			return nil, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", *name)
		}
		account, region, plain = p.Account, p.Region, of
	} else if n := len(*name); n < 3 || n > 255 {
		return nil, invalid("TableName must be at least 3 characters long and at most 255 characters long")
	} else if !tableName.MatchString(*name) {
		return nil, wire.Validation(wire.Pattern("tableName", *name, "[a-zA-Z0-9_.-]+"))
	}
	return a.Store.get(ctx, account, region, plain)
}

// wholeTable is table for operations on tables.
func (a *API) wholeTable(ctx context.Context, name *string) (*table, error) {
	t, err := a.table(ctx, name)
	if fault.Is(err, fault.NotFound) {
		plain := aws.ToString(name)
		if _, of, _, ok := splitTable(plain); ok {
			plain = of
		}
		return nil, missingTable(plain)
	}
	return t, err
}
