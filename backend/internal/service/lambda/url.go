package lambda

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Constraints of function URLs (API model).
const (
	urlQualifierPattern = `((?!^\d+$)^[0-9a-zA-Z-_]+$)`
	maxCORSAge          = 86400 // seconds
	maxURLs             = 50    // of a page
)

var urlQualifierForm = regexp.MustCompile(`^[0-9a-zA-Z-_]+$`)

// urlOperations are the operations on function URLs.
func (a *API) urlOperations() map[string]wire.Operation {
	return map[string]wire.Operation{
		"CreateFunctionUrlConfig": on(a.createURL, wire.Keys(func(_ context.Context, in *lambda.CreateFunctionUrlConfigInput) map[string][]string {
			return urlKeys(in.AuthType)
		})),
		"GetFunctionUrlConfig": on(a.getURL),
		"UpdateFunctionUrlConfig": on(a.updateURL, wire.Keys(func(_ context.Context, in *lambda.UpdateFunctionUrlConfigInput) map[string][]string {
			return urlKeys(in.AuthType)
		})),
		"DeleteFunctionUrlConfig": on(a.deleteURL),
		"ListFunctionUrlConfigs":  on(a.listURLs),
	}
}

func urlKeys(auth types.FunctionUrlAuthType) map[string][]string {
	if auth == "" {
		return nil
	}
	return map[string][]string{"lambda:FunctionUrlAuthType": {string(auth)}}
}

// urlSettings hold what Create and Update are given to the API model.
func urlSettings(auth types.FunctionUrlAuthType, mode types.InvokeMode, cors *types.Cors) []wire.Violation {
	var v []wire.Violation
	if auth != "" && auth != types.FunctionUrlAuthTypeNone && auth != types.FunctionUrlAuthTypeAwsIam {
		v = append(v, wire.Enum("authType", string(auth), []string{"NONE", "AWS_IAM"}))
	}
	if mode != "" && mode != types.InvokeModeBuffered && mode != types.InvokeModeResponseStream {
		v = append(v, wire.Enum("invokeMode", string(mode), []string{"RESPONSE_STREAM", "BUFFERED"}))
	}
	if cors == nil {
		return v
	}
	if n := aws.ToInt32(cors.MaxAge); n < 0 {
		v = append(v, wire.AtLeast("cors.maxAge", int(n), 0))
	} else if n > maxCORSAge {
		v = append(v, wire.AtMost("cors.maxAge", int(n), maxCORSAge))
	}
	return v
}

// urlTarget reads the function and the alias of an operation. missing is the sentence for a function that does not exist.
func (a *API) urlTarget(ctx context.Context, name, qualifier *string, missing string, more ...wire.Violation) (function.Key, arn.FunctionRef, error) {
	if q := qualifier; q != nil && (!urlQualifierForm.MatchString(*q) || function.IsVersion(*q)) {
		more = append(more, wire.Pattern("qualifier", *q, urlQualifierPattern))
		qualifier = nil // the constraint is this one alone
	}
	k, ref, err := own(ctx, name, qualifier, more...)
	if err != nil {
		return k, ref, err
	}
	if _, err := a.Functions.Resolve(ctx, ref); fault.Is(err, fault.NotFound) {
		return k, ref, wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", "%s", missing)
	} else if err != nil {
		return k, ref, err
	}
	return k, ref, nil
}

const (
	noURLFunction = "Function does not exist"
	noURL         = "The resource you requested does not exist."
)

func errNoURL() error {
	return wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", noURL)
}

func (a *API) createURL(ctx context.Context, in *lambda.CreateFunctionUrlConfigInput) (*lambda.CreateFunctionUrlConfigOutput, error) {
	k, ref, err := a.urlTarget(ctx, in.FunctionName, in.Qualifier, noURLFunction, urlSettings(in.AuthType, in.InvokeMode, in.Cors)...)
	if err != nil {
		return nil, err
	}
	u := &functionURL{Function: k, Qualifier: ref.Qualifier, AuthType: in.AuthType, Mode: in.InvokeMode, CORS: in.Cors}
	if u.Mode == "" {
		u.Mode = types.InvokeModeBuffered
	}
	made, err := a.URLs.create(ctx, u)
	if err == nil && !made {
		err = wire.Errorf(http.StatusConflict, "ResourceConflictException",
			"Failed to create function url config for [functionArn = %s]. Error message:  FunctionUrlConfig exists for this Lambda function", ref.ARN())
	}
	if err != nil {
		return nil, err
	}
	return repeat[lambda.CreateFunctionUrlConfigOutput](a.urlConfig(u)), nil
}

