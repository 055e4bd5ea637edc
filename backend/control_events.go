package backend

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// caller is how a service calls functions, as AWS has fixed it.
type caller struct {
	principal string
	sync      bool
}

// callers are the services whose events can be published here because they have no API of their own in the simulator
// (developer guide, using Lambda with other services).
var callers = map[string]caller{
	"alexa-appkit":         {"alexa-appkit.amazon.com", true},
	"apigateway":           {"apigateway.amazonaws.com", true},
	"cloudformation":       {"cloudformation.amazonaws.com", false},
	"codecommit":           {"codecommit.amazonaws.com", false},
	"codepipeline":         {"codepipeline.amazonaws.com", false},
	"cognito-idp":          {"cognito-idp.amazonaws.com", true},
	"cognito-sync":         {"cognito-sync.amazonaws.com", true},
	"config":               {"config.amazonaws.com", false},
	"connect":              {"connect.amazonaws.com", true},
	"elasticloadbalancing": {"elasticloadbalancing.amazonaws.com", true},
	"events":               {"events.amazonaws.com", false},
	"iot":                  {"iot.amazonaws.com", false},
	"lex":                  {"lex.amazonaws.com", true},
	"lexv2":                {"lexv2.amazonaws.com", true},
	"logs":                 {"logs.amazonaws.com", false},
	"secretsmanager":       {"secretsmanager.amazonaws.com", true},
	"ses":                  {"ses.amazonaws.com", false},
	"sns":                  {"sns.amazonaws.com", false},
}

func (a *controlAPI) publish(w http.ResponseWriter, r *http.Request) error {
	var in control.Event
	if err := readJSON(r, &in); err != nil {
		return err
	}
	c, ok := callers[in.Service]
	switch {
	case in.Service == "s3":
		return fault.New(fault.Invalid, "%s has its own API here: use it, and the event follows", in.Service)
	case in.Service == "kinesis" || in.Service == "sqs" || in.Service == "dynamodb":
		return fault.New(fault.Invalid, "%s calls nobody, Lambda polls it: use its own API here, and an event source mapping", in.Service)
	case !ok:
		return fault.New(fault.Invalid, "service %q: want one of %s", in.Service, strings.Join(slices.Sorted(maps.Keys(callers)), ", "))
	case len(in.Event) == 0:
		return fault.New(fault.Invalid, `"event" is missing: the JSON that the function is to receive`)
	}
	_, ref, err := a.functionKey(in.FunctionName)
	if err != nil {
		return err
	}
	if in.SourceAccount == "" {
		in.SourceAccount = a.b.cfg.Account
	}
	if !accountForm.MatchString(in.SourceAccount) {
		return fault.New(fault.Invalid, `"source_account" %q: want twelve digits`, in.SourceAccount)
	}
	if _, err := arn.Parse(in.SourceARN); in.SourceARN != "" && err != nil {
		return fault.New(fault.Invalid, `"source_arn" %q is not an ARN: %v`, in.SourceARN, err)
	}
	e := push.Event{Service: in.Service, Principal: c.principal, SourceARN: in.SourceARN, SourceAccount: in.SourceAccount, Function: ref.ARN(),
		Payload: in.Event, Published: "an event was published for " + in.Service, Matched: "the publisher named the function"}
	var out control.Published
	var h trace.Header
	if c.sync {
		h, out.Payload, err = a.call(r.Context(), e)
	} else {
		h, err = a.dispatcher.Send(r.Context(), e)
	}
	if err != nil && !fault.Is(err, fault.Denied) {
		return err
	}
	list, err := a.trace.List(r.Context(), trace.Query{After: h.ID - 1, Limit: 1})
	if err != nil {
		return err
	}
	if len(list) == 1 && list[0].ID == h.ID {
		out.Delivery = wireDelivery(list[0])
	}
	return answer(w, out)
}

// call delivers an event of a synchronous service.
func (a *controlAPI) call(ctx context.Context, e push.Event) (trace.Header, json.RawMessage, error) {
	h, out, err := a.dispatcher.Call(ctx, e)
	if err != nil || out == nil || !json.Valid(out.Payload) {
		return h, nil, err
	}
	return h, out.Payload, nil
}
