package authz

import (
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// remembered is how many refusals are kept in memory; the log has them all.
const remembered = 1000

// Audited begins the reason of a step that audit mode let through.
const Audited = "audit: this would have been refused, and goes on\n"

// Refusal is a decision that refused, or in audit mode would have.
type Refusal struct {
	At        time.Time
	Account   string // of the caller; of the source of a service
	Principal string
	Action    string
	Resource  string
	Message   string // AWS's sentence
	Reason    string // what each statement lacked
	Decision  policy.Explanation
	Audited   bool // it was let through
}

// refusals are the last ones, oldest first.
type refusals struct {
	mu   sync.Mutex
	list []Refusal
}

// Remember logs and keeps a refusal. Enforce does it; who decides and goes on without Enforce (a delivery, a poll) calls it.
func (a *Authorizer) Remember(q Question, d policy.Explanation) {
	r := Refusal{At: a.Clock.Now(), Account: q.Session.Account, Principal: q.Session.ARN, Action: q.Action, Resource: q.Resource,
		Message: d.AWSMessage(q.Session.ARN, q.Action, q.Resource), Reason: d.Text(), Decision: d, Audited: a.Audit}
	if q.Purpose != "" {
		r.Reason += "\n" + q.Purpose
	}
	if r.Account == "" {
		r.Account = q.Source.Account
	}
	if r.Account == "" {
		r.Account = q.ResourceAccount
	}
	if a.Audit {
		a.Log.Warn("audit: this would have been refused", "message", r.Message, "why", r.Reason)
	} else {
		a.Log.Info("refused", "message", r.Message, "why", r.Reason)
	}
	a.refusals.mu.Lock()
	defer a.refusals.mu.Unlock()
	if len(a.refusals.list) == remembered {
		a.refusals.list = append(a.refusals.list[:0], a.refusals.list[1:]...)
	}
	a.refusals.list = append(a.refusals.list, r)
}

// Refusals are the last refusals of an account's callers ("" for all), oldest first; at most a thousand are remembered, and
// none over a restart.
func (a *Authorizer) Refusals(account string) []Refusal {
	a.refusals.mu.Lock()
	defer a.refusals.mu.Unlock()
	list := []Refusal{}
	for _, r := range a.refusals.list {
		if account == "" || r.Account == account {
			list = append(list, r)
		}
	}
	return list
}

// ForgetRefusals drops the refusals of an account's callers ("" for all).
func (a *Authorizer) ForgetRefusals(account string) {
	a.refusals.mu.Lock()
	defer a.refusals.mu.Unlock()
	kept := a.refusals.list[:0]
	for _, r := range a.refusals.list {
		if account != "" && r.Account != account {
			kept = append(kept, r)
		}
	}
	a.refusals.list = kept
}
