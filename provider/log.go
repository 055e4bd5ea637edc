package provider

import (
	"context"

	"github.com/aws/smithy-go/middleware"
)

// loggedError is an error of a backend whose log is a file that the user may read.
type loggedError struct {
	error
	log string
}

func (e *loggedError) Unwrap() error { return e.error }

// nameLog makes the errors of every client say where the backend's log is; "" for a backend that somebody else started.
func (c *Clients) nameLog(log string) {
	if log == "" {
		return
	}
	named := middleware.InitializeMiddlewareFunc("NameLog", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, meta, err := next.HandleInitialize(ctx, in)
		if err != nil {
			err = &loggedError{err, log}
		}
		return out, meta, err
	})
	c.config.APIOptions = append(c.config.APIOptions, func(stack *middleware.Stack) error { return stack.Initialize.Add(named, middleware.Before) })
}
