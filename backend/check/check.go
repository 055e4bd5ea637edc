package check

import (
	"cmp"
	"encoding/json"
	"slices"
)

// Verdict is the answer about one thing.
type Verdict string

// The verdicts.
const (
	Allowed Verdict = "allowed" // known to be allowed
	Missing Verdict = "missing" // known to be refused
	Unknown Verdict = "unknown" // not known until apply
	Notice  Verdict = "notice"  // legal, and a well-known mistake
)

// Kind says what a finding is about.
type Kind string

// The kinds of findings.
const (
	Trigger     Kind = "trigger"     // a source that calls a function
	Mapping     Kind = "mapping"     // an event source mapping that reads as the role
	Destination Kind = "destination" // where a role writes
	Trust       Kind = "trust"       // Lambda assumes an execution role
	Habit       Kind = "habit"       // a notice
)

// Finding is what there is to say about one resource and one function, role or rule.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	Kind    Kind    `json:"kind"`
	Rule    string  `json:"rule"`    // stable, for example push/s3; RuleIDs lists them
	Address string  `json:"address"` // the resource of the plan that asks
	Source  string  `json:"source,omitempty"`
	Target  string  `json:"target,omitempty"` // the function or destination
	Role    string  `json:"role,omitempty"`
	// Actions are the IAM actions that were asked, those that are missing where the verdict is Missing.
	Actions []string `json:"actions,omitempty"`
	Reason  string   `json:"reason"`
	// Assumes lists what the verdict rests on beyond the plan.
	Assumes []string `json:"assumes,omitempty"`
	Mend    *Mend    `json:"mend,omitempty"`
}

// Mend is what would mend a finding.
type Mend struct {
	Statement json.RawMessage `json:"statement,omitempty"` // of the function's policy or of an identity policy
	HCL       string          `json:"hcl"`
}

// Report is the answer about a plan.
type Report struct {
	Findings []Finding `json:"findings"`
}

// Count is how many findings have the verdict.
func (r Report) Count(v Verdict) int {
	n := 0
	for _, f := range r.Findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

// Check judges a plan. Findings are in order of verdict (missing, unknown, notice, allowed), then of address.
func Check(p *Plan) Report {
	c := &checker{plan: p}
	c.index()
	c.triggers()
	c.urls()
	c.mappings()
	c.destinations()
	c.trust()
	c.habits()
	if p.raw.Complete != nil && !*p.raw.Complete {
		c.partly()
	}
	order := []Verdict{Missing, Unknown, Notice, Allowed}
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict)), cmp.Compare(a.Address, b.Address),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Target, b.Target))
	})
	if c.findings == nil {
		c.findings = []Finding{}
	}
	return Report{Findings: c.findings}
}

// checker holds what is found while a plan is judged.
type checker struct {
	plan      *Plan
	functions map[string]*resource // by unqualified ARN
	roles     map[string]*resource // by ARN
	things    map[string]bool      // the ARNs of the plan's own resources
	findings  []Finding
}

func (c *checker) index() {
	c.functions, c.roles = map[string]*resource{}, map[string]*resource{}
	c.things = map[string]bool{}
	for _, r := range c.plan.resources {
		if r.mode == "managed" && r.kind != "" {
			c.things[c.plan.attr(r, "arn").text] = true
		}
	}
	for _, r := range c.plan.of("lambda_function") {
		c.functions[c.plan.attr(r, "arn").text] = r
	}
	for _, r := range c.plan.of("iam_role") {
		c.roles[c.plan.attr(r, "arn").text] = r
	}
}

// partly makes unknown what is missing in a plan that is not the whole: with -target, or with something deferred.
func (c *checker) partly() {
	for i := range c.findings {
		if f := &c.findings[i]; f.Verdict == Missing {
			f.Verdict, f.Mend = Unknown, nil
			f.Reason += "; but the plan is not the whole of what is configured (-target, or something deferred), and what is missing may be in the rest"
		}
	}
}

func (c *checker) add(f Finding) { c.findings = append(c.findings, f) }
