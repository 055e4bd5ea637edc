package process

import (
	"fmt"
	"regexp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
)

// missingModule is how Python and Node.js say that a module is missing which Lambda's images bring.
var missingModule = regexp.MustCompile(`No module named '(boto3|botocore)|Cannot find (?:module|package) '(@aws-sdk/[^'/]+)`)

// hint is a line for the log of an attempt that failed because this machine has no AWS SDK, and for others "". The error
// document stays as the runtime wrote it.
func hint(v *function.Version, out *invoke.Outcome) string {
	m := missingModule.FindStringSubmatch(out.ErrorMessage)
	if !out.Failed() || m == nil {
		return ""
	}
	return fmt.Sprintf("[lambdasim] Lambda's image of %s brings %s, and this machine has it not: terraform-provider-lambdasim runtimes install gets it\n", v.Runtime, m[1]+m[2])
}
