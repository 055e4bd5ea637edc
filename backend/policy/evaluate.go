package policy

import "strings"

// evaluation is one decision on its way.
type evaluation struct {
	req     Request
	action  string // in lower case
	bounded bool   // the caller has a permissions boundary
	// reasons is where every statement leaves what it had to say; nil: only the verdict is asked for.
	reasons *[]Reason
}

// grants is what the statements of one kind of policy add up to.
type grants struct {
	present, deny, allow bool
	form                 form // the strongest form among matching allows of a resource policy
}

func (g grants) verdict() Verdict {
	switch {
	case !g.present:
		return Absent
	case g.deny:
		return ExplicitDeny
	case g.allow:
		return Allowed
	}
	return ImplicitDeny
}

// Evaluate decides. Statements that cannot change the answer any more are not asked; Explain asks all.
func Evaluate(req Request, p Policies) Decision {
	return decide(&req, &p, nil)
}

// Explain decides as Evaluate does, and says what every statement of every policy had to say.
func Explain(req Request, p Policies) Explanation {
	reasons := make([]Reason, 0, 8)
	x := Explanation{mustAllow: p.ResourceMustAllow}
	x.Decision = decide(&req, &p, &reasons)
	x.Request, x.Reasons = req, reasons
	x.Mends = x.mends()
	return x
}

func decide(req *Request, p *Policies, reasons *[]Reason) Decision {
	if req.ResourceAccount == "" {
		req.ResourceAccount = req.Principal.Account
	}
	e := evaluation{req: *req, action: strings.ToLower(req.Action), bounded: p.Boundary != nil, reasons: reasons}
	who := &e.req.Principal
	var scp, rcp, res, id, boundary, session grants
	if !who.serviceLinked() {
		if who.own() {
			e.levels(p.SCPs, &scp)
		}
		e.all(ResourceControl, p.RCPs, &rcp)
	}
	e.one(ResourcePolicy, p.Resource, &res)
	e.all(IdentityPolicy, p.Identity, &id)
	e.one(BoundaryPolicy, p.Boundary, &boundary)
	e.all(SessionPolicy, p.Session, &session)

	d := Decision{CrossAccount: who.Account != "" && who.Account != e.req.ResourceAccount}
	d.Kinds = Verdicts{ServiceControl: scp.verdict(), ResourceControl: rcp.verdict(), Resource: res.verdict(),
		Identity: id.verdict(), Boundary: boundary.verdict(), Session: session.verdict()}
	caller := d.caller(who)
	d.sides(caller)
	if kind := d.denying(); kind != "" {
		d.Verdict, d.DecidedBy = ExplicitDeny, kind
		return d
	}
	if d.Kinds.ServiceControl == ImplicitDeny {
		d.Verdict, d.DecidedBy = ImplicitDeny, ServiceControl
		return d
	}
	a := d.combine(who, res, caller, p.ResourceMustAllow)
	d.Verdict, d.DecidedBy, d.RootUser = a.verdict, a.by, a.root
	return d
}

// answer is a verdict, what it is from, and whether it is the root user's own.
type answer struct {
	verdict Verdict
	by      PolicyKind
	root    bool
}

// denying is the kind of policy that a refusal names where several deny.
func (d *Decision) denying() PolicyKind {
	k := &d.Kinds
	switch ExplicitDeny {
	case k.ServiceControl:
		return ServiceControl
	case k.ResourceControl:
		return ResourceControl
	case k.Resource:
		return ResourcePolicy
	case k.Identity:
		return IdentityPolicy
	case k.Boundary:
		return BoundaryPolicy
	case k.Session:
		return SessionPolicy
	}
	return ""
}

// callerSide is what the caller's own policies say when nothing denies.
type callerSide struct{ root, identity, boundary, session bool }

func (d *Decision) caller(who *Principal) callerSide {
	k := &d.Kinds
	return callerSide{root: who.Kind == RootUser, identity: k.Identity == Allowed,
		boundary: k.Boundary == Absent || k.Boundary == Allowed,
		// a role session without a session policy passes; a federated user has nothing without one
		session: k.Session == Allowed || k.Session == Absent && who.Kind != FederatedUser}
}

