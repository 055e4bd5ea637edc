package policy

// Verdict is the answer.
type Verdict string

// The verdicts, as the IAM simulation API spells them. Absent is of a kind of policy of which none took part.
const (
	Absent       Verdict = ""
	Allowed      Verdict = "allowed"
	ExplicitDeny Verdict = "explicitDeny"
	ImplicitDeny Verdict = "implicitDeny"
)

// PolicyKind is a kind of policy, as AWS's messages call it.
type PolicyKind string

// The kinds of policies.
const (
	IdentityPolicy  PolicyKind = "identity-based policy"
	ResourcePolicy  PolicyKind = "resource-based policy"
	BoundaryPolicy  PolicyKind = "permissions boundary"
	SessionPolicy   PolicyKind = "session policy"
	ServiceControl  PolicyKind = "service control policy"
	ResourceControl PolicyKind = "resource control policy"
)

// Verdicts is what each kind of policy says by itself: explicitDeny where one of its statements denies, allowed where one
// allows (service control policies: one at every level), implicitDeny where none does, Absent where there is no policy of
// the kind or it does not apply to the caller. That the resource's policy says allowed does not mean that it is enough: it
// may name only the account.
type Verdicts struct {
	ServiceControl  Verdict `json:"service_control,omitempty"`
	ResourceControl Verdict `json:"resource_control,omitempty"`
	Resource        Verdict `json:"resource,omitempty"`
	Identity        Verdict `json:"identity,omitempty"`
	Boundary        Verdict `json:"boundary,omitempty"`
	Session         Verdict `json:"session,omitempty"`
}

// Decision is the answer.
type Decision struct {
	Verdict Verdict `json:"verdict"`
	// DecidedBy is the kind of policy that allowed, that denied, or that lacks an Allow.
	DecidedBy PolicyKind `json:"decided_by,omitempty"`
	// CrossAccount: the caller's account is not the resource's. Both sides must then allow.
	CrossAccount bool `json:"cross_account,omitempty"`
	// RootUser: allowed because the caller is its account's root user, who needs no policy.
	RootUser bool `json:"root_user,omitempty"`
	// Kinds is what each kind of policy says by itself.
	Kinds Verdicts `json:"kinds"`
	// CallerSide and ResourceSide are what the two accounts say where there are two: the caller's identity policies,
	// boundary, session and service control policies, and the resource's policy and resource control policies.
	CallerSide   Verdict `json:"caller_side,omitempty"`
	ResourceSide Verdict `json:"resource_side,omitempty"`
}

// Allowed reports whether the request may go on.
func (d Decision) Allowed() bool { return d.Verdict == Allowed }
