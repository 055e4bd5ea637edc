package cognito

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// A trigger must answer within five seconds; after three calls that did not, Cognito gives up (developer guide,
// "Important considerations" of Lambda triggers). Neither can be configured.
const (
	triggerLimit = 5 * time.Second
	triggerCalls = 3
)

const principal = "cognito-idp.amazonaws.com"

// header is what the events of all triggers have in common.
type header struct {
	Version       string        `json:"version"`
	TriggerSource string        `json:"triggerSource"`
	Region        string        `json:"region"`
	UserPoolID    string        `json:"userPoolId"`
	UserName      string        `json:"userName"`
	CallerContext callerContext `json:"callerContext"`
}

type callerContext struct {
	SDKVersion string `json:"awsSdkVersion"`
	ClientID   string `json:"clientId"`
}

// preSignUp is the event of the pre sign-up trigger.
type preSignUp struct {
	header
	Request struct {
		UserAttributes map[string]string `json:"userAttributes"`
		ValidationData map[string]string `json:"validationData"` // null where the caller gave none
		ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
	} `json:"request"`
	Response preSignUpAnswer `json:"response"`
}

type preSignUpAnswer struct {
	AutoConfirmUser bool `json:"autoConfirmUser"`
	AutoVerifyEmail bool `json:"autoVerifyEmail"`
	AutoVerifyPhone bool `json:"autoVerifyPhone"`
}

// postConfirmation is the event of the post confirmation trigger.
type postConfirmation struct {
	header
	Request struct {
		UserAttributes map[string]string `json:"userAttributes"`
		ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
	} `json:"request"`
	Response struct{} `json:"response"`
}

// header begins an event.
func (p *pool) header(source, userName, client string) header {
	return header{Version: "1", TriggerSource: source, Region: p.region, UserPoolID: *p.Id, UserName: userName,
		CallerContext: callerContext{SDKVersion: "aws-sdk-unknown-unknown", ClientID: client}}
}

// push is a call of a trigger; payload is nil where only the permission is asked.
func (p *pool) push(trigger, function string, payload json.RawMessage) push.Event {
	return push.Event{Service: "cognito-idp", Principal: principal, SourceARN: *p.Arn, SourceAccount: p.account, Function: function, Payload: payload,
		Matched: "trigger " + trigger + " of the user pool, kept by Cognito"}
}

// fire calls a trigger, waits, and reads what it answered into answer. Its errors are those that the user sees.
func (a *API) fire(ctx context.Context, p *pool, trigger, function string, event header, payload, answer any) error {
	text, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	e := p.push(trigger, function, text)
	e.Published = fmt.Sprintf("%s of %s in %s", event.TriggerSource, event.UserName, *p.Id)
	e.Cause = wire.CallFrom(ctx).Cause()
	for range triggerCalls {
		_, out, err := a.Dispatcher.Call(ctx, e)
		if err != nil {
			return unexpected(trigger, err)
		}
		if a.took(out) > triggerLimit {
			continue
		}
		if out.Failed() {
			return refusal("UserLambdaValidationException", "%s failed with error %s.", trigger, out.ErrorMessage)
		}
		if json.Unmarshal(out.Payload, &struct{ Response any }{answer}) != nil || !isObject(out.Payload) {
			return refusal("InvalidLambdaResponseException", "Unrecognizable lambda output")
		}
		return nil
	}
	return refusal("UnexpectedLambdaException", "%s invocation failed due to error Socket timeout while invoking Lambda function.", trigger)
}

// took is how long a call took: on the simulator's clock where that is a virtual one, in which a run takes what its script
// says, and else what was measured.
func (a *API) took(out *invoke.Outcome) time.Duration {
	if a.Clock.Mode() == clock.Real {
		return max(out.Duration, out.Takes)
	}
	return out.Takes
}

func isObject(payload []byte) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(payload, &object) == nil && object != nil
}

// unexpected is what the user sees where the function was not reached.
func unexpected(trigger string, err error) error {
	why := ""
	switch fault.KindOf(err) {
	case fault.Denied:
		why = "AccessDeniedException"
	case fault.NotFound:
		why = "ResourceNotFoundException"
	case fault.Throttled:
		why = "TooManyRequestsException"
	default:
		return err
	}
	return refusal("UnexpectedLambdaException", "%s invocation failed due to error %s.", trigger, why)
}

// Mappings lists the triggers of an account's pools ("" for all).
func (a *API) Mappings(ctx context.Context, account string) ([]push.Mapping, error) {
	const all = 1 << 30
	pools, err := a.pools(ctx, account, "", "", all)
	if err != nil {
		return nil, err
	}
	var list []push.Mapping
	for _, p := range pools {
		for _, t := range []struct {
			name     string
			function *string
		}{{"PreSignUp", p.LambdaConfig.PreSignUp}, {"PostConfirmation", p.LambdaConfig.PostConfirmation}} {
			if t.function != nil {
				list = append(list, push.Mapping{ID: t.name, Mode: invoke.RequestResponse, Event: p.push(t.name, *t.function, nil)})
			}
		}
	}
	return list, nil
}
