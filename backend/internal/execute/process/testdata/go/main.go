// The Go function of the tests: the event's "do" says what it does.
package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do   string `json:"do"`
	Size int    `json:"size"`
	Code int    `json:"code"`
}

var count int

func handle(ctx context.Context, e event) (any, error) {
	count++
	switch e.Do {
	case "count":
		return count, nil
	case "fail":
		return nil, errors.New("went wrong")
	case "panic":
		panic("no way on")
	case "exit":
		os.Exit(e.Code)
	case "big":
		return strings.Repeat("x", e.Size), nil
	case "sleep":
		time.Sleep(time.Hour)
	case "context":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{"request": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "version": lambdacontext.FunctionVersion,
			"stream": lambdacontext.LogStreamName, "left": time.Until(deadline).Seconds(), "trace": os.Getenv("_X_AMZN_TRACE_ID")}, nil
	}
	return e, nil
}

func main() { lambda.Start(handle) }
