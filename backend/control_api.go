package backend

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// maxControlBody is the greatest body of a control request, in bytes.
const maxControlBody = 16 << 20

// defaultDrain is how long POST drain waits when it is not told.
const defaultDrain = 30 * time.Second

// controlAPI serves package control's paths.
type controlAPI struct {
	*parts
	b *Backend
}

// newControlAPI returns the handler of the control API, which demands the token where there is one.
func newControlAPI(b *Backend, p *parts) http.Handler {
	a := &controlAPI{parts: p, b: b}
	mux := http.NewServeMux()
	operations := map[string]func(http.ResponseWriter, *http.Request) error{
		"GET health": a.health, "GET clock": a.readClock, "POST clock/advance": a.advance, "POST drain": a.drain,
		"GET deliveries": a.deliveries, "GET mappings": a.mappings, "POST events": a.publish, "POST reset": a.reset,
		"GET accounts": a.listAccounts, "PUT accounts/{id}": a.putAccount, "GET accounts/{id}": a.getAccount, "DELETE accounts/{id}": a.deleteAccount,
		"GET refusals": a.listRefusals, "GET metrics": a.metricsText,
		"PUT functions/{name}/script": a.putScript, "GET functions/{name}/script": a.getScript,
		"DELETE functions/{name}/script": a.deleteScript, "GET functions/{name}/code": a.code, "GET layers/{arn}/code": a.layer, "GET functions/{name}/logs": a.tail,
	}
	for pattern, h := range operations {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+control.Prefix+path, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
			if err := h(w, r); err != nil {
				writeRefusal(w, err)
			}
		})
	}
	mux.HandleFunc(control.Prefix, func(w http.ResponseWriter, r *http.Request) {
		writeRefusal(w, &control.Error{Status: http.StatusNotFound, Code: string(fault.NotFound), Message: "the control API has no " + r.Method + " " +
			strings.TrimPrefix(r.URL.Path, control.Prefix) + "; it has " + strings.Join(slices.Sorted(maps.Keys(operations)), ", ")})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if b.cfg.Token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(b.cfg.Token)) != 1 {
			writeRefusal(w, &control.Error{Status: http.StatusUnauthorized, Code: "Unauthorized", Message: "the control API demands its token: Authorization: Bearer …"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// writeRefusal answers an error as package control describes.
func writeRefusal(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*control.Error](err)
	if !ok {
		statuses := map[fault.Kind]int{fault.Invalid: http.StatusBadRequest, fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict,
			fault.Denied: http.StatusForbidden, fault.Throttled: http.StatusTooManyRequests, fault.TooLarge: http.StatusRequestEntityTooLarge,
			fault.Unsupported: http.StatusNotImplemented, fault.Exists: http.StatusConflict, fault.Precondition: http.StatusPreconditionFailed}
		e = &control.Error{Status: statuses[fault.KindOf(err)], Code: string(fault.KindOf(err)), Message: err.Error()}
		if e.Status == 0 {
			e.Status, e.Code = http.StatusInternalServerError, "internal"
		}
	}
	writeAnswer(w, e.Status, map[string]any{"error": e})
}

func writeAnswer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone, if it fails
}

func answer(w http.ResponseWriter, v any) error {
	writeAnswer(w, http.StatusOK, v)
	return nil
}

func (a *controlAPI) health(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, control.Health{Status: "ok", Version: a.b.cfg.Version, Clock: string(a.b.clk.Mode()), Now: a.b.clk.Now(), PID: os.Getpid()})
}

func (a *controlAPI) readClock(w http.ResponseWriter, _ *http.Request) error {
	out := control.Clock{Mode: string(a.b.clk.Mode()), Now: a.b.clk.Now()}
	if next, ok := a.agenda.Next(); ok {
		out.Next = &next
	}
	return answer(w, out)
}

func (a *controlAPI) advance(w http.ResponseWriter, r *http.Request) error {
	var in control.Advance
	if err := readJSON(r, &in); err != nil {
		return err
	}
	var now time.Time
	var ran int
	var err error
	switch {
	case (in.By == "") == (in.To == nil):
		return fault.New(fault.Invalid, `give either "by" (a duration, for example "90s" or "6h") or "to" (an instant, RFC 3339)`)
	case in.To != nil:
		now, ran, err = a.agenda.AdvanceTo(r.Context(), *in.To)
	default:
		d, bad := time.ParseDuration(in.By)
		if bad != nil || d < 0 {
			return fault.New(fault.Invalid, `"by" %q: want a duration that is not negative, for example "90s" or "6h"`, in.By)
		}
		now, ran, err = a.agenda.Advance(r.Context(), d)
	}
	if err != nil {
		return err
	}
	return answer(w, control.Advanced{Now: now, Ran: ran})
}

func (a *controlAPI) drain(w http.ResponseWriter, r *http.Request) error {
	var in control.Drain
	if err := readJSON(r, &in); err != nil {
		return err
	}
	limit := defaultDrain
	if in.Timeout != "" {
		d, err := time.ParseDuration(in.Timeout)
		if err != nil || d <= 0 {
			return fault.New(fault.Invalid, `"timeout" %q: want a positive duration, for example "30s"`, in.Timeout)
		}
		limit = d
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	flying, due, err := a.agenda.Drain(ctx)
	if err == nil {
		return answer(w, control.Drained{Quiet: true})
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	writeAnswer(w, http.StatusRequestTimeout, map[string]any{"quiet": false, "in_flight": flying, "due": due,
		"error": control.Error{Code: "Busy", Message: "after " + limit.String() + " there is still something at work: " + strings.Join(append(flying, due...), "; ")}})
	return nil
}

func (a *controlAPI) deliveries(w http.ResponseWriter, r *http.Request) error {
	q, err := query(r.URL.Query())
	if err != nil {
		return err
	}
	list, err := a.trace.List(r.Context(), q)
	if err != nil {
		return err
	}
	if strings.Contains(r.Header.Get("Accept"), "text/plain") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, err := w.Write([]byte(trace.Text(list)))
		return err
	}
	out := control.Deliveries{Deliveries: []control.Delivery{}}
	for _, d := range list {
		out.Deliveries = append(out.Deliveries, wireDelivery(d))
	}
	return answer(w, out)
}

func query(v url.Values) (trace.Query, error) {
	if o := trace.Outcome(v.Get("outcome")); o != "" && !slices.Contains(trace.Outcomes, o) {
		return trace.Query{}, fault.New(fault.Invalid, "outcome %q: want one of %v", o, trace.Outcomes)
	}
	q := trace.Query{Function: v.Get("function"), Source: v.Get("source"), Outcome: trace.Outcome(v.Get("outcome")), Account: v.Get("account")}
	for name := range v {
		switch name {
		case "function", "source", "outcome", "account":
		case "since":
			t, err := time.Parse(time.RFC3339, v.Get(name))
			if err != nil {
				return q, fault.New(fault.Invalid, "since %q: want an instant, RFC 3339", v.Get(name))
			}
			q.Since = t
		case "limit", "after":
			n, err := strconv.ParseInt(v.Get(name), 10, 64)
			if err != nil || n < 0 || (name == "limit" && n > trace.MaxLimit) {
				return q, fault.New(fault.Invalid, "%s %q: want a number that is not negative, a limit at most %d", name, v.Get(name), trace.MaxLimit)
			}
			if name == "after" {
				q.After = n
			} else {
				q.Limit = int(n)
			}
		default:
			return q, fault.New(fault.Invalid, "there is no parameter %q: use function, source, outcome, account, since, limit, after", name)
		}
	}
	return q, nil
}

func wireDelivery(d trace.Delivery) control.Delivery {
	out := control.Delivery{ID: d.ID, Account: d.Account, Region: d.Region, Source: control.Source{Service: d.SourceService, ARN: d.SourceARN},
		TargetARN: d.TargetARN, InvocationType: d.InvocationType, RequestID: d.RequestID, Outcome: string(d.Outcome), Attempts: d.Attempts, At: d.At, Parent: d.Parent, Also: d.Also,
		Steps: []control.Step{}}
	for _, s := range d.Steps {
		out.Steps = append(out.Steps, control.Step{At: s.At, Kind: string(s.Kind), Reason: s.Reason, Rule: s.Rule, Decision: s.Decision})
	}
	return out
}

// functionKey reads a function's name or ARN of a path or a body; account and region are the default ones where it does
// not say them.
func (a *controlAPI) functionKey(name string) (function.Key, arn.FunctionRef, error) {
	ref, err := arn.ParseFunctionRef(name, false)
	if err != nil {
		return function.Key{}, ref, fault.New(fault.Invalid, "%q is not a function's name or ARN", name)
	}
	if ref.Account == "" {
		ref.Account = a.b.cfg.Account
	}
	if ref.Region == "" {
		ref.Region = a.b.cfg.Region
	}
	return function.Key{Account: ref.Account, Region: ref.Region, Name: ref.Name}, ref, nil
}

func (a *controlAPI) reset(w http.ResponseWriter, r *http.Request) error {
	var in control.Reset
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if in.Account != "" && !accountForm.MatchString(in.Account) {
		return fault.New(fault.Invalid, "account %q: want twelve digits, or nothing for every account", in.Account)
	}
	ctx := r.Context()
	if err := a.trace.Flush(ctx); err != nil {
		return err
	}
	err := a.b.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		for _, forget := range []func(context.Context, *postgres.Tx, string) error{a.agenda.Forget, a.poller.Forget, a.kinesis.Forget, a.sqs.Forget, a.sns.Forget, a.dynamodb.Forget,
			a.s3.Forget, a.cognito.Forget, a.buses.Forget, a.gateway.Forget, a.functions.Forget, a.layers.Forget, a.identity.Forget, a.accounts.Forget, a.logs.Forget, a.trace.Forget} {
			if err := forget(ctx, tx, in.Account); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.authz.ForgetRefusals(in.Account)
	a.metrics.Forget(in.Account)
	return answer(w, struct{}{})
}
