package lambda

import (
	"context"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// managementOperations are those on recursion, on the updates of runtimes and on code signing. There are no code signing
// configurations here: what asks for one is answered as AWS answers where there is none, and making one is refused by name.
func (a *API) managementOperations() map[string]wire.Operation {
	return map[string]wire.Operation{
		"PutFunctionRecursionConfig":      on(a.putRecursion),
		"GetFunctionRecursionConfig":      on(a.getRecursion),
		"PutRuntimeManagementConfig":      on(a.putRuntimeUpdates),
		"GetRuntimeManagementConfig":      on(a.getRuntimeUpdates),
		"GetFunctionCodeSigningConfig":    on(a.getFunctionSigning),
		"PutFunctionCodeSigningConfig":    on(a.putFunctionSigning),
		"DeleteFunctionCodeSigningConfig": on(a.deleteFunctionSigning),
		"ListCodeSigningConfigs":          wire.Op(a.listSigning, wire.Unbound[lambda.ListCodeSigningConfigsInput]()),
		"GetCodeSigningConfig": wire.Op(a.getSigning, wire.Resource(func(_ context.Context, in *lambda.GetCodeSigningConfigInput) string {
			return *in.CodeSigningConfigArn
		})),
		"UpdateCodeSigningConfig": wire.Op(a.updateSigning, wire.Resource(func(_ context.Context, in *lambda.UpdateCodeSigningConfigInput) string {
			return *in.CodeSigningConfigArn
		})),
		"DeleteCodeSigningConfig": wire.Op(a.deleteSigning, wire.Resource(func(_ context.Context, in *lambda.DeleteCodeSigningConfigInput) string {
			return *in.CodeSigningConfigArn
		})),
		"ListFunctionsByCodeSigningConfig": wire.Op(a.listSigned, wire.Resource(func(_ context.Context, in *lambda.ListFunctionsByCodeSigningConfigInput) string {
			return *in.CodeSigningConfigArn
		})),
	}
}

func (a *API) putRecursion(ctx context.Context, in *lambda.PutFunctionRecursionConfigInput) (*lambda.PutFunctionRecursionConfigOutput, error) {
	var v []wire.Violation
	if !slices.Contains(in.RecursiveLoop.Values(), in.RecursiveLoop) {
		v = append(v, wire.Enum("recursiveLoop", string(in.RecursiveLoop), []string{function.Terminate, function.Allow}))
	}
	k, err := wholeFunction(ctx, in.FunctionName, v...)
	if err != nil {
		return nil, err
	}
	if err := a.Functions.SetRecursion(ctx, k, string(in.RecursiveLoop)); err != nil {
		return nil, err
	}
	return &lambda.PutFunctionRecursionConfigOutput{RecursiveLoop: in.RecursiveLoop}, nil
}

func (a *API) getRecursion(ctx context.Context, in *lambda.GetFunctionRecursionConfigInput) (*lambda.GetFunctionRecursionConfigOutput, error) {
	k, err := wholeFunction(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	mode, err := a.Functions.Recursion(ctx, k)
	return &lambda.GetFunctionRecursionConfigOutput{RecursiveLoop: types.RecursiveLoop(mode)}, err
}

// managedVersion reads the version of an operation on the updates of its runtime.
func managedVersion(ctx context.Context, name, qualifier *string, more ...wire.Violation) (function.Key, string, error) {
	k, ref, err := own(ctx, name, qualifier, more...)
	switch {
	case err != nil:
		return k, "", err
	case ref.Qualifier == "":
		return k, function.Latest, nil
	case function.IsAlias(ref.Qualifier):
		return k, "", invalid("Runtime management is of $LATEST or of a published version, and %s is the name of an alias.", ref.Qualifier)
	}
	return k, ref.Qualifier, nil
}

func (a *API) putRuntimeUpdates(ctx context.Context, in *lambda.PutRuntimeManagementConfigInput) (*lambda.PutRuntimeManagementConfigOutput, error) {
	var v []wire.Violation
	if !slices.Contains(in.UpdateRuntimeOn.Values(), in.UpdateRuntimeOn) {
		v = append(v, wire.Enum("updateRuntimeOn", string(in.UpdateRuntimeOn), []string{"Auto", "Manual", "FunctionUpdate"}))
	}
	k, version, err := managedVersion(ctx, in.FunctionName, in.Qualifier, v...)
	if err != nil {
		return nil, err
	}
	manual := in.UpdateRuntimeOn == types.UpdateRuntimeOnManual
	if manual != (in.RuntimeVersionArn != nil) {
		return nil, invalid("RuntimeVersionArn goes with UpdateRuntimeOn Manual, and with nothing else.")
	}
	if err := a.Functions.SetRuntimeUpdates(ctx, k, version, function.RuntimeUpdates{On: string(in.UpdateRuntimeOn), Runtime: aws.ToString(in.RuntimeVersionArn)}); err != nil {
		return nil, err
	}
	return &lambda.PutRuntimeManagementConfigOutput{FunctionArn: aws.String(arn.QualifiedFunction(k.Region, k.Account, k.Name, version)),
		UpdateRuntimeOn: in.UpdateRuntimeOn, RuntimeVersionArn: in.RuntimeVersionArn}, nil
}

func (a *API) getRuntimeUpdates(ctx context.Context, in *lambda.GetRuntimeManagementConfigInput) (*lambda.GetRuntimeManagementConfigOutput, error) {
	k, version, err := managedVersion(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	u, err := a.Functions.RuntimeUpdates(ctx, k, version)
	if err != nil {
		return nil, err
	}
	return &lambda.GetRuntimeManagementConfigOutput{FunctionArn: aws.String(arn.QualifiedFunction(k.Region, k.Account, k.Name, version)),
		UpdateRuntimeOn: types.UpdateRuntimeOn(u.On), RuntimeVersionArn: optional(u.Runtime)}, nil
}

// signable finds the function of an operation on its code signing.
func (a *API) signable(ctx context.Context, name *string) error {
	k, err := unqualified(ctx, name)
	if err != nil {
		return err
	}
	_, _, err = a.Functions.Get(ctx, k)
	return err
}

func (a *API) getFunctionSigning(ctx context.Context, in *lambda.GetFunctionCodeSigningConfigInput) (*lambda.GetFunctionCodeSigningConfigOutput, error) {
	return &lambda.GetFunctionCodeSigningConfigOutput{}, a.signable(ctx, in.FunctionName) // no function has one
}

func (a *API) putFunctionSigning(ctx context.Context, in *lambda.PutFunctionCodeSigningConfigInput) (*lambda.PutFunctionCodeSigningConfigOutput, error) {
	if err := a.signable(ctx, in.FunctionName); err != nil {
		return nil, err
	}
	return nil, noSigningConfig(*in.CodeSigningConfigArn)
}

func (a *API) deleteFunctionSigning(ctx context.Context, in *lambda.DeleteFunctionCodeSigningConfigInput) (*lambda.DeleteFunctionCodeSigningConfigOutput, error) {
	return &lambda.DeleteFunctionCodeSigningConfigOutput{}, a.signable(ctx, in.FunctionName)
}

// noSigningConfig is Lambda's answer to giving a function a code signing configuration that does not exist.
func noSigningConfig(configARN string) error {
	return wire.Errorf(http.StatusNotFound, "CodeSigningConfigNotFoundException",
		"The code signing configuration cannot be found. Check that the provided configuration is not deleted: %s.", configARN)
}

// noSigning is Lambda's answer to asking for a code signing configuration that does not exist.
func noSigning(configARN *string) error {
	return &wire.Error{Status: http.StatusNotFound, Code: "ResourceNotFoundException", NoType: true,
		Message: "The Lambda code signing configuration " + *configARN + " can not be found."}
}

func (a *API) listSigning(context.Context, *lambda.ListCodeSigningConfigsInput) (*lambda.ListCodeSigningConfigsOutput, error) {
	return &lambda.ListCodeSigningConfigsOutput{CodeSigningConfigs: []types.CodeSigningConfig{}}, nil
}

func (a *API) getSigning(_ context.Context, in *lambda.GetCodeSigningConfigInput) (*lambda.GetCodeSigningConfigOutput, error) {
	return nil, noSigning(in.CodeSigningConfigArn)
}

func (a *API) updateSigning(_ context.Context, in *lambda.UpdateCodeSigningConfigInput) (*lambda.UpdateCodeSigningConfigOutput, error) {
	return nil, noSigning(in.CodeSigningConfigArn)
}

func (a *API) deleteSigning(_ context.Context, in *lambda.DeleteCodeSigningConfigInput) (*lambda.DeleteCodeSigningConfigOutput, error) {
	return nil, noSigning(in.CodeSigningConfigArn)
}

func (a *API) listSigned(_ context.Context, in *lambda.ListFunctionsByCodeSigningConfigInput) (*lambda.ListFunctionsByCodeSigningConfigOutput, error) {
	return nil, noSigning(in.CodeSigningConfigArn)
}
