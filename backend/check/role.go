package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// role is a role with its policies, as far as the plan has them.
type role struct {
	arn, name, account string
	resource           *resource // nil: the role is not in the plan
	open               string    // why it is not known which role it is
	policies           []*document
	boundary           *document
	trust              *document
}

// lambda is the principal that assumes execution roles.
const lambda = "lambda.amazonaws.com"

// roleOf finds the role that an attribute names by its ARN. by is the resource that has the attribute.
func (c *checker) roleOf(by *resource, v value) role {
	switch {
	case v.level == open:
		return role{open: "which role it is is not known: " + v.why}
	case v.hidden:
		return role{open: "the plan does not show the role of " + by.address}
	case !v.given():
		return role{open: by.address + " has no role"}
	}
	ro := role{arn: v.text, resource: c.roles[v.text]}
	if !strings.HasPrefix(ro.arn, "arn:") {
		ro.arn = c.plan.home(by, arn.Role(c.plan.account(by), "/", v.text))
		ro.resource = c.roles[ro.arn]
	}
	ro.name = ro.arn[strings.LastIndex(ro.arn, "/")+1:]
	if a, err := arn.Parse(ro.arn); err == nil {
		ro.account = a.Account
	}
	ro.policies = c.attached(&ro)
	if ro.resource == nil {
		outside := fmt.Sprintf("the role %s is not in this plan, and neither are all of its policies", ro.arn)
		ro.policies = append(ro.policies, &document{name: "the other policies of " + ro.arn, open: outside})
		ro.trust = c.trustOfData(&ro, outside)
		return ro
	}
	ro.trust = c.plan.policyAt(ro.resource, "assume_role_policy")
	if b := c.plan.attr(ro.resource, "permissions_boundary"); b.given() {
		ro.boundary = c.managed(ro.resource.address+".permissions_boundary", b)
	}
	return ro
}

// trustOfData is the trust policy of a role that the plan reads with a data source.
func (c *checker) trustOfData(ro *role, outside string) *document {
	for _, r := range c.plan.resources {
		if r.kind == "iam_role" && r.mode == "data" && c.plan.attr(r, "arn").text == ro.arn {
			return c.plan.policyAt(r, "assume_role_policy")
		}
	}
	return &document{name: "the trust policy of " + ro.arn, open: outside}
}

// attached lists the policies that the plan gives a role: inline, attached, and in the role's own deprecated arguments.
func (c *checker) attached(ro *role) []*document {
	var list []*document
	add := func(d *document) {
		if d != nil {
			list = append(list, d)
		}
	}
	if r := ro.resource; r != nil {
		n, _ := c.plan.length(r, "inline_policy")
		for i := range n {
			if d := c.plan.policyAt(r, "inline_policy", i, "policy"); d != nil && !isComputed(r, "inline_policy") {
				d.name = fmt.Sprintf("%s.inline_policy[%d]", r.address, i)
				add(d)
			}
		}
		n, _ = c.plan.length(r, "managed_policy_arns")
		for i := range n {
			add(c.managed(fmt.Sprintf("%s.managed_policy_arns[%d]", r.address, i), c.plan.attr(r, "managed_policy_arns", i)))
		}
	}
	for _, r := range c.plan.of("iam_role_policy") {
		switch is, why := c.isRole(c.plan.attr(r, "role"), ro); {
		case why != "":
			add(&document{name: r.address, open: r.address + " may be a policy of the role: " + why})
		case is:
			add(c.plan.policyAt(r, "policy"))
		}
	}
	for _, r := range c.plan.of("iam_role_policy_attachment") {
		switch is, why := c.isRole(c.plan.attr(r, "role"), ro); {
		case why != "":
			add(&document{name: r.address, open: r.address + " may attach a policy to the role: " + why})
		case is:
			add(c.managed(r.address, c.plan.attr(r, "policy_arn")))
		}
	}
	for _, r := range c.plan.of("iam_policy_attachment") {
		n, _ := c.plan.length(r, "roles")
		for i := range n {
			if is, _ := c.isRole(c.plan.attr(r, "roles", i), ro); is {
				add(c.managed(r.address, c.plan.attr(r, "policy_arn")))
			}
		}
	}
	return list
}

