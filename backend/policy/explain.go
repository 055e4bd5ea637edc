package policy

import (
	"fmt"
	"strings"
)

// Explanation is a decision with its reasons: what every statement of every policy that applies had to say.
type Explanation struct {
	Decision
	Reasons []Reason `json:"reasons,omitempty"`
	// Mends is what would have to change for the request to be allowed: all of it. Empty when it is allowed.
	Mends []Mend `json:"mends,omitempty"`
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

// Line says in one line what AWS's text leaves out: which statement refused, or came nearest, and what it lacked.
func (x Explanation) Line() string {
	return strings.ReplaceAll(x.sentence()+x.because("; "), "\n", " ")
}

// Text is for people: why the request was allowed or refused, a line for each statement that might have allowed it, and what
// would mend a refusal.
func (x Explanation) Text() string {
	text := x.sentence() + x.because("\n")
	for _, m := range x.Mends {
		text += "\nto allow it: " + m.String()
	}
	return text
}

// sentence is the verdict and what it rests on.
func (x *Explanation) sentence() string {
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
	return fmt.Sprintf("refused: no %s allows it", x.DecidedBy)
}

// because is, after an implicit refusal, what each statement lacked that might have allowed the request.
func (x *Explanation) because(separator string) string {
	if x.Verdict != ImplicitDeny {
		return ""
	}
	text := ""
	for i := range x.Reasons {
		r := &x.Reasons[i]
		either := x.DecidedBy == IdentityPolicy && !x.CrossAccount && r.Kind == ResourcePolicy // in one account it would do as well
		if r.Effect != Allow || (r.Kind != x.DecidedBy && !either) {
			continue
		}
		why := r.Mismatch
		if r.Matched && r.Kind == ServiceControl {
			continue // another level is silent
		}
		if r.Matched {
			why = "names only the account, which leaves it to identity policies"
		}
		text += separator + r.name() + ": " + why
	}
	if text == "" {
		return ": there is none with a statement that allows anything"
	}
	return text
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
