package authz

import (
	"context"
	"sync/atomic"
)

type askedKey struct{}

// Watch returns a context that notes whether somebody was asked in it: a front that leaves an operation to ask for itself
// can see that it did. was reports it.
func Watch(ctx context.Context) (watched context.Context, was func() bool) {
	mark := new(atomic.Bool)
	return context.WithValue(ctx, askedKey{}, mark), mark.Load
}

// asked notes that a decision was taken.
func asked(ctx context.Context) {
	if mark, ok := ctx.Value(askedKey{}).(*atomic.Bool); ok {
		mark.Store(true)
	}
}
