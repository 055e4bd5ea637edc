package lambda

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Ranges of an event invoke config (API model).
const (
	minEventAge, maxEventAge         = 60, 21600 // seconds
	maxEventRetries                  = 2
	maxDestination                   = 350
	minEventConfigs, maxEventConfigs = 1, 50
)

var (
	destinationPattern = `$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)`
	destinationRegexp  = regexp.MustCompile(`^(?:` + destinationPattern + `)$`)
)

// eventInvoke are the operations on event invoke configs.
func (a *API) eventInvoke() map[string]wire.Operation {
	return map[string]wire.Operation{
		"PutFunctionEventInvokeConfig":    on(a.putEventConfig),
		"UpdateFunctionEventInvokeConfig": on(a.updateEventConfig),
		"GetFunctionEventInvokeConfig":    on(a.getEventConfig),
		"DeleteFunctionEventInvokeConfig": on(a.deleteEventConfig),
		"ListFunctionEventInvokeConfigs":  on(a.listEventConfigs),
	}
}

// eventSettings are what Put and Update say about the handling of events.
type eventSettings struct {
	destination  *types.DestinationConfig
	age, retries *int32
}

func (s eventSettings) empty() bool { return s.destination == nil && s.age == nil && s.retries == nil }

func (s eventSettings) onSuccess() string {
	if s.destination == nil || s.destination.OnSuccess == nil {
		return ""
	}
	return aws.ToString(s.destination.OnSuccess.Destination)
}

func (s eventSettings) onFailure() string {
	if s.destination == nil || s.destination.OnFailure == nil {
		return ""
	}
	return aws.ToString(s.destination.OnFailure.Destination)
}

// syntax lists what breaks the API model's constraints.
func (s eventSettings) syntax() []wire.Violation {
	var v []wire.Violation
	between := func(path string, n *int32, least, most int) {
		switch {
		case n == nil:
		case int(*n) < least:
			v = append(v, wire.AtLeast(path, int(*n), least))
		case int(*n) > most:
			v = append(v, wire.AtMost(path, int(*n), most))
		}
	}
	between("maximumRetryAttempts", s.retries, 0, maxEventRetries)
	between("maximumEventAgeInSeconds", s.age, minEventAge, maxEventAge)
	for path, destination := range map[string]string{"destinationConfig.onSuccess.destination": s.onSuccess(), "destinationConfig.onFailure.destination": s.onFailure()} {
		if len(destination) > maxDestination {
			v = append(v, wire.MaxLength(path, destination, maxDestination))
		}
		if !destinationRegexp.MatchString(destination) {
			v = append(v, wire.Pattern(path, destination, destinationPattern))
		}
	}
	return v
}

// eventTarget reads the function of an operation; its qualifier is $LATEST where none is given.
func eventTarget(ctx context.Context, name, qualifier *string, more ...wire.Violation) (function.Key, arn.FunctionRef, error) {
	k, ref, err := own(ctx, name, qualifier, more...)
	if ref.Qualifier == "" {
		ref.Qualifier = function.Latest
	}
	return k, ref, err
}

func noFunction() error {
	return wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", "The function doesn't exist.")
}

func noEventConfig(ref arn.FunctionRef) error {
	return wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", "The function %s doesn't have an EventInvokeConfig", ref.ARN())
}

func (a *API) putEventConfig(ctx context.Context, in *lambda.PutFunctionEventInvokeConfigInput) (*lambda.PutFunctionEventInvokeConfigOutput, error) {
	set := eventSettings{in.DestinationConfig, in.MaximumEventAgeInSeconds, in.MaximumRetryAttempts}
	c, err := a.setEventConfig(ctx, in.FunctionName, in.Qualifier, set, true)
	if err != nil {
		return nil, err
	}
	return repeat[lambda.PutFunctionEventInvokeConfigOutput](c), nil
}

func (a *API) updateEventConfig(ctx context.Context, in *lambda.UpdateFunctionEventInvokeConfigInput) (*lambda.UpdateFunctionEventInvokeConfigOutput, error) {
	set := eventSettings{in.DestinationConfig, in.MaximumEventAgeInSeconds, in.MaximumRetryAttempts}
	c, err := a.setEventConfig(ctx, in.FunctionName, in.Qualifier, set, false)
	if err != nil {
		return nil, err
	}
	return repeat[lambda.UpdateFunctionEventInvokeConfigOutput](c), nil
}

