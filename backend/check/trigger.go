package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// call is a source that is configured to call a function.
type call struct {
	service    string // for the rule: s3
	resource   *resource
	via        string // the attribute that names the function
	function   value
	principals []string // one of them has to be let in
	sources    []string // aws:SourceArn; each has to be let in
	account    string   // aws:SourceAccount
	credential value    // a role in the place of the function's policy
	open       string   // why the source is not known
}

// trigger says where a type of resource names a function, and as what and from where it calls.
type trigger struct {
	kind, service, principal string
	block                    string // a nested block, repeated; empty for none
	attribute                string
	source                   func(p *Plan, r *resource, block int) string
	// when: the attribute beside it that must have the value, for types that call others than functions too.
	when, value string
}

// allTriggers are the sources that keep their own mapping (each service's page in the Lambda developer guide).
var allTriggers = []trigger{
	{"s3_bucket_notification", "s3", "s3.amazonaws.com", "lambda_function", "lambda_function_arn", func(p *Plan, r *resource, _ int) string {
		return p.home(r, arn.Bucket(p.part(r, "bucket")))
	}, "", ""},
	{"sns_topic_subscription", "sns", "sns.amazonaws.com", "", "endpoint", attributeSource("topic_arn"), "protocol", "lambda"},
	{"cloudwatch_event_target", "events", "events.amazonaws.com", "", "arn", func(p *Plan, r *resource, _ int) string {
		return p.ruleARN(r, p.part(r, "rule"))
	}, "", ""},
	{"config_config_rule", "config", "config.amazonaws.com", "source", "source_identifier", attributeSource("arn"), "owner", "CUSTOM_LAMBDA"},
	{"ses_receipt_rule", "ses", "ses.amazonaws.com", "lambda_action", "function_arn", func(p *Plan, r *resource, _ int) string {
		return p.local(r, "ses", "receipt-rule-set/"+p.part(r, "rule_set_name")+":receipt-rule/"+p.part(r, "name"))
	}, "", ""},
	{"secretsmanager_secret_rotation", "secretsmanager", "secretsmanager.amazonaws.com", "", "rotation_lambda_arn", attributeSource("secret_id"), "", ""},
	{"iot_topic_rule", "iot", "iot.amazonaws.com", "lambda", "function_arn", attributeSource("arn"), "", ""},
	{"lb_target_group_attachment", "elasticloadbalancing", "elasticloadbalancing.amazonaws.com", "", "target_id", attributeSource("target_group_arn"), "", ""},
	{"codecommit_trigger", "codecommit", "codecommit.amazonaws.com", "trigger", "destination_arn", func(p *Plan, r *resource, _ int) string {
		return p.local(r, "codecommit", p.part(r, "repository_name"))
	}, "", ""},
	{"connect_lambda_function_association", "connect", "connect.amazonaws.com", "", "function_arn", func(p *Plan, r *resource, _ int) string {
		return p.local(r, "connect", "instance/"+p.part(r, "instance_id"))
	}, "", ""},
}

// userPoolTriggers are the members of a user pool's lambda_config; those of a block of their own have lambda_arn in it.
var userPoolTriggers = []string{"create_auth_challenge", "custom_message", "define_auth_challenge", "post_authentication", "post_confirmation", "pre_authentication",
	"pre_sign_up", "pre_token_generation", "user_migration", "verify_auth_challenge_response", "custom_email_sender", "custom_sms_sender", "pre_token_generation_config"}

func attributeSource(attribute string) func(*Plan, *resource, int) string {
	return func(p *Plan, r *resource, _ int) string { return p.part(r, attribute) }
}

// calls lists every source of the plan that calls a function.
func (c *checker) calls() []call {
	var list []call
	for _, t := range allTriggers {
		for _, r := range c.plan.of(t.kind) {
			if t.block == "" {
				if t.when == "" || c.plan.attr(r, t.when).text == t.value {
					list = append(list, c.callOf(t, r, 0, t.attribute))
				}
				continue
			}
			n, ok := c.plan.length(r, t.block)
			if !ok {
				list = append(list, call{service: t.service, resource: r, via: t.block, function: opened(r.address + "." + t.block + " is not known")})
			}
			for i := range n {
				if t.when == "" || c.plan.attr(r, t.block, i, t.when).text == t.value {
					list = append(list, c.callOf(t, r, i, t.block, i, t.attribute))
				}
			}
		}
	}
	list = append(list, c.userPools()...)
	list = append(list, c.subscriptionFilters()...)
	return append(list, c.integrations()...)
}

func (c *checker) callOf(t trigger, r *resource, block int, steps ...any) call {
	k := call{service: t.service, resource: r, via: where(steps), function: c.plan.attr(r, steps...), principals: []string{t.principal}, sources: []string{t.source(c.plan, r, block)}}
	if a, err := arn.Parse(k.sources[0]); err == nil {
		k.account = a.Account
	}
	if k.account == "" {
		k.account = c.plan.account(r)
	}
	if owner := c.bucketOwner(r); t.service == "s3" && owner != "" {
		k.account = owner
	}
	return k
}

// bucketOwner is the account of the bucket of a notification, where the plan has the bucket.
func (c *checker) bucketOwner(r *resource) string {
	for _, b := range c.plan.of("s3_bucket") {
		if c.plan.part(b, "bucket") == c.plan.part(r, "bucket") {
			return c.plan.account(b)
		}
	}
	return ""
}