// isComputed reports whether a block is nowhere configured.
func isComputed(r *resource, block string) bool {
	return r.config != nil && r.config.Expressions[block] == nil && unknowable(r.unknown[block])
}

// isRole reports whether a value names the role; why says that it is not known.
func (c *checker) isRole(v value, ro *role) (is bool, why string) {
	switch {
	case v.level == open:
		return false, v.why
	case v.hidden:
		return false, "the plan does not show which role it is for"
	}
	return v.text == ro.name || v.text == ro.arn, ""
}

// managed is the managed policy with an ARN: one of the plan, or one of AWS's that are known here.
func (c *checker) managed(name string, v value) *document {
	if v.level == open || v.hidden {
		return &document{name: name, open: "which policy " + name + " is is not known: " + v.why}
	}
	for _, r := range c.plan.of("iam_policy") {
		if c.plan.attr(r, "arn").text != v.text {
			continue
		}
		if d := c.plan.policyAt(r, "policy"); d != nil {
			return d
		}
	}
	if strings.Contains(v.text, ":iam::aws:policy/") {
		own := v.text[strings.LastIndex(v.text, "/")+1:]
		if statements, ok := ofAWS[own]; ok {
			return &document{name: own, statements: slices.Clone(statements)}
		}
		return &document{name: name, open: "what AWS's managed policy " + own + " allows is not known here"}
	}
	return &document{name: name, open: "the policy " + v.text + " is not in this plan"}
}

// request is actions on a resource.
type request struct {
	actions  []string
	resource string
}

// roleQuestion is what is asked of an execution role: see core/pull, readDecision, and core/authz for the keys.
func (c *checker) roleQuestion(ro role, session, action, resource string) *question {
	a, _ := arn.Parse(resource)
	keys := policy.NewContext(map[string][]string{
		"aws:PrincipalArn": {ro.arn}, "aws:PrincipalType": {"AssumedRole"}, "aws:PrincipalAccount": {ro.account}, "aws:PrincipalIsAWSService": {"false"},
		"aws:SecureTransport": {"true"}, "aws:ViaAWSService": {"false"}})
	if a.Region != "" {
		keys.Set("aws:RequestedRegion", a.Region)
	}
	owner := a.Account
	if owner == "" {
		owner = ro.account
	}
	return &question{things: c.things, identity: ro.policies, boundary: ro.boundary, resource: c.resourcePolicy(resource, ro.account, owner), request: policy.Request{
		Principal: policy.Principal{Kind: policy.RoleSession, Account: ro.account, ARN: arn.AssumedRole(ro.account, ro.name, session), RoleARN: ro.arn},
		Action:    action, Resource: resource, ResourceAccount: owner, Context: keys}}
}

// trustQuestion asks whether a service may assume the role: see core/authz, MayAssume. The keys that the service sends are
// not established, so a condition on its source is not decided.
func (c *checker) trustQuestion(ro role, service string) *question {
	trust := &document{name: "no trust policy"}
	if ro.trust != nil {
		copied := *ro.trust
		trust = &copied
		trust.statements = slices.Clone(trust.statements)
		for i := range trust.statements {
			s := &trust.statements[i]
			s.conditions = slices.Clone(s.conditions)
			for j := range s.conditions {
				key := strings.ToLower(s.conditions[j].key)
				s.conditions[j].runtime = key == "aws:sourcearn" || key == "aws:sourceaccount"
			}
		}
	}
	return &question{things: c.things, resource: trust, mustAllow: true, request: policy.Request{Principal: policy.Principal{Kind: policy.ServicePrincipal, Service: service},
		Action: "sts:AssumeRole", Resource: ro.arn, ResourceAccount: ro.account,
		Context: policy.NewContext(map[string][]string{"aws:PrincipalIsAWSService": {"true"}, "aws:PrincipalServiceName": {service}})}}
}

// resourcePolicies are the types that give a resource its own policy.
var resourcePolicies = []struct{ kind, of, policy string }{
	{"sqs_queue_policy", "queue_url", "policy"}, {"sns_topic_policy", "arn", "policy"}, {"s3_bucket_policy", "bucket", "policy"},
	{"kinesis_resource_policy", "resource_arn", "policy"}, {"dynamodb_resource_policy", "resource_arn", "policy"},
	{"sqs_queue", "arn", "policy"}, {"sns_topic", "arn", "policy"},
}

