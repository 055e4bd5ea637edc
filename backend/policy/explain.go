package policy

import (
	"fmt"
	"strings"
)

// Explanation is a decision with its reasons: what every statement of every policy that applies had to say.
type Explanation struct {
	Decision
	Reasons []Reason `json:"reasons,omitempty"`
	// Request is what was asked.
	Request   Request `json:"-"`
	mustAllow bool
}

// name is how a reason calls its statement.
func (r *Reason) name() string {
	if r.SID != "" {
		return fmt.Sprintf("statement %q of %s", r.SID, r.Policy)
	}
	return fmt.Sprintf("statement %d of %s", r.Index+1, r.Policy)
}

// Text says in a sentence or a few, one a line, why the request was allowed or refused.
func (x Explanation) Text() string {
	switch {
	case x.RootUser && x.CrossAccount:
		return "allowed by " + strings.Join(x.names(Allow, x.granting), " and ") + "; the caller is its own account's root user, who needs no identity policy"
	case x.RootUser:
		return "allowed: the caller is the account's root user"
	case x.Verdict == Allowed:
		return "allowed by " + strings.Join(x.names(Allow, x.granting), " and ")
	case x.Verdict == ExplicitDeny:
		return "refused: an explicit deny in " + strings.Join(x.names(Deny, func(*Reason) bool { return true }), " and ")
	}
	lines := []string{fmt.Sprintf("refused: no %s allows it", x.DecidedBy)}
	for i := range x.Reasons {
		r := &x.Reasons[i]
		either := x.DecidedBy == IdentityPolicy && !x.CrossAccount && r.Kind == ResourcePolicy // in one account it would do as well
		if r.Effect != Allow || (r.Kind != x.DecidedBy && !either) {
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
func (x *Explanation) granting(r *Reason) bool {
	if x.CrossAccount {
		return r.Kind == ResourcePolicy || r.Kind == IdentityPolicy
	}
	return r.Kind == x.DecidedBy
}

func (x *Explanation) names(e Effect, keep func(*Reason) bool) []string {
	var list []string
	for i := range x.Reasons {
		if r := &x.Reasons[i]; r.Matched && r.Effect == e && keep(r) {
			list = append(list, r.name())
		}
	}
	if len(list) == 0 {
		list = append(list, "the "+string(x.DecidedBy))
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