func (a *API) getURL(ctx context.Context, in *lambda.GetFunctionUrlConfigInput) (*lambda.GetFunctionUrlConfigOutput, error) {
	k, ref, err := a.urlTarget(ctx, in.FunctionName, in.Qualifier, noURL)
	if err != nil {
		return nil, err
	}
	u, err := a.URLs.get(ctx, k, ref.Qualifier)
	if err == nil && u == nil {
		err = errNoURL()
	}
	if err != nil {
		return nil, err
	}
	return repeat[lambda.GetFunctionUrlConfigOutput](a.urlConfig(u)), nil
}

func (a *API) updateURL(ctx context.Context, in *lambda.UpdateFunctionUrlConfigInput) (*lambda.UpdateFunctionUrlConfigOutput, error) {
	k, ref, err := a.urlTarget(ctx, in.FunctionName, in.Qualifier, noURLFunction, urlSettings(in.AuthType, in.InvokeMode, in.Cors)...)
	if err != nil {
		return nil, err
	}
	u, err := a.URLs.update(ctx, k, ref.Qualifier, func(u *functionURL) {
		if in.AuthType != "" {
			u.AuthType = in.AuthType
		}
		if in.InvokeMode != "" {
			u.Mode = in.InvokeMode
		}
		if in.Cors != nil {
			u.CORS = in.Cors
		}
	})
	if err == nil && u == nil {
		err = errNoURL()
	}
	if err != nil {
		return nil, err
	}
	return repeat[lambda.UpdateFunctionUrlConfigOutput](a.urlConfig(u)), nil
}

func (a *API) deleteURL(ctx context.Context, in *lambda.DeleteFunctionUrlConfigInput) (*lambda.DeleteFunctionUrlConfigOutput, error) {
	k, ref, err := a.urlTarget(ctx, in.FunctionName, in.Qualifier, noURL)
	if err != nil {
		return nil, err
	}
	gone, err := a.URLs.delete(ctx, k, ref.Qualifier)
	if err == nil && !gone {
		err = errNoURL()
	}
	return &lambda.DeleteFunctionUrlConfigOutput{}, err
}

func (a *API) listURLs(ctx context.Context, in *lambda.ListFunctionUrlConfigsInput) (*lambda.ListFunctionUrlConfigsOutput, error) {
	k, _, err := a.urlTarget(ctx, in.FunctionName, nil, noURLFunction)
	if err != nil {
		return nil, err
	}
	list, err := a.URLs.list(ctx, k)
	if err != nil {
		return nil, err
	}
	list, next, err := page(list, in.Marker, in.MaxItems, maxURLs, func(u **functionURL) string { return (*u).Qualifier })
	if err != nil {
		return nil, err
	}
	out := &lambda.ListFunctionUrlConfigsOutput{FunctionUrlConfigs: []types.FunctionUrlConfig{}, NextMarker: next}
	for _, u := range list {
		out.FunctionUrlConfigs = append(out.FunctionUrlConfigs, *a.urlConfig(u))
	}
	return out, nil
}

// urlConfig is a function URL as the API's answers show it.
func (a *API) urlConfig(u *functionURL) *types.FunctionUrlConfig {
	stamp := func(t time.Time) *string { return aws.String(t.Format("2006-01-02T15:04:05.000000Z")) }
	return &types.FunctionUrlConfig{AuthType: u.AuthType, Cors: u.CORS, InvokeMode: u.Mode, FunctionArn: aws.String(u.ref().ARN()),
		FunctionUrl: aws.String(a.Endpoint() + URLPrefix + u.ID + "/"), CreationTime: stamp(u.Created), LastModifiedTime: stamp(u.Modified)}
}
