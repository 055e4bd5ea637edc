package invoke

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// Lambda writes a function's log as its execution role (developer guide, CloudWatch logs): what that may not, it drops, and
// says nothing. Here the lines are kept aside, where CloudWatch's API does not show them and the control API does, and the
// refusals that dropped them are remembered, once for a version until something that bears on it changes.

// logRights are what is known of who may write a log.
type logRights struct {
	mu    sync.Mutex
	known map[*function.Version]logRight
}

type logRight struct {
	withheld bool
	until    time.Time // conditions may speak of the time
}

// Bounds of what is known: how long an answer holds on the simulator's clock, and for how many versions.
const (
	logRightHolds = time.Minute
	mostLogRights = 10_000
)

// LogRightsChanged forgets who may write logs. Call it when roles, policies, organizations or log groups have changed.
func (iv *Invoker) LogRightsChanged() {
	iv.logRights.mu.Lock()
	defer iv.logRights.mu.Unlock()
	iv.logRights.known = nil
}

// keepLog writes what an attempt has written to the function's log, or aside where the execution role may not write. What
// follows from the lines has the cause.
func (iv *Invoker) keepLog(ctx context.Context, v *function.Version, text []byte, cause string) error {
	now := iv.Clock.Now()
	iv.logRights.mu.Lock()
	r, known := iv.logRights.known[v]
	iv.logRights.mu.Unlock()
	if !known || now.After(r.until) {
		withheld, err := iv.withholds(ctx, v, now, !known)
		if err != nil {
			return err
		}
		r = logRight{withheld, now.Add(logRightHolds)}
		iv.logRights.mu.Lock()
		if iv.logRights.known == nil || len(iv.logRights.known) >= mostLogRights {
			iv.logRights.known = map[*function.Version]logRight{}
		}
		iv.logRights.known[v] = r
		iv.logRights.mu.Unlock()
	}
	iv.Logs.Append(ctx, v, now, text, r.withheld, cause)
	return nil
}

// withholds asks whether the role may not write to the function's log group, and remembers the refusals where it is told to.
func (iv *Invoker) withholds(ctx context.Context, v *function.Version, now time.Time, remember bool) (withheld bool, err error) {
	session, err := iv.Authz.RoleSession(ctx, v.Role, v.Name)
	if fault.Is(err, fault.NotFound) {
		return !iv.Authz.Audit, nil // deleted while the function ran
	}
	if err != nil {
		return false, err
	}
	group := arn.LogGroup(v.Region, v.Account, logs.Group(v))
	needs := []struct{ action, resource string }{
		{"logs:PutLogEvents", group + ":log-stream:" + logs.Stream(v, now)},
		{"logs:CreateLogStream", group + ":log-stream:"},
		{"logs:CreateLogGroup", group + ":log-stream:"}, // as refusals show it
	}
	for _, need := range needs {
		q := authz.Question{Session: session, Action: need.action, Resource: need.resource, ResourceAccount: v.Account, Region: v.Region,
			Purpose: fmt.Sprintf("without it AWS drops the log of %s; attaching AWSLambdaBasicExecutionRole to the role would do", v.QualifiedARN())}
		d, err := iv.Authz.Decide(ctx, q)
		if err != nil {
			return false, err
		}
		if d.Allowed() {
			continue
		}
		if need.action == "logs:CreateLogGroup" {
			if there, err := iv.Logs.Exists(ctx, v.Account, v.Region, logs.Group(v)); err != nil || there {
				return withheld, err
			}
		}
		if remember {
			iv.Authz.Remember(q, d)
		}
		withheld = !iv.Authz.Audit
	}
	return withheld, nil
}
