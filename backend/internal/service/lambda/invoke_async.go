package lambda

import (
	"context"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// actionInvokeAsync is the action of the operation that Invoke has replaced.
const actionInvokeAsync = "lambda:InvokeAsync"

// invokeAsync is the operation of 2014 that Invoke with the type Event has replaced. It has an action of its own.
func (a *API) invokeAsync(ctx context.Context, in *lambda.InvokeAsyncInput) (*lambda.InvokeAsyncOutput, error) {
	ref, err := reference(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	ref = complete(ctx, ref)
	q, d, err := a.mayInvoke(ctx, ref, actionInvokeAsync)
	if err != nil {
		return nil, err
	}
	payload, err := io.ReadAll(in.InvokeArgs)
	if err != nil {
		return nil, err
	}
	denied := a.Authz.Enforce(q, d)
	fn, err := a.Functions.Resolve(ctx, ref)
	if denied == nil && fault.Is(err, fault.NotFound) {
		if ref.Qualifier == "" {
			ref.Qualifier = function.Latest
		}
		return nil, function.NotFound(ref.ARN())
	}
	if denied == nil {
		if err == nil {
			err = invoke.CheckPayload(invoke.Event, payload)
		}
		if err != nil {
			return nil, err
		}
	}
	h := a.openCall(ctx, ref, types.InvocationTypeEvent, d, denied)
	if denied != nil {
		return nil, denied
	}
	return &lambda.InvokeAsyncOutput{Status: http.StatusAccepted}, a.enqueue(ctx, invoke.Request{Function: fn, Payload: payload, Header: h})
}