func (c callerSide) allows() answer {
	switch {
	case c.root:
		return answer{Allowed, IdentityPolicy, true}
	case !c.identity:
		return answer{ImplicitDeny, IdentityPolicy, false}
	case !c.boundary:
		return answer{ImplicitDeny, BoundaryPolicy, false}
	case !c.session:
		return answer{ImplicitDeny, SessionPolicy, false}
	}
	return answer{Allowed, IdentityPolicy, false}
}

// sides fills in what either account says, where there are two.
func (d *Decision) sides(c callerSide) {
	if !d.CrossAccount {
		return
	}
	k := &d.Kinds
	d.CallerSide, d.ResourceSide = c.allows().verdict, k.Resource
	if k.ServiceControl == ImplicitDeny {
		d.CallerSide = ImplicitDeny
	}
	if k.Resource == Absent || k.ResourceControl == ImplicitDeny {
		d.ResourceSide = ImplicitDeny
	}
	for _, v := range []Verdict{k.ServiceControl, k.Identity, k.Boundary, k.Session} {
		if v == ExplicitDeny {
			d.CallerSide = ExplicitDeny
		}
	}
	if k.ResourceControl == ExplicitDeny {
		d.ResourceSide = ExplicitDeny
	}
}

// combine applies the tables of the package's doc once nothing denies explicitly.
func (d *Decision) combine(who *Principal, res grants, c callerSide, mustAllow bool) answer {
	silent := answer{ImplicitDeny, ResourcePolicy, false}
	granted := answer{Allowed, ResourcePolicy, false}
	if !who.own() {
		if res.allow {
			return granted
		}
		return silent
	}
	if (d.CrossAccount || mustAllow) && !res.allow {
		return silent
	}
	if d.CrossAccount {
		return c.allows()
	}
	switch {
	case res.form == directly:
		return granted
	case res.form == byParent && c.boundary && c.session:
		return granted
	case res.form == byParent && !c.boundary:
		return answer{ImplicitDeny, BoundaryPolicy, false}
	case res.form == byParent:
		return answer{ImplicitDeny, SessionPolicy, false}
	}
	return c.allows()
}

// levels asks the service control policies: within a level any may allow, and every level must.
func (e *evaluation) levels(levels [][]Source, g *grants) {
	g.allow = true
	for i, level := range levels {
		one := grants{present: true}
		for j := range level {
			e.source(ServiceControl, &level[j], i+1, &one)
		}
		g.present, g.allow, g.deny = true, g.allow && one.allow, g.deny || one.deny
	}
}

func (e *evaluation) one(kind PolicyKind, s *Source, g *grants) {
	if s != nil {
		e.source(kind, s, 0, g)
	}
}

func (e *evaluation) all(kind PolicyKind, sources []Source, g *grants) {
	for i := range sources {
		e.source(kind, &sources[i], 0, g)
	}
}

// source asks the statements of one policy.
func (e *evaluation) source(kind PolicyKind, s *Source, level int, g *grants) {
	g.present = true
	if s.Document == nil {
		return
	}
	for i := range s.Document.Statements {
		st := &s.Document.Statements[i]
		if e.reasons == nil && g.settles(kind, st) {
			continue
		}
		named, short := e.match(st, kind)
		if e.reasons != nil {
			*e.reasons = append(*e.reasons, e.reason(kind, s, level, i, named, short))
		}
		switch {
		case short.element != Nothing:
		case st.Effect == Deny:
			g.deny = true
		default:
			g.allow, g.form = true, max(g.form, named)
		}
	}
}

// settles reports whether a statement cannot change what its kind of policy adds up to.
func (g *grants) settles(kind PolicyKind, s *Statement) bool {
	if s.Effect == Deny {
		return g.deny
	}
	return g.allow && (kind != ResourcePolicy || g.form == directly)
}
