package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Change is what a mend does to a policy.
type Change string

// The changes.
const (
	AddStatement    Change = "add a statement"
	ChangeStatement Change = "change a statement"
	RemoveDeny      Change = "take back a deny"
)

// Mend is one change without which a refused request stays refused. Where a refusal has several, all are needed. It shows
// what would mend it, not that it ought to be mended.
type Mend struct {
	Kind   PolicyKind `json:"kind"`             // of the policy to change
	Change Change     `json:"change"`           //
	Policy string     `json:"policy,omitempty"` // its name; empty: a new one
	SID    string     `json:"sid,omitempty"`    // of the statement to change, where it has one
	Index  int        `json:"index"`            // of that statement, from 0
	// Element is the element to change, and of a condition Operator and Key.
	Element  Element `json:"element,omitempty"`
	Operator string  `json:"operator,omitempty"`
	Key      string  `json:"key,omitempty"`
	// Needs is what the element must have for this request; empty where the request lacks the condition's key, so that the
	// condition has to go. Has is what it has now.
	Needs []string `json:"needs,omitempty"`
	Has   []string `json:"has,omitempty"`
	// Statement is the statement to add.
	Statement json.RawMessage `json:"statement,omitempty"`
	// HCL is the same in a module's language, as far as there is an argument for it.
	HCL string `json:"hcl,omitempty"`
}

// String is the mend in one line: the HCL where there is one.
func (m Mend) String() string {
	if m.HCL != "" {
		return m.HCL
	}
	r := Reason{SID: m.SID, Index: m.Index, Policy: m.Policy}
	switch {
	case m.Change == AddStatement && m.Policy != "":
		return fmt.Sprintf("add to %s: %s", m.Policy, m.Statement)
	case m.Change == AddStatement:
		return fmt.Sprintf("add to a %s: %s", m.Kind, m.Statement)
	case m.Change == RemoveDeny:
		return r.name() + " must not deny it"
	case m.Element == ElementResource:
		return fmt.Sprintf("%s: Resource = %s (has %s)", r.name(), quoted(m.Needs), quoted(m.Has))
	case len(m.Needs) == 0:
		return fmt.Sprintf("%s: without the condition %s %s (has %s; the request does not have the key)", r.name(), m.Operator, m.Key, quoted(m.Has))
	}
	return fmt.Sprintf("%s: %s %s = %s (has %s)", r.name(), m.Operator, m.Key, quoted(m.Needs), quoted(m.Has))
}

// mends lists what a refusal lacks.
func (x *Explanation) mends() []Mend {
	var list []Mend
	switch x.Verdict {
	case Allowed:
		return nil
	case ExplicitDeny:
		for i := range x.Reasons {
			if r := &x.Reasons[i]; r.Matched && r.Effect == Deny {
				list = append(list, Mend{Kind: r.Kind, Change: RemoveDeny, Policy: r.Policy, SID: r.SID, Index: r.Index})
			}
		}
		return list
	}
	for _, kind := range x.lacking() {
		list = append(list, x.mend(kind)...)
	}
	return list
}

// lacking lists the kinds of policy that all have to allow it and do not.
func (x *Explanation) lacking() []PolicyKind {
	k, who := &x.Kinds, &x.Request.Principal
	var list []PolicyKind
	if k.ServiceControl == ImplicitDeny {
		list = append(list, ServiceControl)
	}
	both := x.CrossAccount || x.mustAllow
	if (both || !who.own()) && k.Resource != Allowed {
		list = append(list, ResourcePolicy)
	}
	if !who.own() || who.Kind == RootUser {
		return list
	}
	granted := notNamed // how the resource's policy lets the caller in, where that is enough
	for i := range x.Reasons {
		if r := &x.Reasons[i]; r.Kind == ResourcePolicy && r.Matched && r.Effect == Allow && !x.CrossAccount {
			granted = max(granted, r.form)
		}
	}
	trusted := x.mustAllow && !x.CrossAccount && k.Resource != Allowed // its grant may be direct, and enough
	if k.Identity != Allowed && granted < byParent && !trusted {
		list = append(list, IdentityPolicy)
	}
	if k.Boundary == ImplicitDeny && granted < directly {
		list = append(list, BoundaryPolicy)
	}
	if (k.Session == ImplicitDeny || k.Session == Absent && who.Kind == FederatedUser) && granted < directly {
		list = append(list, SessionPolicy)
	}
	return list
}

