package backend

import (
	"context"
	"net/http"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// mappings answers what invokes a function, who keeps that, and whether its permission holds now.
func (a *controlAPI) mappings(w http.ResponseWriter, r *http.Request) error {
	want := r.URL.Query().Get("function")
	if want != "" {
		k, _, err := a.functionKey(want)
		if err != nil {
			return err
		}
		want = k.ARN()
	}
	out := control.Mappings{Mappings: []control.Mapping{}}
	for _, list := range []func(context.Context) ([]control.Mapping, error){a.pushMappings, a.pullMappings} {
		found, err := list(r.Context())
		if err != nil {
			return err
		}
		for _, m := range found {
			if want == "" || m.Function == want || strings.HasPrefix(m.Function, want+":") {
				out.Mappings = append(out.Mappings, m)
			}
		}
	}
	return answer(w, out)
}

// pushMappings lists what sources keep.
func (a *controlAPI) pushMappings(ctx context.Context) ([]control.Mapping, error) {
	var out []control.Mapping
	for _, source := range []func(context.Context, string) ([]push.Mapping, error){a.s3.Mappings, a.cognito.Mappings, a.sns.Mappings, a.buses.Mappings, a.gateway.Mappings, a.logAPI.Mappings} {
		list, err := source(ctx, "")
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			entry := control.Mapping{Function: m.Event.Function, Source: control.Source{Service: m.Event.Service, ARN: m.Event.SourceARN}, Model: "push",
				KeptBy: m.Event.Service, ID: m.ID, InvocationType: string(m.Mode), Permission: "the function's policy must let " + m.Event.Principal + " invoke it"}
			d, err := a.dispatcher.MayInvoke(ctx, m.Event)
			if err := permitted(&entry, d, err); err != nil {
				return nil, err
			}
			out = append(out, entry)
		}
	}
	return out, nil
}

// pullMappings lists what Lambda keeps.
func (a *controlAPI) pullMappings(ctx context.Context) ([]control.Mapping, error) {
	var out []control.Mapping
	for _, account := range a.poller.Accounts() {
		for _, m := range a.poller.List(account, "", "", "") {
			source, err := arn.Parse(m.EventSourceARN)
			if err != nil {
				return nil, err
			}
			entry := control.Mapping{Function: m.FunctionARN, Source: control.Source{Service: source.Service, ARN: m.EventSourceARN}, Model: "pull",
				KeptBy: "lambda", ID: m.UUID, InvocationType: string(invoke.RequestResponse), State: m.State,
				Permission: "the execution role must be able to read the source"}
			d, err := a.poller.MayRead(ctx, &m)
			if err := permitted(&entry, d, err); err != nil {
				return nil, err
			}
			out = append(out, entry)
		}
	}
	return out, nil
}

// permitted notes what was decided on a mapping. A fault (the function is gone, say) is a reason; other errors are returned.
func permitted(m *control.Mapping, d policy.Explanation, err error) error {
	if err != nil && fault.KindOf(err) == "" {
		return err
	}
	m.Permitted, m.Reason = err == nil && d.Allowed(), d.Text()
	if err != nil {
		m.Reason = err.Error()
	}
	return nil
}
