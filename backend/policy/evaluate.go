package policy

// Verdict is the answer.
type Verdict string

// The verdicts, as the IAM simulation API spells them.
const (
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

// Reason is what one statement had to say.
type Reason struct {
	Kind    PolicyKind `json:"kind"`
	Policy  string     `json:"policy"`
	SID     string     `json:"sid,omitempty"`
	Index   int        `json:"index"` // of the statement, from 0
	Effect  Effect     `json:"effect"`
	Matched bool       `json:"matched"`
	// Mismatch says what the statement lacked first. Empty when it matched.
	Mismatch string `json:"mismatch,omitempty"`
	form     form
}

// Decision is the answer with its reasons.
type Decision struct {
	Verdict      Verdict    `json:"verdict"`
	DecidedBy    PolicyKind `json:"decided_by,omitempty"` // the kind of policy that allowed, denied, or was missing
	CrossAccount bool       `json:"cross_account,omitempty"`
	RootUser     bool       `json:"root_user,omitempty"` // allowed because root needs no policy
	Reasons      []Reason   `json:"reasons,omitempty"`
}

// Allowed reports whether the request may go on.
func (d Decision) Allowed() bool { return d.Verdict == Allowed }

// grants is what the statements of one kind of policy add up to.
type grants struct {
	deny, allow bool
	form        form // the strongest form among matching allows of a resource policy
}

type evaluation struct {
	req     Request
	reasons []Reason
}

// Evaluate decides. It looks at every statement of every policy, also after the answer is known, so that the reasons are
// complete.
func Evaluate(req Request, p Policies) Decision {
	if req.ResourceAccount == "" {
		req.ResourceAccount = req.Principal.Account
	}
	if req.Context == nil {
		req.Context = Context{}
	}
	e := &evaluation{req: req}
	rcp := e.all(ResourceControl, p.RCPs)
	levels, scpDeny := e.levels(p.SCPs)
	res := e.one(ResourcePolicy, p.Resource)
	id := e.all(IdentityPolicy, p.Identity)
	boundary := e.one(BoundaryPolicy, p.Boundary)
	session := e.all(SessionPolicy, p.Session)

	d := Decision{Reasons: e.reasons}
	d.CrossAccount = req.Principal.Account != "" && req.Principal.Account != req.ResourceAccount
	for _, g := range []struct {
		kind PolicyKind
		deny bool
	}{{ServiceControl, scpDeny}, {ResourceControl, rcp.deny}, {ResourcePolicy, res.deny}, {IdentityPolicy, id.deny},
		{BoundaryPolicy, boundary.deny}, {SessionPolicy, session.deny}} {
		if g.deny {
			d.Verdict, d.DecidedBy = ExplicitDeny, g.kind
			return d
		}
	}
	if !levels {
		d.Verdict, d.DecidedBy = ImplicitDeny, ServiceControl
		return d
	}
	caller := callerSide{root: req.Principal.Kind == RootUser, identity: id.allow,
		boundary: p.Boundary == nil || boundary.allow, session: len(p.Session) == 0 || session.allow}
	d.Verdict, d.DecidedBy, d.RootUser = decide(req.Principal, res, caller, d.CrossAccount, p.ResourceMustAllow)
	return d
}

// callerSide is what the caller's own policies say.
type callerSide struct{ root, identity, boundary, session bool }

func (c callerSide) allows() (Verdict, PolicyKind, bool) {
	switch {
	case c.root:
		return Allowed, IdentityPolicy, true
	case !c.identity:
		return ImplicitDeny, IdentityPolicy, false
	case !c.boundary:
		return ImplicitDeny, BoundaryPolicy, false
	case !c.session:
		return ImplicitDeny, SessionPolicy, false
	}
	return Allowed, IdentityPolicy, false
}

// decide applies the tables of the package's doc once nothing denies explicitly.
func decide(p Principal, res grants, c callerSide, cross, mustAllow bool) (Verdict, PolicyKind, bool) {
	if p.Kind == ServicePrincipal || p.Kind == AnonymousPrincipal {
		if res.allow {
			return Allowed, ResourcePolicy, false
		}
		return ImplicitDeny, ResourcePolicy, false
	}
	if cross || mustAllow {
		if !res.allow {
			return ImplicitDeny, ResourcePolicy, false
		}
		if cross {
			return c.allows()
		}
	}
	switch {
	case res.form == directly:
		return Allowed, ResourcePolicy, false
	case res.form == byRole && c.boundary && c.session:
		return Allowed, ResourcePolicy, false
	case res.form == byRole && !c.boundary:
		return ImplicitDeny, BoundaryPolicy, false
	case res.form == byRole:
		return ImplicitDeny, SessionPolicy, false
	}
	return c.allows()
}

func (e *evaluation) levels(levels [][]Source) (allowed, denied bool) {
	allowed = true
	for _, level := range levels {
		g := e.all(ServiceControl, level)
		allowed, denied = allowed && g.allow, denied || g.deny
	}
	return allowed, denied
}

func (e *evaluation) one(kind PolicyKind, s *Source) grants {
	if s == nil {
		return grants{}
	}
	return e.all(kind, []Source{*s})
}

func (e *evaluation) all(kind PolicyKind, sources []Source) grants {
	var g grants
	for _, s := range sources {
		if s.Document == nil {
			continue
		}
		for i := range s.Document.Statements {
			st := &s.Document.Statements[i]
			r := Reason{Kind: kind, Policy: s.Name, SID: st.SID, Index: i, Effect: st.Effect}
			r.Mismatch, r.form = st.match(&e.req, kind)
			r.Matched = r.Mismatch == ""
			e.reasons = append(e.reasons, r)
			switch {
			case !r.Matched:
			case st.Effect == Deny:
				g.deny = true
			default:
				g.allow, g.form = true, max(g.form, r.form)
			}
		}
	}
	return g
}

// match returns "" and the form in which the caller was named when the statement matches, otherwise what it lacked first.
func (s *Statement) match(req *Request, kind PolicyKind) (string, form) {
	named := notNamed
	switch {
	case s.Principal != nil:
		if named = s.Principal.match(req.Principal); named == notNamed {
			return s.Principal.mismatch(req.Principal), notNamed
		}
	case s.NotPrincipal != nil:
		if s.NotPrincipal.excludes(req.Principal) {
			return "principal: NotPrincipal spares " + req.Principal.Name(), notNamed
		}
		named = directly
	case kind == ResourcePolicy:
		return "principal: the statement names nobody", notNamed
	}
	if why := s.matchAction(req.Action); why != "" {
		return why, notNamed
	}
	if why := s.matchResource(req); why != "" {
		return why, notNamed
	}
	for i := range s.Conditions {
		if why := s.Conditions[i].match(req.Context); why != "" {
			return why, notNamed
		}
	}
	return "", named
}
