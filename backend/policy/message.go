package policy

import "fmt"

// AWSMessage is the text of AWS's AccessDenied errors for a refusal (IAM User Guide, troubleshooting access denied errors).
func (d Decision) AWSMessage(principal, action, resource string) string {
	s := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", principal, action, resource)
	if d.Verdict == ExplicitDeny {
		return s + " with an explicit deny in " + article(d.DecidedBy)
	}
	return s + fmt.Sprintf(" because no %s allows the %s action", d.DecidedBy, action)
}

// article is AWS's own.
func article(k PolicyKind) string {
	if k == IdentityPolicy {
		return "an " + string(k)
	}
	return "a " + string(k)
}
