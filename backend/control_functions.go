package backend

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/layer"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// accountOf is the account in an ARN; "" where it has none.
func accountOf(resource string) string {
	parsed, err := arn.Parse(resource)
	if err != nil || !accountForm.MatchString(parsed.Account) {
		return ""
	}
	return parsed.Account
}

// existing is the function of a path; one that does not exist is refused.
func (a *controlAPI) existing(r *http.Request) (function.Key, error) {
	k, _, err := a.functionKey(r.PathValue("name"))
	if err != nil {
		return k, err
	}
	_, _, err = a.functions.Get(r.Context(), k)
	return k, err
}

func (a *controlAPI) putScript(w http.ResponseWriter, r *http.Request) error {
	k, err := a.existing(r)
	if err != nil {
		return err
	}
	var in control.Script
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if err := a.scripts.Put(r.Context(), k.ARN(), in); err != nil {
		return err
	}
	return answer(w, in)
}

func (a *controlAPI) getScript(w http.ResponseWriter, r *http.Request) error {
	k, err := a.existing(r)
	if err != nil {
		return err
	}
	s, ok := a.scripts.Get(k.ARN())
	if !ok {
		return fault.New(fault.NotFound, "the function %s has no script: it runs its code", k.Name)
	}
	return answer(w, s)
}

func (a *controlAPI) deleteScript(w http.ResponseWriter, r *http.Request) error {
	k, err := a.existing(r)
	if err != nil {
		return err
	}
	if err := a.b.db.Tx(r.Context(), func(ctx context.Context, tx *postgres.Tx) error { return a.scripts.Drop(ctx, tx, k.ARN()) }); err != nil {
		return err
	}
	return answer(w, struct{}{})
}

// code serves a version's zip file: what GetFunction's Location points to.
func (a *controlAPI) code(w http.ResponseWriter, r *http.Request) error {
	k, ref, err := a.functionKey(r.PathValue("name"))
	if err != nil {
		return err
	}
	ref.Account, ref.Region = k.Account, k.Region
	found, err := a.functions.Describe(r.Context(), ref)
	if err != nil {
		return err
	}
	zip, err := a.functions.Code(r.Context(), k, found.Version.Version)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	_, err = w.Write(zip)
	return err
}

// layer serves the zip file of a layer's version: what GetLayerVersion's Location points to.
func (a *controlAPI) layer(w http.ResponseWriter, r *http.Request) error {
	zip, err := a.layerCode(r.Context(), r.PathValue("arn"))
	if err != nil {
		return err
	}
	if len(zip) == 0 {
		return layer.NotFound(r.PathValue("arn"))
	}
	w.Header().Set("Content-Type", "application/zip")
	_, err = w.Write(zip)
	return err
}

// tail serves the last lines of a function's log.
func (a *controlAPI) tail(w http.ResponseWriter, r *http.Request) error {
	k, err := a.existing(r)
	if err != nil {
		return err
	}
	n := 1000
	if text := r.URL.Query().Get("limit"); text != "" {
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > 10000 {
			return fault.New(fault.Invalid, "limit %q: want 1 to 10000", text)
		}
	}
	v, _, err := a.functions.Get(r.Context(), k)
	if err != nil {
		return err
	}
	events, err := a.logs.Tail(r.Context(), k.Account, k.Region, logs.Group(v), n)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if slices.ContainsFunc(events, func(e logs.Event) bool { return e.Withheld }) {
		w.Header().Set("X-Lambdasim-Detail", "not all of it is in CloudWatch Logs: the execution role may not write it, and AWS drops it. GET /_lambdasim/refusals says which rights are missing")
	}
	for _, e := range events {
		if _, err := w.Write([]byte(e.Message + "\n")); err != nil {
			return nil
		}
	}
	return nil
}
