package lambda

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// versionOperations are those on versions, aliases, whole policies and concurrency.
func (a *API) versionOperations() map[string]wire.Operation {
	return map[string]wire.Operation{
		"PublishVersion":       on(a.publishVersion),
		"CreateAlias":          on(a.createAlias),
		"GetAlias":             on(a.getAlias),
		"UpdateAlias":          on(a.updateAlias),
		"DeleteAlias":          on(a.deleteAlias),
		"ListAliases":          on(a.listAliases),
		"PutResourcePolicy":    onWhole(a.putResourcePolicy, "lambda:AddPermission", "lambda:RemovePermission"),
		"GetResourcePolicy":    onWhole(a.getResourcePolicy, "lambda:GetPolicy"),
		"DeleteResourcePolicy": onWhole(a.deleteResourcePolicy, "lambda:RemovePermission"),
	}
}

// unqualified reads a reference to a function of the caller's account for an operation that takes no version or alias.
func unqualified(ctx context.Context, name *string, more ...wire.Violation) (function.Key, error) {
	k, ref, err := own(ctx, name, nil, more...)
	if err == nil && ref.Qualifier != "" && ref.Qualifier != function.Latest {
		err = functionsOnly()
	}
	return k, err
}

func (a *API) publishVersion(ctx context.Context, in *lambda.PublishVersionInput) (*lambda.PublishVersionOutput, error) {
	k, err := unqualified(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	if err := refuse("PublishVersion", map[string]bool{"PublishTo": in.PublishTo != ""}); err != nil {
		return nil, err
	}
	if d := aws.ToString(in.Description); len(d) > maxDescription {
		return nil, wire.Validation(wire.MaxLength("description", d, maxDescription))
	}
	v, err := a.Functions.Publish(ctx, k, function.Publication{Description: in.Description, RevisionID: aws.ToString(in.RevisionId), CodeSHA256: aws.ToString(in.CodeSha256)})
	if err != nil {
		return nil, err
	}
	out := into[lambda.PublishVersionOutput](v)
	out.FunctionArn = aws.String(v.QualifiedARN())
	return out, nil
}

func (a *API) deleteFunction(ctx context.Context, in *lambda.DeleteFunctionInput) (*lambda.DeleteFunctionOutput, error) {
	k, ref, err := own(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	gone := &lambda.DeleteFunctionOutput{StatusCode: http.StatusNoContent}
	if ref.Qualifier == "" {
		return gone, a.Functions.Delete(ctx, k)
	}
	if _, _, err := a.Functions.Get(ctx, k); err != nil {
		return nil, err
	}
	switch {
	case ref.Qualifier == function.Latest:
		return nil, invalid("$LATEST version cannot be deleted without deleting the function.")
	case function.IsAlias(ref.Qualifier):
		return nil, invalid("Deletion of aliases is not currently supported.")
	case !function.IsVersion(ref.Qualifier):
		return nil, function.NotFound(k.ARN())
	}
	return gone, a.Functions.DeleteVersion(ctx, k, ref.Qualifier)
}

// versionKey orders versions by function and number, $LATEST first.
func versionKey(v *function.Version) string {
	if v.Version == function.Latest {
		return v.Name + "\x00"
	}
	return fmt.Sprintf("%s\x00%20s", v.Name, v.Version)
}

func (a *API) listFunctions(ctx context.Context, in *lambda.ListFunctionsInput) (*lambda.ListFunctionsOutput, error) {
	if in.FunctionVersion != "" && in.FunctionVersion != types.FunctionVersionAll {
		return nil, wire.Validation(wire.Enum("functionVersion", string(in.FunctionVersion), []string{"ALL"}))
	}
	if err := refuse("ListFunctions", map[string]bool{"MasterRegion": in.MasterRegion != nil}); err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	all := in.FunctionVersion == types.FunctionVersionAll
	list, err := a.Functions.List(ctx, call.Account, call.Region, all)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListFunctionsOutput{Functions: []types.FunctionConfiguration{}}
	list, out.NextMarker, err = page(list, in.Marker, in.MaxItems, 50, versionKey)
	for i := range list {
		out.Functions = append(out.Functions, *listed(&list[i], all))
	}
	return out, err
}

func (a *API) listVersions(ctx context.Context, in *lambda.ListVersionsByFunctionInput) (*lambda.ListVersionsByFunctionOutput, error) {
	k, err := unqualified(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	list, err := a.Functions.Versions(ctx, k)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListVersionsByFunctionOutput{Versions: []types.FunctionConfiguration{}}
	list, out.NextMarker, err = page(list, in.Marker, in.MaxItems, 50, versionKey)
	for i := range list {
		out.Versions = append(out.Versions, *listed(&list[i], true))
	}
	return out, err
}

// listed is a version as lists show it: without its state, and without the version of its runtime.
func listed(v *function.Version, qualified bool) *types.FunctionConfiguration {
	c := configuration(v)
	c.State, c.StateReason, c.StateReasonCode, c.RuntimeVersionConfig = "", nil, "", nil
	c.LastUpdateStatus, c.LastUpdateStatusReason, c.LastUpdateStatusReasonCode = "", nil, ""
	if qualified {
		c.FunctionArn = aws.String(v.QualifiedARN())
	}
	return c
}

// aliasARN is the ARN of a function's alias.
func aliasARN(k function.Key, name string) string {
	return arn.QualifiedFunction(k.Region, k.Account, k.Name, name)
}
