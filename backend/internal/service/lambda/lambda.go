// Package lambda is AWS Lambda's API: functions, their policies, invocations and event source mappings.
//
// It translates between the API and the core: what a request means, which of its members the simulator acts on, and how
// the core's answers and refusals look to a client. A member that it does not act on is refused by name, never ignored.
package lambda

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/layer"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// API serves Lambda.
type API struct {
	Functions *function.Store
	Events    *invoke.EventConfigs
	URLs      *URLs
	Layers    *layer.Store
	Targets   *target.Targets
	Invoker   *invoke.Invoker
	Poller    *pull.Poller
	Authz     *authz.Authorizer
	Trace     *trace.Recorder
	Clock     *clock.Clock
	IDs       *ident.Source
	// Object reads an S3 object for a function whose code is there. A missing bucket or key is an error with S3's words.
	Object func(ctx context.Context, call *wire.Call, bucket, key, version string) ([]byte, error)
	// CodeURL is where the code of a version can be fetched, for GetFunction.
	CodeURL func(v *function.Version) string
	// LayerURL is where the content of a layer's version can be fetched, by the version's ARN.
	LayerURL func(versionARN string) string
	// Endpoint is where the backend answers, for the addresses of function URLs.
	Endpoint func() string
}

// Service is Lambda for the wire.
func (a *API) Service() wire.Service {
	operations := map[string]wire.Operation{
		"CreateFunction": on(a.createFunction, wire.Resource(madeResource), wire.Also(func(ctx context.Context, in *lambda.CreateFunctionInput) []wire.Need {
			return tagging(in, functionResource(ctx, in))
		}), wire.Keys(func(_ context.Context, in *lambda.CreateFunctionInput) map[string][]string {
			return settingKeys(in.Layers, in.VpcConfig)
		})),
		"GetFunction":              on(a.getFunction),
		"GetFunctionConfiguration": on(a.getFunctionConfiguration),
		"UpdateFunctionCode":       on(a.updateFunctionCode),
		"UpdateFunctionConfiguration": on(a.updateFunctionConfiguration, wire.Keys(func(_ context.Context, in *lambda.UpdateFunctionConfigurationInput) map[string][]string {
			return settingKeys(in.Layers, in.VpcConfig)
		})),
		"DeleteFunction":         on(a.deleteFunction),
		"ListFunctions":          wire.Op(a.listFunctions, wire.Unbound[lambda.ListFunctionsInput]()),
		"ListVersionsByFunction": on(a.listVersions),
		"AddPermission": on(a.addPermission, wire.Keys(func(_ context.Context, in *lambda.AddPermissionInput) map[string][]string {
			return permissionKeys(in.Principal, string(in.FunctionUrlAuthType))
		})),
		"RemovePermission": on(a.removePermission),
		"GetPolicy":        on(a.getPolicy),
		"ListTags":         wire.Op(a.listTags, wire.Resource(func(_ context.Context, in *lambda.ListTagsInput) string { return *in.Resource })),
		"TagResource":      wire.Op(a.tagResource, wire.Resource(func(_ context.Context, in *lambda.TagResourceInput) string { return *in.Resource })),
		"UntagResource":    wire.Op(a.untagResource, wire.Resource(func(_ context.Context, in *lambda.UntagResourceInput) string { return *in.Resource })),

		"InvokeAsync": wire.Op(a.invokeAsync, wire.SelfAuthorized[lambda.InvokeAsyncInput]()),
		"Invoke":      wire.Op(a.invoke, wire.SelfAuthorized[lambda.InvokeInput](), wire.Hot[lambda.InvokeInput]()),

		"CreateEventSourceMapping": wire.Op(a.createMapping, wire.Unbound[lambda.CreateEventSourceMappingInput](),
			wire.Keys(func(ctx context.Context, in *lambda.CreateEventSourceMappingInput) map[string][]string {
				return map[string][]string{functionKey: {functionResource(ctx, in)}}
			}), wire.Also(func(ctx context.Context, in *lambda.CreateEventSourceMappingInput) []wire.Need {
				any := "*" // the mapping has no id yet
				return tagging(in, mappingARN(ctx, &any))
			})),
		"GetEventSourceMapping":    onMapping(a, a.getMapping, func(in *lambda.GetEventSourceMappingInput) *string { return in.UUID }),
		"UpdateEventSourceMapping": onMapping(a, a.updateMapping, func(in *lambda.UpdateEventSourceMappingInput) *string { return in.UUID }),
		"DeleteEventSourceMapping": onMapping(a, a.deleteMapping, func(in *lambda.DeleteEventSourceMappingInput) *string { return in.UUID }),
		"ListEventSourceMappings":  wire.Op(a.listMappings, wire.Unbound[lambda.ListEventSourceMappingsInput]()),
	}
	maps.Copy(operations, a.eventInvoke())
	maps.Copy(operations, a.versionOperations())
	maps.Copy(operations, a.urlOperations())
	maps.Copy(operations, a.concurrencyOperations())
	maps.Copy(operations, a.layerOperations())
	maps.Copy(operations, a.managementOperations())
	return wire.Service{API: wire.LambdaAPI(), Fault: toAWS, Operations: operations, ResourcePolicy: a.grantedPolicy}
}