// resourcePolicy is the policy of the resource that is written to or read, where the plan has it. In another account, where
// both sides must allow, one that is not in the plan is open.
func (c *checker) resourcePolicy(resource, account, owner string) *document {
	for _, kind := range resourcePolicies {
		for _, r := range c.plan.of(kind.kind) {
			text := c.plan.part(r, kind.of)
			if text != resource && !c.named(resource, text) {
				continue
			}
			if r.config != nil && r.config.Expressions[kind.policy] == nil {
				continue // computed
			}
			if d := c.plan.policyAt(r, kind.policy); d != nil {
				return d
			}
		}
	}
	if owner != account {
		return &document{name: "the policy of " + resource, open: "the policy of " + resource + ", in another account, is not in this plan"}
	}
	return nil
}

// named reports whether a queue's URL or a bucket's name is that of an ARN.
func (c *checker) named(resource, text string) bool {
	a, err := arn.Parse(resource)
	if err != nil {
		return false
	}
	bucket, _, _ := strings.Cut(a.Resource, "/")
	return a.Service == "s3" && text == bucket ||
		a.Service == "sqs" && strings.HasPrefix(text, "https://") && strings.HasSuffix(text, "/"+a.Account+"/"+a.Resource)
}

// judgeRole judges requests of a role and whether service may assume it; verb words the sentence.
func (c *checker) judgeRole(f Finding, ro role, service string, requests []request, verb string) {
	f.Role, f.Verdict = ro.arn, Allowed
	if ro.open != "" {
		f.Verdict, f.Reason = Unknown, ro.open
		c.add(f)
		return
	}
	var reasons []string
	var missing []request
	doubted := map[string][]string{} // actions by what makes them doubtful
	worse := func(v Verdict, why string) {
		if rank(v) > rank(f.Verdict) {
			f.Verdict, reasons = v, nil
		}
		if v == f.Verdict && v != Allowed && why != "" && !slices.Contains(reasons, why) {
			reasons = append(reasons, why)
		}
	}
	trusted := c.trustQuestion(ro, service).judge()
	if trusted.verdict == Missing {
		worse(Missing, service+" may not assume "+ro.arn+": "+trusted.reason)
	}
	if trusted.verdict == Unknown {
		worse(Unknown, "whether "+service+" may assume "+ro.arn+": "+trusted.reason)
	}
	for _, r := range requests {
		lacks := request{resource: r.resource}
		for _, action := range r.actions {
			a := c.roleQuestion(ro, "check", action, r.resource).judge()
			switch a.verdict {
			case Missing:
				if len(lacks.actions) == 0 {
					worse(Missing, a.reason) // what it comes nearest to is the same for the others
				}
				lacks.actions = append(lacks.actions, action)
			case Unknown:
				doubted[a.reason] = append(doubted[a.reason], action)
			default:
				for _, s := range a.assumes {
					if !slices.Contains(f.Assumes, s) {
						f.Assumes = append(f.Assumes, s)
					}
				}
				if f.Verdict == Allowed && f.Reason == "" {
					f.Reason = a.reason
				}
			}
		}
		if len(lacks.actions) > 0 {
			missing = append(missing, lacks)
		}
	}
	for _, why := range slices.Sorted(maps.Keys(doubted)) {
		worse(Unknown, strings.Join(doubted[why], ", ")+": "+why)
	}
	c.settleRole(f, ro, missing, reasons, verb)
}

// settleRole words the finding.
func (c *checker) settleRole(f Finding, ro role, missing []request, reasons []string, verb string) {
	if f.Verdict != Allowed {
		f.Reason, f.Assumes = strings.Join(reasons, "; "), nil
	}
	if len(missing) > 0 {
		f.Actions = nil
		for _, m := range missing {
			f.Actions = append(f.Actions, m.actions...)
		}
		lacks := fmt.Sprintf("the role %s may not %s: no policy of it allows %s", ro.label(), verb, strings.Join(f.Actions, ", "))
		if f.Reason != "" {
			lacks += " (" + f.Reason + ")"
		}
		f.Reason = lacks
		f.Mend = c.mendRole(ro, missing)
	}
	c.add(f)
}

func (ro *role) label() string {
	if ro.resource != nil {
		return ro.resource.address
	}
	return ro.arn
}
