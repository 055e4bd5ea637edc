package backend

import (
	"context"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute/process"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// nesting is the executor of real programs for attempts that others may wait for. With a virtual clock one program runs
// at a time; but what a running function has asked for, and waits for, must run while it does: a call of Invoke that is
// signed with the function's own credentials, and what the agenda starts beside others.
type nesting struct{ *process.Executor }

// Run runs one attempt.
func (n nesting) Run(ctx context.Context, inv *invoke.Invocation) (*invoke.Outcome, error) {
	return n.Executor.Run(n.nested(ctx), inv)
}

// Prepare initialises environments ahead.
func (n nesting) Prepare(ctx context.Context, v *function.Version, most int) (invoke.Prepared, error) {
	return n.Executor.Prepare(n.nested(ctx), v, most)
}

func (n nesting) nested(ctx context.Context) context.Context {
	call := wire.CallFrom(ctx)
	if agenda.Beside(ctx) || call != nil && n.Running(call.AccessKeyID) {
		return process.Nested(ctx)
	}
	return ctx
}

// heard tells the agenda when it is a running function that asks for something.
func (p *parts) heard(accessKeyID string) {
	if p.programs.Running(accessKeyID) {
		p.agenda.Asked()
	}
}
