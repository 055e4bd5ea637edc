package provider

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"
)

// Modules for AWS need not say all that depends on what: its provider tries again where a role, a policy or an alias that a
// call needs is not there yet, for up to five minutes, because in AWS these take a while to spread. Here they count at once,
// and what is missing is what Terraform makes at the same time. So the wait is short; what is still missing then is an error.

// How long a call is tried again: by modules for AWS, which may rely on it, and by those of our own provider.
const (
	dropinPatience = 30 * time.Second
	ownPatience    = 3 * time.Second
)

// Texts of errors after which the AWS provider tries again, by what it calls.
var (
	roleTexts        = []string{"The role defined for the function cannot be assumed by Lambda", "The provided execution role does not have permissions"}
	mappingTexts     = []string{"cannot be assumed by Lambda", "execution role does not have permissions", "ensure the role can perform"}
	destinationTexts = []string{"destination ARN", "does not have permissions"}
)

// patiently calls until the error is none that may pass, or the time is over.
func patiently(ctx context.Context, limit time.Duration, passes func(error) bool, call func() error) error {
	end := time.Now().Add(limit)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := call()
		if err == nil || !passes(err) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// saying is whether an error is of invalid parameters and says one of some texts.
func saying(texts []string) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[smithy.APIError](err)
		return ok && e.ErrorCode() == "InvalidParameterValueException" && slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(e.ErrorMessage(), t) })
	}
}