// complete fills in the region and account of the call where a reference does not say them.
func complete(ctx context.Context, ref arn.FunctionRef) arn.FunctionRef {
	call := wire.CallFrom(ctx)
	if ref.Region == "" {
		ref.Region = call.Region
	}
	if ref.Account == "" {
		ref.Account = call.Account
	}
	return ref
}

// maxQualifier and maxName are the greatest lengths of the API model.
const (
	maxQualifier    = 128
	maxName         = 256
	maxCreateName   = 140
	maxFunctionName = 64
)

// reference reads FunctionName and Qualifier of an operation, with the checks that Lambda makes in its order: syntax,
// agreement of the two qualifiers, region. What else of the request breaks a constraint (more) is reported with the syntax,
// in one message.
func reference(ctx context.Context, name, qualifier *string, more ...wire.Violation) (arn.FunctionRef, error) {
	var v []wire.Violation
	if qualifier != nil {
		if len(*qualifier) > maxQualifier {
			v = append(v, wire.MaxLength("qualifier", *qualifier, maxQualifier))
		}
		if !arn.ValidQualifier(*qualifier) {
			v = append(v, wire.Pattern("qualifier", *qualifier, arn.QualifierPattern))
		}
	}
	ref, err := arn.ParseFunctionRef(*name, false)
	if len(*name) > maxName {
		v = append(v, wire.MaxLength("functionName", *name, maxName))
	}
	if err != nil {
		v = append(v, wire.Pattern("functionName", *name, arn.NamespacedFunctionNamePattern))
	}
	if err := wire.Validation(append(v, more...)...); err != nil {
		return ref, err
	}
	if qualifier != nil {
		if ref.Qualifier != "" && ref.Qualifier != *qualifier {
			return ref, invalid("The derived qualifier from the function name does not match the specified qualifier.")
		}
		ref.Qualifier = *qualifier
	}
	return ref, checkRegion(ctx, ref)
}

func checkRegion(ctx context.Context, ref arn.FunctionRef) error {
	if here := wire.CallFrom(ctx).Region; ref.Region != "" && ref.Region != here {
		return wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", "Functions from '%s' are not reachable in this region ('%s')", ref.Region, here)
	}
	return nil
}

// own reads a reference to a function of the caller's account.
func own(ctx context.Context, name, qualifier *string, more ...wire.Violation) (function.Key, arn.FunctionRef, error) {
	ref, err := reference(ctx, name, qualifier, more...)
	ref = complete(ctx, ref)
	return function.Key{Account: ref.Account, Region: ref.Region, Name: ref.Name}, ref, err
}

func invalid(format string, args ...any) error {
	return wire.Errorf(http.StatusBadRequest, "InvalidParameterValueException", format, args...)
}

// refuse names the members of a request that the simulator does not act on.
func refuse(operation string, set map[string]bool) error {
	var names []string
	for name, given := range set {
		if given {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return invalid("lambdasim does not simulate %s of lambda:%s yet", strings.Join(names, ", "), operation)
}

// toAWS names the faults of the core as Lambda does.
func toAWS(_ context.Context, operation string, err error) *wire.Error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return nil
	}
	switch {
	case f.Kind == fault.Invalid && (operation == "Invoke" || operation == "InvokeAsync"):
		return wire.Errorf(http.StatusBadRequest, "InvalidRequestContentException", "%s", f.Message)
	case f.Kind == fault.Invalid:
		return &wire.Error{Status: http.StatusBadRequest, Code: "InvalidParameterValueException", Message: f.Message, NoType: f.Detail == function.DetailNoType}
	case f.Kind == fault.Unsupported:
		return wire.Errorf(http.StatusBadRequest, "InvalidParameterValueException", "%s", f.Message)
	case f.Kind == fault.TooLarge && f.Detail == function.DetailPolicyLength:
		return wire.Errorf(http.StatusBadRequest, "PolicyLengthExceededException", "%s", f.Message)
	case f.Kind == fault.TooLarge:
		return &wire.Error{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLargeException", Message: f.Message, NoType: true}
	case f.Detail == invoke.DetailRecursion:
		return wire.Errorf(http.StatusBadRequest, "RecursiveInvocationException", "%s", f.Message)
	case f.Kind == fault.Denied:
		return &wire.Error{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: f.Message, NoType: true}
	case f.Kind == fault.Throttled:
		return &wire.Error{Status: http.StatusTooManyRequests, Code: "TooManyRequestsException", Message: f.Message,
			Fields: map[string]string{"Reason": f.Detail}, Headers: map[string]string{"Retry-After": "1"}}
	}
	return nil
}
