package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

const (
	actionInvoke = "lambda:InvokeFunction"
	ruleSame     = "INVOKE-SAME-ACCOUNT"
	ruleCross    = "INVOKE-CROSS-ACCOUNT"
)

// maxClientContext is the greatest length of the base64 of a client context, in bytes.
const maxClientContext = 3583

// logTail is how much of the log LogType Tail returns, in bytes.
const logTail = 4096

// invoke is the Invoke operation: on demand, by a custom application or a person.
func (a *API) invoke(ctx context.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
	if in.InvocationType == "" {
		in.InvocationType = types.InvocationTypeRequestResponse
	}
	ref, err := invokeReference(ctx, in)
	if err != nil {
		return nil, err
	}
	q, d, err := a.mayInvoke(ctx, ref, actionInvoke)
	if err != nil {
		return nil, err
	}
	if d.CrossAccount && in.LogType == types.LogTypeTail {
		return nil, &wire.Error{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: "Cross-account log access is not allowed", NoType: true}
	}
	denied := a.Authz.Enforce(q, d)
	fn, err := a.Functions.Resolve(ctx, ref)
	if denied == nil && fault.Is(err, fault.NotFound) {
		if ref.Qualifier == "" {
			ref.Qualifier = function.Latest
		}
		return nil, function.NotFound(ref.ARN())
	}
	if denied == nil && err != nil {
		return nil, err
	}
	if in.InvocationType == types.InvocationTypeDryRun {
		return &lambda.InvokeOutput{StatusCode: http.StatusNoContent}, denied
	}
	if denied == nil {
		if err := invoke.CheckPayload(invoke.Type(in.InvocationType), in.Payload); err != nil {
			return nil, err
		}
	}
	clientContext, err := clientContext(in)
	if denied == nil && err != nil {
		return nil, err
	}
	h := a.openCall(ctx, ref, in.InvocationType, d, denied)
	if denied != nil {
		return nil, denied
	}
	req := invoke.Request{Function: fn, Payload: in.Payload, Header: h, ClientContext: clientContext}
	if in.InvocationType == types.InvocationTypeEvent {
		return &lambda.InvokeOutput{StatusCode: http.StatusAccepted}, a.enqueue(ctx, req)
	}
	return a.invokeNow(ctx, in, req)
}

// invokeReference makes the checks that come before everything else.
func invokeReference(ctx context.Context, in *lambda.InvokeInput) (arn.FunctionRef, error) {
	var v []wire.Violation
	switch in.InvocationType {
	case types.InvocationTypeRequestResponse, types.InvocationTypeEvent, types.InvocationTypeDryRun:
	default:
		v = append(v, wire.Enum("invocationType", string(in.InvocationType), []string{"Event", "RequestResponse", "DryRun"}))
	}
	if in.LogType != "" && in.LogType != types.LogTypeNone && in.LogType != types.LogTypeTail {
		v = append(v, wire.Enum("logType", string(in.LogType), []string{"None", "Tail"}))
	}
	ref, err := reference(ctx, in.FunctionName, in.Qualifier, v...)
	if err != nil {
		return ref, err
	}
	if err := refuse("Invoke", map[string]bool{"DurableExecutionName": in.DurableExecutionName != nil, "TenantId": in.TenantId != nil}); err != nil {
		return ref, err
	}
	if c := aws.ToString(in.ClientContext); len(c) > maxClientContext {
		return ref, invalid("Client context must be no more than %d bytes", maxClientContext)
	}
	return complete(ctx, ref), nil
}

// mayInvoke asks the caller's policies and the function's. The answer is on the ARN as requested, qualifier included.
func (a *API) mayInvoke(ctx context.Context, ref arn.FunctionRef, action string) (authz.Question, policy.Explanation, error) {
	q := wire.CallFrom(ctx).Question(action, ref.ARN())
	q.Keys[functionKey] = []string{ref.ARN()}
	source, err := a.Functions.Policy(ctx, ref)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return q, policy.Explanation{}, err
	}
	q.ResourcePolicy = source
	d, err := a.Authz.Decide(ctx, q)
	return q, d, err
}

// openCall begins the trace of an invocation, or ends it at once when it is refused.
func (a *API) openCall(ctx context.Context, ref arn.FunctionRef, kind types.InvocationType, d policy.Explanation, denied error) trace.Header {
	call := wire.CallFrom(ctx)
	rule := ruleSame
	if d.CrossAccount {
		rule = ruleCross
	}
	decision, err := json.Marshal(d)
	if err != nil { // plain strings and booleans
		panic(err)
	}
	reason := d.Text()
	if !d.Allowed() && denied == nil {
		reason = authz.Audited + reason
	}
	h := a.Trace.Open(trace.Header{Account: ref.Account, Region: ref.Region, SourceService: "invoke", SourceARN: call.Session.ARN,
		TargetARN: ref.ARN(), InvocationType: string(kind), RequestID: call.RequestID}.Follow(call.Cause()),
		trace.Step{Kind: trace.Published, Reason: call.Session.ARN + " calls " + call.Operation},
		trace.Step{Kind: trace.Matched, Reason: "no mapping: the caller names the function"},
		trace.Step{Kind: trace.Authorized, Rule: rule, Reason: reason, Decision: decision})
	if denied != nil {
		a.Trace.Settle(h, trace.Denied, trace.Step{Kind: trace.Settled, Rule: rule, Reason: "the refusal was returned to the caller"})
	}
	return h
}

// enqueue accepts an event, or settles the delivery when it cannot be accepted.
func (a *API) enqueue(ctx context.Context, req invoke.Request) error {
	err := a.Invoker.Enqueue(ctx, req)
	if err != nil {
		a.Trace.Settle(req.Header, trace.Failed, trace.Step{Kind: trace.Settled, Reason: "not accepted: " + err.Error()})
	}
	return err
}

// clientContext is the JSON of a client context; "" where there is none, or where an event takes none along.
func clientContext(in *lambda.InvokeInput) (string, error) {
	if in.ClientContext == nil || in.InvocationType != types.InvocationTypeRequestResponse {
		return "", nil
	}
	text, err := base64.StdEncoding.DecodeString(*in.ClientContext)
	if err != nil || !json.Valid(text) {
		return "", wire.Errorf(http.StatusBadRequest, "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.")
	}
	return string(text), nil
}

// invokeNow runs the function. A caller that goes away does not end it: Lambda runs an event that it has begun to its end.
func (a *API) invokeNow(ctx context.Context, in *lambda.InvokeInput, req invoke.Request) (*lambda.InvokeOutput, error) {
	out, err := a.Invoker.Invoke(context.WithoutCancel(ctx), req)
	if err != nil {
		return nil, err
	}
	answer := &lambda.InvokeOutput{StatusCode: http.StatusOK, Payload: out.Payload, ExecutedVersion: optional(out.ExecutedVersion), FunctionError: optional(out.FunctionError)}
	if in.LogType == types.LogTypeTail {
		tail := out.Log[max(0, len(out.Log)-logTail):]
		answer.LogResult = aws.String(base64.StdEncoding.EncodeToString(tail))
	}
	return answer, nil
}