func (c *checker) userPools() []call {
	var list []call
	for _, r := range c.plan.of("cognito_user_pool") {
		if n, _ := c.plan.length(r, "lambda_config"); n == 0 {
			continue
		}
		for _, member := range userPoolTriggers {
			steps := []any{"lambda_config", 0, member}
			if n, _ := c.plan.length(r, steps...); n > 0 {
				steps = append(steps, 0, "lambda_arn")
			}
			if v := c.plan.attr(r, steps...); v.symbolic && v.from == nil && v.level == exact {
				continue // computed, and not configured
			}
			t := trigger{service: "cognito-idp", principal: "cognito-idp.amazonaws.com", source: attributeSource("arn")}
			list = append(list, c.callOf(t, r, 0, steps...))
		}
	}
	return list
}

// subscriptionFilters are those of CloudWatch Logs, which calls under its global or its regional name.
func (c *checker) subscriptionFilters() []call {
	var list []call
	for _, r := range c.plan.of("cloudwatch_log_subscription_filter") {
		t := trigger{service: "logs", principal: "logs.amazonaws.com", source: func(p *Plan, r *resource, _ int) string {
			return p.local(r, "logs", "log-group:"+p.part(r, "log_group_name")+":*")
		}}
		k := c.callOf(t, r, 0, "destination_arn")
		k.principals = append(k.principals, "logs."+c.plan.region(r)+".amazonaws.com")
		list = append(list, k)
	}
	return list
}

// triggers judges every call.
func (c *checker) triggers() {
	for _, k := range c.calls() {
		t, ok := c.targetARN(k.function)
		if ok {
			c.trigger(k, t)
		}
	}
}

// trigger asks the function's policy as push does: once for each source, under whichever name lets it in.
func (c *checker) trigger(k call, t target) {
	f := Finding{Kind: Trigger, Rule: "push/" + k.service, Address: k.resource.address, Source: strings.Join(k.sources, " "), Target: t.arn, Actions: []string{"lambda:InvokeFunction"}}
	switch {
	case t.open != "":
		f.Verdict, f.Reason = Unknown, "which function it calls is not known: "+t.open
		c.add(f)
		return
	case k.credential.given():
		c.byRole(k, t, f)
		return
	case k.open != "":
		f.Verdict, f.Reason = Unknown, k.open
		c.add(f)
		return
	}
	worst := answer{verdict: Allowed}
	for _, source := range k.sources {
		var best answer
		for i, principal := range k.principals {
			a := c.pushQuestion(t, principal, source, k.account).judge()
			if i == 0 || rank(a.verdict) < rank(best.verdict) {
				best = a
			}
		}
		if worst.reason == "" || rank(best.verdict) > rank(worst.verdict) {
			worst = best
			f.Source = source
		}
	}
	f.Verdict, f.Reason, f.Assumes = worst.verdict, worst.reason, worst.assumes
	if f.Verdict == Missing {
		c.explainRefusal(&f, k, t)
	}
	if f.Verdict == Allowed && t.assumes != "" {
		f.Assumes = append(f.Assumes, t.assumes)
	}
	c.add(f)
}

func rank(v Verdict) int { return slices.Index([]Verdict{Allowed, Unknown, Missing}, v) }

// pushQuestion is what push asks before it delivers: see core/push, MayInvoke, and core/authz for the keys.
func (c *checker) pushQuestion(t target, principal, source, account string) *question {
	a, _ := arn.Parse(t.arn)
	keys := map[string][]string{
		"aws:PrincipalIsAWSService": {strconv.FormatBool(true)}, "aws:PrincipalServiceName": {principal}, "aws:RequestedRegion": {a.Region},
		"aws:SecureTransport": {"true"}, "aws:ViaAWSService": {"false"},
	}
	if source != "" {
		keys["aws:SourceArn"] = []string{source}
	}
	if account != "" {
		keys["aws:SourceAccount"] = []string{account}
	}
	return &question{things: c.things, resource: c.functionPolicy(t), request: policy.Request{
		Principal: policy.Principal{Kind: policy.ServicePrincipal, Service: principal},
		Action:    "lambda:InvokeFunction", Resource: t.arn, ResourceAccount: t.account, Context: policy.NewContext(keys)}}
}

// explainRefusal adds to a refusal what is usually behind it, and what would mend it. On a fresh plan a lone reference to
// a function may have a qualifier after it: a permission for one makes the refusal unsure.
func (c *checker) explainRefusal(f *Finding, k call, t target) {
	f.Mend = c.mendPermission(k, t, f.Source)
	if f.Reason == "" {
		f.Reason = "no permission of this plan is on " + t.arn
	}
	for _, p := range c.permissions() {
		if p.target.open != "" || p.target.function != t.function || p.target.qualifier == t.qualifier {
			continue
		}
		other := t
		other.arn, other.qualifier = p.target.arn, p.target.qualifier
		if c.pushQuestion(other, k.principals[0], f.Source, k.account).judge().verdict != Allowed {
			continue
		}
		if t.qualifier == "" && t.assumes != "" {
			f.Verdict, f.Mend = Unknown, nil
			f.Reason = p.resource.address + " is on the qualifier " + p.target.qualifier + "; " + k.resource.address + "." + k.via +
				" refers to the function alone, which is right only if the plan's configuration adds :" + p.target.qualifier + " to it"
			return
		}
		f.Reason = p.resource.address + " lets it in, but on " + p.target.arn + ": a permission on one qualifier, or on none, does not count for another"
		return
	}
}
