package policy

import (
	"fmt"
	"strings"
)

// name is how a reason calls its statement.
func (r Reason) name() string {
	if r.SID != "" {
		return fmt.Sprintf("statement %q of %s", r.SID, r.Policy)
	}
	return fmt.Sprintf("statement %d of %s", r.Index+1, r.Policy)
}

// Explain says in a sentence or a few, one a line, why the request was allowed or refused.
func (d Decision) Explain() string {
	switch {
	case d.RootUser && d.CrossAccount:
		return "allowed by " + strings.Join(d.names(Allow, d.granting), " and ") + "; the caller is its own account's root user, who needs no identity policy"
	case d.RootUser:
		return "allowed: the caller is the account's root user"
	case d.Verdict == Allowed:
		return "allowed by " + strings.Join(d.names(Allow, d.granting), " and ")
	case d.Verdict == ExplicitDeny:
		return "refused: an explicit deny in " + strings.Join(d.names(Deny, func(Reason) bool { return true }), " and ")
	}
	lines := []string{fmt.Sprintf("refused: no %s allows it", d.DecidedBy)}
	for _, r := range d.Reasons {
		either := d.DecidedBy == IdentityPolicy && !d.CrossAccount && r.Kind == ResourcePolicy // in one account it would do as well
		if r.Effect != Allow || (r.Kind != d.DecidedBy && !either) {
			continue
		}
		if r.Matched {
			lines = append(lines, r.name()+": names only the account, which leaves it to identity policies")
		} else {
			lines = append(lines, r.name()+": "+r.Mismatch)
		}
	}
	if len(lines) == 1 {
		lines[0] += ": there is none with a statement that allows anything"
	}
	return strings.Join(lines, "\n")
}

// granting reports whether a matched statement is one that the verdict rests on.
func (d Decision) granting(r Reason) bool {
	if d.CrossAccount {
		return r.Kind == ResourcePolicy || r.Kind == IdentityPolicy
	}
	return r.Kind == d.DecidedBy
}

func (d Decision) names(e Effect, keep func(Reason) bool) []string {
	var list []string
	for _, r := range d.Reasons {
		if r.Matched && r.Effect == e && keep(r) {
			list = append(list, r.name())
		}
	}
	if len(list) == 0 {
		list = append(list, "the "+string(d.DecidedBy))
	}
	return list
}

// AWSMessage is the text of AWS's AccessDenied errors for a refusal (IAM User Guide, troubleshooting access denied errors).
func (d Decision) AWSMessage(principal, action, resource string) string {
	s := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", principal, action, resource)
	if d.Verdict == ExplicitDeny {
		return s + " with an explicit deny in " + article(d.DecidedBy)
	}
	return s + fmt.Sprintf(" because no %s allows the %s action", d.DecidedBy, action)
}

func article(k PolicyKind) string {
	if k == IdentityPolicy {
		return "an " + string(k)
	}
	return "a " + string(k)
}