// setEventConfig writes a configuration anew (Put), or what is given of it (Update).
func (a *API) setEventConfig(ctx context.Context, name, qualifier *string, set eventSettings, whole bool) (*types.FunctionEventInvokeConfig, error) {
	k, ref, err := eventTarget(ctx, name, qualifier, set.syntax()...)
	if err != nil {
		return nil, err
	}
	if set.empty() {
		return nil, invalid("You must specify at least one of error handling or destination setting.")
	}
	fn, err := a.Functions.Describe(ctx, ref)
	if fault.Is(err, fault.NotFound) {
		return nil, noFunction()
	}
	if err != nil {
		return nil, err
	}
	if err := a.checkDestinations(ctx, ref, fn.Version, set); err != nil {
		return nil, err
	}
	c, err := a.Events.Set(ctx, k, ref.Qualifier, func(old *invoke.EventConfig) (*invoke.EventConfig, error) {
		if old == nil && !whole {
			return nil, noEventConfig(ref)
		}
		return merged(old, set, whole), nil
	})
	if err != nil {
		return nil, err
	}
	return eventConfig(c), nil
}

// merged is a configuration after a Put (whole) or an Update.
func merged(old *invoke.EventConfig, set eventSettings, whole bool) *invoke.EventConfig {
	c := &invoke.EventConfig{}
	if old != nil && !whole {
		*c = *old
	}
	if set.age != nil {
		c.MaxAge = set.age
	}
	if set.retries != nil {
		c.Retries = set.retries
	}
	if d := set.destination; d != nil {
		if d.OnSuccess != nil {
			c.OnSuccess = set.onSuccess()
		}
		if d.OnFailure != nil {
			c.OnFailure = set.onFailure()
		}
	}
	return c
}

