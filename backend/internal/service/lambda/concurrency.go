package lambda

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// totalCode is the quota of code storage, in bytes; it is shown, not held.
const totalCode = 75 << 30

// concurrencyOperations are those on reserved and provisioned concurrency.
func (a *API) concurrencyOperations() map[string]wire.Operation {
	return map[string]wire.Operation{
		"GetAccountSettings":                 wire.Op(a.getAccountSettings, wire.Unbound[lambda.GetAccountSettingsInput]()),
		"PutFunctionConcurrency":             on(a.putConcurrency),
		"GetFunctionConcurrency":             on(a.getConcurrency),
		"DeleteFunctionConcurrency":          on(a.deleteConcurrency),
		"PutProvisionedConcurrencyConfig":    on(a.putProvisioned),
		"GetProvisionedConcurrencyConfig":    on(a.getProvisioned),
		"DeleteProvisionedConcurrencyConfig": on(a.deleteProvisioned),
		"ListProvisionedConcurrencyConfigs":  on(a.listProvisioned),
	}
}

func (a *API) getAccountSettings(ctx context.Context, _ *lambda.GetAccountSettingsInput) (*lambda.GetAccountSettingsOutput, error) {
	call := wire.CallFrom(ctx)
	u, err := a.Functions.Usage(ctx, call.Account, call.Region)
	if err != nil {
		return nil, err
	}
	return &lambda.GetAccountSettingsOutput{
		AccountLimit: &types.AccountLimit{CodeSizeUnzipped: maxUnzipped, CodeSizeZipped: maxZipped, ConcurrentExecutions: function.AccountConcurrency,
			TotalCodeSize: totalCode, UnreservedConcurrentExecutions: aws.Int32(int32(u.Unreserved))},
		AccountUsage: &types.AccountUsage{FunctionCount: u.Functions, TotalCodeSize: u.CodeSize},
	}, nil
}

// wholeFunction reads a reference to a function of the caller's account for an operation that takes no version or alias.
func wholeFunction(ctx context.Context, name *string, more ...wire.Violation) (function.Key, error) {
	k, ref, err := own(ctx, name, nil, more...)
	if err == nil && ref.Qualifier != "" {
		err = functionsOnly()
	}
	return k, err
}

func functionsOnly() error {
	return invalid("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.")
}

func (a *API) putConcurrency(ctx context.Context, in *lambda.PutFunctionConcurrencyInput) (*lambda.PutFunctionConcurrencyOutput, error) {
	var v []wire.Violation
	if n := *in.ReservedConcurrentExecutions; n < 0 {
		v = append(v, wire.AtLeast("reservedConcurrentExecutions", int(n), 0))
	}
	k, err := wholeFunction(ctx, in.FunctionName, v...)
	if err != nil {
		return nil, err
	}
	if err := a.Functions.Reserve(ctx, k, aws.Int(int(*in.ReservedConcurrentExecutions))); err != nil {
		return nil, missingLatest(k, err)
	}
	return &lambda.PutFunctionConcurrencyOutput{ReservedConcurrentExecutions: in.ReservedConcurrentExecutions}, nil
}

// missingLatest names $LATEST where the function does not exist, as recorded of these operations.
func missingLatest(k function.Key, err error) error {
	if fault.Is(err, fault.NotFound) {
		return function.NotFound(arn.QualifiedFunction(k.Region, k.Account, k.Name, function.Latest))
	}
	return err
}

