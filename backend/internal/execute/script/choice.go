package script

import (
	"context"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// choice runs the script of a function that has one, and the code of one that has none.
type choice struct {
	scripts *Executor
	code    invoke.Executor
}

// Choose returns an executor that answers as told where a function has a script, and leaves every other to code.
// Closing it closes both.
func Choose(scripts *Executor, code invoke.Executor) invoke.Executor { return &choice{scripts, code} }

func (c *choice) Run(ctx context.Context, inv *invoke.Invocation) (*invoke.Outcome, error) {
	if !c.scripts.Has(inv.Function.ARN()) {
		return c.code.Run(ctx, inv)
	}
	out, err := c.scripts.Run(ctx, inv)
	if fault.Is(err, fault.NotFound) { // it was taken away just now
		return c.code.Run(ctx, inv)
	}
	return out, err
}

func (c *choice) Prepare(ctx context.Context, v *function.Version, n int) (invoke.Prepared, error) {
	if n > 0 && c.scripts.Has(v.ARN()) {
		return c.scripts.Prepare(ctx, v, n)
	}
	return c.code.Prepare(ctx, v, n)
}

func (c *choice) Retire(functionARN, version string) {
	c.scripts.Retire(functionARN, version)
	c.code.Retire(functionARN, version)
}

func (c *choice) Close() {
	c.scripts.Close()
	c.code.Close()
}