// checkDestinations holds destinations to what Lambda demands: a kind that may be one, something that is there, and an
// execution role that may write to it.
func (a *API) checkDestinations(ctx context.Context, ref arn.FunctionRef, v *function.Version, set eventSettings) error {
	for i, destination := range []string{set.onSuccess(), set.onFailure()} {
		if destination == "" {
			continue
		}
		parsed, err := arn.Parse(destination)
		if err != nil || !admitted(parsed.Service, i == 0) {
			return invalid("The provided destination config %s is invalid.", printDestinations(set))
		}
		if parsed.Service == "lambda" && (destination == v.ARN() || destination == ref.ARN()) {
			return invalid("You can't specify the function as a destination for itself.")
		}
		kind, _, err := a.Targets.Kind(destination)
		if err != nil {
			return err
		}
		if err := a.checkMayDeliver(ctx, destination, v); err != nil {
			return err
		}
		if err := kind.Check(ctx, parsed); fault.Is(err, fault.NotFound) {
			return invalid("The destination ARN %s is invalid.", destination)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// admitted reports whether a service's ARN may be a destination: a bucket takes records of failures only.
func admitted(service string, success bool) bool {
	switch service {
	case "sqs", "sns", "lambda", "events":
		return true
	case "s3":
		return !success
	}
	return false
}

// printDestinations prints a DestinationConfig as Lambda's message does.
func printDestinations(set eventSettings) string {
	part := func(name, destination string) string {
		if destination == "" {
			return "null"
		}
		return fmt.Sprintf("%s(destination=%s)", name, destination)
	}
	return fmt.Sprintf("DestinationConfig(onSuccess=%s, onFailure=%s)", part("OnSuccess", set.onSuccess()), part("OnFailure", set.onFailure()))
}

// checkMayDeliver demands that the execution role may write to a destination.
func (a *API) checkMayDeliver(ctx context.Context, destination string, v *function.Version) error {
	allowed, operation, _, err := a.mayDeliver(ctx, destination, v)
	if err == nil && !allowed {
		return invalid("The function's execution role does not have permissions to call %s on %s", operation, destination)
	}
	return err
}

// mayDeliver asks whether the execution role may write to a target.
func (a *API) mayDeliver(ctx context.Context, targetARN string, v *function.Version) (allowed bool, operation, service string, err error) {
	kind, parsed, err := a.Targets.Kind(targetARN)
	if err != nil {
		return false, "", "", err
	}
	session, err := a.Authz.RoleSession(ctx, v.Role, v.Name)
	if err != nil {
		return false, "", "", err
	}
	for _, need := range kind.Needs(targetARN) {
		err = a.Authz.Require(ctx, authz.Question{Session: session, Action: need.Action, Resource: need.Resource, ResourceAccount: session.Account, Region: parsed.Region})
		if fault.Is(err, fault.Denied) {
			return false, need.Operation(), kind.Service, nil
		}
		if err != nil {
			break
		}
	}
	return err == nil, kind.Operation(), kind.Service, err
}

func (a *API) getEventConfig(ctx context.Context, in *lambda.GetFunctionEventInvokeConfigInput) (*lambda.GetFunctionEventInvokeConfigOutput, error) {
	k, ref, err := eventTarget(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	c, err := a.Events.Get(ctx, k, ref.Qualifier)
	if err == nil && c == nil {
		err = noEventConfig(ref)
	}
	if err != nil {
		return nil, err
	}
	return repeat[lambda.GetFunctionEventInvokeConfigOutput](eventConfig(c)), nil
}

func (a *API) deleteEventConfig(ctx context.Context, in *lambda.DeleteFunctionEventInvokeConfigInput) (*lambda.DeleteFunctionEventInvokeConfigOutput, error) {
	k, ref, err := eventTarget(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionEventInvokeConfigOutput{}, a.Events.Delete(ctx, k, ref.Qualifier)
}

func (a *API) listEventConfigs(ctx context.Context, in *lambda.ListFunctionEventInvokeConfigsInput) (*lambda.ListFunctionEventInvokeConfigsOutput, error) {
	var v []wire.Violation
	if n := in.MaxItems; n != nil && (*n < minEventConfigs || *n > maxEventConfigs) {
		if *n < minEventConfigs {
			v = append(v, wire.AtLeast("maxItems", int(*n), minEventConfigs))
		} else {
			v = append(v, wire.AtMost("maxItems", int(*n), maxEventConfigs))
		}
	}
	k, _, err := own(ctx, in.FunctionName, nil, v...)
	if err != nil {
		return nil, err
	}
	if _, _, err := a.Functions.Get(ctx, k); fault.Is(err, fault.NotFound) {
		return nil, noFunction()
	} else if err != nil {
		return nil, err
	}
	list, err := a.Events.List(ctx, k)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListFunctionEventInvokeConfigsOutput{FunctionEventInvokeConfigs: []types.FunctionEventInvokeConfig{}}
	most := maxEventConfigs
	if in.MaxItems != nil {
		most = int(*in.MaxItems)
	}
	last := ""
	for _, c := range list { // by qualifier, which is what the marker names
		if in.Marker != nil && c.Qualifier <= *in.Marker {
			continue
		}
		if len(out.FunctionEventInvokeConfigs) == most {
			out.NextMarker = &last
			break
		}
		last = c.Qualifier
		out.FunctionEventInvokeConfigs = append(out.FunctionEventInvokeConfigs, *eventConfig(c))
	}
	return out, nil
}

// eventConfig is a configuration as the API's answers show it: both destinations are there, empty where there is none.
func eventConfig(c *invoke.EventConfig) *types.FunctionEventInvokeConfig {
	out := &types.FunctionEventInvokeConfig{FunctionArn: aws.String(c.ARN()), LastModified: &c.Modified, MaximumEventAgeInSeconds: c.MaxAge,
		MaximumRetryAttempts: c.Retries, DestinationConfig: &types.DestinationConfig{OnSuccess: &types.OnSuccess{}, OnFailure: &types.OnFailure{}}}
	if c.OnSuccess != "" {
		out.DestinationConfig.OnSuccess.Destination = &c.OnSuccess
	}
	if c.OnFailure != "" {
		out.DestinationConfig.OnFailure.Destination = &c.OnFailure
	}
	return out
}