func (a *API) getConcurrency(ctx context.Context, in *lambda.GetFunctionConcurrencyInput) (*lambda.GetFunctionConcurrencyOutput, error) {
	k, err := wholeFunction(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	n, err := a.Functions.Reserved(ctx, k)
	return &lambda.GetFunctionConcurrencyOutput{ReservedConcurrentExecutions: narrow(n)}, err
}

func narrow(n *int) *int32 {
	if n == nil {
		return nil
	}
	return aws.Int32(int32(*n))
}

func (a *API) deleteConcurrency(ctx context.Context, in *lambda.DeleteFunctionConcurrencyInput) (*lambda.DeleteFunctionConcurrencyOutput, error) {
	k, err := wholeFunction(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionConcurrencyOutput{}, missingLatest(k, a.Functions.Reserve(ctx, k, nil))
}

// provisionTarget reads the version or alias of an operation on provisioned concurrency.
func provisionTarget(ctx context.Context, name, qualifier *string, latest error, more ...wire.Violation) (function.Key, string, error) {
	k, ref, err := own(ctx, name, qualifier, more...)
	if err == nil && (ref.Qualifier == "" || ref.Qualifier == function.Latest) {
		err = latest
	}
	return k, ref.Qualifier, err
}

func noVersion() error {
	return invalid("The function resource provided must be an alias or a published version.")
}

// requestedItem is a configuration as it was asked for.
func requestedItem(k function.Key, p *function.Provisioned) *types.ProvisionedConcurrencyConfigListItem {
	return &types.ProvisionedConcurrencyConfigListItem{FunctionArn: aws.String(aliasARN(k, p.Qualifier)),
		RequestedProvisionedConcurrentExecutions: aws.Int32(int32(p.Requested)), LastModified: aws.String(p.Modified.Format("2006-01-02T15:04:05-0700"))}
}

// provisionedItem is a configuration with what has come of it.
func (a *API) provisionedItem(ctx context.Context, k function.Key, p *function.Provisioned) (*types.ProvisionedConcurrencyConfigListItem, error) {
	version := p.Qualifier
	if function.IsAlias(version) {
		alias, err := a.Functions.Alias(ctx, k, version)
		if err != nil {
			return nil, err
		}
		version = alias.Version
	}
	item := requestedItem(k, p)
	got, settled := a.Invoker.Preparation(k, version, p.Requested)
	ready := int32(got.Ready)
	item.AllocatedProvisionedConcurrentExecutions, item.AvailableProvisionedConcurrentExecutions = &ready, &ready
	switch {
	case !settled:
		item.Status = types.ProvisionedConcurrencyStatusEnumInProgress
	case got.Failure != "":
		item.Status, item.StatusReason = types.ProvisionedConcurrencyStatusEnumFailed, &got.Failure
	default:
		item.Status = types.ProvisionedConcurrencyStatusEnumReady
	}
	return item, nil
}

func (a *API) putProvisioned(ctx context.Context, in *lambda.PutProvisionedConcurrencyConfigInput) (*lambda.PutProvisionedConcurrencyConfigOutput, error) {
	var v []wire.Violation
	n := int(*in.ProvisionedConcurrentExecutions)
	if n < 1 {
		v = append(v, wire.AtLeast("provisionedConcurrentExecutions", n, 1))
	}
	k, qualifier, err := provisionTarget(ctx, in.FunctionName, in.Qualifier, function.Unpublished(), v...)
	if err != nil {
		return nil, err
	}
	p, err := a.Functions.Provision(ctx, k, qualifier, n)
	if err != nil {
		return nil, err
	}
	out := repeat[lambda.PutProvisionedConcurrencyConfigOutput](requestedItem(k, p))
	a.Invoker.Provision(k.ARN())
	out.Status = types.ProvisionedConcurrencyStatusEnumInProgress // whatever has come of it by now
	out.AllocatedProvisionedConcurrentExecutions, out.AvailableProvisionedConcurrentExecutions = aws.Int32(0), aws.Int32(0)
	return out, nil
}

func (a *API) getProvisioned(ctx context.Context, in *lambda.GetProvisionedConcurrencyConfigInput) (*lambda.GetProvisionedConcurrencyConfigOutput, error) {
	k, qualifier, err := provisionTarget(ctx, in.FunctionName, in.Qualifier, noVersion())
	if err != nil {
		return nil, err
	}
	p, err := a.Functions.ProvisionedBy(ctx, k, qualifier)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Detail == function.DetailNotProvisioned {
		return nil, wire.Errorf(http.StatusNotFound, "ProvisionedConcurrencyConfigNotFoundException", "%s", f.Message)
	}
	if err != nil {
		return nil, err
	}
	item, err := a.provisionedItem(ctx, k, p)
	if err != nil {
		return nil, err
	}
	return repeat[lambda.GetProvisionedConcurrencyConfigOutput](item), nil
}

func (a *API) deleteProvisioned(ctx context.Context, in *lambda.DeleteProvisionedConcurrencyConfigInput) (*lambda.DeleteProvisionedConcurrencyConfigOutput, error) {
	k, qualifier, err := provisionTarget(ctx, in.FunctionName, in.Qualifier, noVersion())
	if err != nil {
		return nil, err
	}
	if err := a.Functions.Unprovision(ctx, k, qualifier); err != nil {
		return nil, err
	}
	a.Invoker.Provision(k.ARN())
	return &lambda.DeleteProvisionedConcurrencyConfigOutput{}, nil
}

func (a *API) listProvisioned(ctx context.Context, in *lambda.ListProvisionedConcurrencyConfigsInput) (*lambda.ListProvisionedConcurrencyConfigsOutput, error) {
	const most = 50 // of MaxItems (API model)
	if n := aws.ToInt32(in.MaxItems); n > most {
		return nil, wire.Validation(wire.AtMost("maxItems", int(n), most))
	}
	k, err := unqualified(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	list, err := a.Functions.Provisions(ctx, k)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListProvisionedConcurrencyConfigsOutput{ProvisionedConcurrencyConfigs: []types.ProvisionedConcurrencyConfigListItem{}}
	list, out.NextMarker, err = page(list, in.Marker, in.MaxItems, most, func(p *function.Provisioned) string { return p.Qualifier })
	for i := range list {
		item, err := a.provisionedItem(ctx, k, &list[i])
		if err != nil {
			return nil, err
		}
		out.ProvisionedConcurrencyConfigs = append(out.ProvisionedConcurrencyConfigs, *item)
	}
	return out, err
}
