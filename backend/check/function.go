package check

import (
	"fmt"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// target is the function that something is configured to call.
type target struct {
	arn       string // as it is called, with the qualifier
	function  string // without it
	qualifier string
	account   string
	resource  *resource // nil: the function is not in the plan
	open      string    // why it is not known which
	assumes   string
}

// targetOf reads a function_name, which is a name or an ARN.
func (c *checker) targetOf(r *resource) (t target, ok bool) {
	v := c.plan.attr(r, "function_name")
	if v.given() && v.level != open && !v.hidden && !strings.HasPrefix(v.text, "arn:") {
		v.text = c.plan.functionARN(r, c.byName(r, v.text))
	}
	return c.targetARN(v)
}

// byName is the ARN of the one function of the plan that has a name, with the name's qualifier; else the name itself.
func (c *checker) byName(r *resource, text string) string {
	name, qualifier, qualified := strings.Cut(strings.TrimPrefix(text, "function:"), ":")
	var found []string
	for _, f := range c.plan.of("lambda_function") {
		same := r.config == nil || f.config == nil || r.config.ProviderKey == f.config.ProviderKey
		if same && c.plan.region(f) == c.plan.region(r) && c.plan.part(f, "function_name") == name {
			found = append(found, c.plan.attr(f, "arn").text)
		}
	}
	if len(found) != 1 {
		return text
	}
	if qualified {
		return found[0] + ":" + qualifier
	}
	return found[0]
}

// targetARN reads a function's ARN, or an invocation path of API Gateway with one in it. ok is false when the value names
// something else than a function.
func (c *checker) targetARN(v value) (t target, ok bool) {
	if v.absent {
		return t, false
	}
	if v.level == open || v.hidden {
		why := v.why
		if v.hidden {
			why = "the plan does not show which function it is"
		}
		return target{open: why}, true
	}
	text := v.text
	if _, path, found := strings.Cut(text, ":path/2015-03-31/functions/"); found {
		text, _, _ = strings.Cut(path, "/invocations")
	}
	t.arn = text
	a, err := arn.Parse(text)
	if err != nil || a.Service != "lambda" || !strings.HasPrefix(a.Resource, "function:") {
		return t, false
	}
	name, qualifier, _ := strings.Cut(strings.TrimPrefix(a.Resource, "function:"), ":")
	t.qualifier, t.account = qualifier, a.Account
	a.Resource = "function:" + name
	t.function = a.String()
	t.resource = c.functions[t.function]
	if v.symbolic && v.from != nil && v.from.kind == "lambda_function" {
		t.assumes = "the function is called as " + t.arn + ", without a qualifier after " + v.from.address
	}
	if v.assumes != "" {
		t.assumes = v.assumes
	}
	return t, true
}

// label is what sentences call the target.
func (t *target) label() string {
	if t.resource == nil {
		return t.arn
	}
	if t.qualifier != "" {
		return t.resource.address + " (" + t.qualifier + ")"
	}
	return t.resource.address
}

// permission is a permission resource, read.
type permission struct {
	resource *resource
	target   target
	document *document
}

// permissions reads every permission of the plan.
func (c *checker) permissions() []permission {
	var list []permission
	for _, r := range c.plan.of("lambda_permission") {
		t, ok := c.targetOf(r)
		if !ok {
			continue
		}
		qualifier := c.plan.attr(r, "qualifier")
		if !qualifier.absent && t.open == "" && t.qualifier == "" && qualifier.text != "" {
			t.qualifier = qualifier.text
			t.arn = t.function + ":" + t.qualifier
		}
		d := &document{name: r.address, statements: []statement{c.granted(r, t)}}
		if !qualifier.absent && (qualifier.level == open || qualifier.hidden) {
			d = &document{name: r.address, open: r.address + ".qualifier is not known: " + qualifier.why}
		}
		list = append(list, permission{r, t, d})
	}
	return list
}

// conditions are those that a permission can have, as AddPermission writes them.
var conditions = []struct{ attribute, operator, key string }{
	{"source_account", "StringEquals", "AWS:SourceAccount"},
	{"principal_org_id", "StringEquals", "aws:PrincipalOrgID"},
	{"function_url_auth_type", "StringEquals", "lambda:FunctionUrlAuthType"},
	{"event_source_token", "StringEquals", "lambda:EventSourceToken"},
	{"source_arn", "ArnLike", "AWS:SourceArn"},
}

// granted is the statement that a permission adds to its function's policy.
func (c *checker) granted(r *resource, t target) statement {
	at := func(attribute string) value { return c.plan.attr(r, attribute) }
	s := statement{by: r.address, sid: at("statement_id").text, effect: string(policy.Allow), actions: []value{at("action")}, resources: []value{known(t.arn)}}
	if t.open != "" {
		s.resources = []value{opened(r.address + ".function_name: " + t.open)}
	}
	switch who := at("principal"); {
	case who.level == exact && who.text == "*":
		s.anybody = true
	case who.level == exact && !who.hidden && strings.HasSuffix(who.text, ".amazonaws.com"), strings.HasSuffix(who.text, ".amazon.com"):
		s.principal = []principals{{"Service", []value{who}}}
	default:
		s.principal = []principals{{"AWS", []value{who}}}
		if who.level == open || who.hidden {
			s.open = r.address + ".principal is not known: " + who.why
		}
	}
	for _, k := range conditions {
		if v := at(k.attribute); v.given() {
			s.conditions = append(s.conditions, condition{operator: k.operator, key: k.key, values: []value{v}})
		}
	}
	if v := at("invoked_via_function_url"); v.text == "true" {
		s.conditions = append(s.conditions, condition{operator: "Bool", key: "lambda:InvokedViaFunctionUrl", values: []value{v}})
	}
	return s
}

// functionPolicy is the policy of a function as it will be, as one document: a statement for each permission.
func (c *checker) functionPolicy(t target) *document {
	d := &document{name: "the policy of " + t.label()}
	for _, p := range c.permissions() {
		if p.target.open != "" || p.target.function == t.function {
			d.statements = append(d.statements, p.document.statements...)
			if p.document.open != "" {
				d.statements = append(d.statements, statement{by: p.resource.address, effect: string(policy.Allow), open: p.document.open})
			}
		}
	}
	if t.resource == nil {
		d.statements = append(d.statements, statement{effect: string(policy.Allow), open: fmt.Sprintf("the function %s is not in this plan, and neither is the rest of its policy", t.arn)})
	}
	return d
}