// mend is what one kind of policy has to change: the statement that came nearest, when it is about the action, and otherwise
// a new one. Service control policies need one at every level that is silent.
func (x *Explanation) mend(kind PolicyKind) []Mend {
	if kind != ServiceControl {
		return []Mend{x.nearest(kind, 0)}
	}
	var list []Mend
	allows := map[int]bool{}
	for i := range x.Reasons {
		if r := &x.Reasons[i]; r.Kind == ServiceControl {
			allows[r.Level] = allows[r.Level] || r.Matched && r.Effect == Allow
		}
	}
	for level := 1; level <= len(allows); level++ {
		if !allows[level] {
			list = append(list, x.nearest(kind, level))
		}
	}
	return list
}

func (x *Explanation) nearest(kind PolicyKind, level int) Mend {
	var best *Reason
	name := ""
	for i := range x.Reasons {
		r := &x.Reasons[i]
		if r.Kind != kind || r.Level != level {
			continue
		}
		name = r.Policy
		if r.Effect == Allow && (r.Lacks == ElementCondition || r.Lacks == ElementResource) && (best == nil || r.Lacks == ElementCondition && best.Lacks == ElementResource) {
			best = r
		}
	}
	if best == nil {
		return x.newStatement(kind, name)
	}
	m := Mend{Kind: kind, Change: ChangeStatement, Policy: best.Policy, SID: best.SID, Index: best.Index, Element: best.Lacks}
	if u := best.Unmet; u != nil {
		m.Operator, m.Key, m.Needs, m.Has = u.Operator, u.Key, u.Have, u.Want
		switch {
		case strings.EqualFold(u.Operator, "Null"):
			m.Needs = []string{fmt.Sprint(len(u.Have) == 0)}
		case x.Request.Context.keys[strings.ToLower(u.Key)].list && !strings.Contains(u.Operator, ":"):
			m.Operator = "ForAnyValue:" + u.Operator // no values would do without
		}
	} else {
		m.Needs, m.Has = []string{x.Request.Resource}, slices.Concat(best.Statement.Resources, best.Statement.NotResources)
	}
	m.HCL = x.changeHCL(&m)
	return m
}

// newStatement is a statement that would allow the request, and no more.
func (x *Explanation) newStatement(kind PolicyKind, name string) Mend {
	s := struct {
		SID       string                         `json:"Sid,omitempty"`
		Effect    Effect                         `json:"Effect"`
		Principal any                            `json:"Principal,omitempty"`
		Action    string                         `json:"Action"`
		Resource  string                         `json:"Resource,omitempty"`
		Condition map[string]map[string][]string `json:"Condition,omitempty"`
	}{Effect: Allow, Action: x.Request.Action, Resource: x.Request.Resource}
	if kind == ResourcePolicy {
		s.Principal = x.Request.Principal.element()
		if x.mustAllow {
			s.Resource = ""
		}
		if source := x.Request.Context.keys["aws:sourcearn"].values; len(source) == 1 {
			s.Condition = map[string]map[string][]string{"ArnLike": {"aws:SourceArn": source}}
		}
	}
	text, err := json.Marshal(s)
	if err != nil { // it is made of strings
		panic(err)
	}
	return Mend{Kind: kind, Change: AddStatement, Policy: name, Statement: text, HCL: x.addHCL(kind, text)}
}

// element is the Principal element that names the caller alone; of a role session, its role.
func (p *Principal) element() any {
	switch {
	case p.Kind == ServicePrincipal:
		return map[string]string{"Service": p.Service}
	case p.Kind == WebIdentity:
		return map[string]string{"Federated": p.Provider}
	case p.Kind == AnonymousPrincipal:
		return "*"
	case p.Kind == RoleSession && p.RoleARN != "":
		return map[string]string{"AWS": p.RoleARN}
	}
	return map[string]string{"AWS": p.ARN}
}
