package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
)

// habits gives the notices: what is legal, and a well-known mistake.
func (c *checker) habits() {
	for _, p := range c.permissions() {
		c.confusedDeputy(p)
		c.objects(p)
		if p.target.qualifier == "$LATEST" {
			c.notice("qualifier", p.resource, "Lambda takes no permission for $LATEST: leave the qualifier out, which is the same function", p.target.arn, "")
		}
	}
	c.visibility()
	c.overwritten()
	c.order()
}

func (c *checker) notice(rule string, r *resource, reason, target, hcl string) {
	f := Finding{Verdict: Notice, Kind: Habit, Rule: "habit/" + rule, Address: r.address, Target: target, Reason: reason}
	if hcl != "" {
		f.Mend = &Mend{HCL: hcl}
	}
	c.add(f)
}

// confusedDeputy finds permissions by which a service may call for anybody's resource. A bucket's ARN has no account in it:
// once the bucket is gone anybody may take its name, so that S3 needs the account too, unless the bucket is in the plan.
func (c *checker) confusedDeputy(p permission) {
	r := p.resource
	at := func(name string) value { return c.plan.attr(r, name) }
	who := at("principal").text
	if !strings.HasSuffix(who, ".amazonaws.com") || at("principal_org_id").given() || at("source_account").given() {
		return
	}
	source := at("source_arn")
	account := fmt.Sprintf("  source_account = %q", c.plan.account(r))
	if c.plan.account(r) == someAccount {
		account = "  source_account = data.aws_caller_identity.current.account_id"
	}
	switch {
	case !source.given():
		c.notice("confused-deputy", r, who+" may call for the resources of any account: it has neither source_arn nor source_account", p.target.arn, account)
	case who == "s3.amazonaws.com" && source.level != open && strings.HasPrefix(source.text, "arn:") && !c.ownBucket(source.text):
		c.notice("bucket-account", r, "a bucket's ARN names no account: whoever makes a bucket with the name "+source.text[strings.LastIndex(source.text, ":")+1:]+
			" later may call the function; source_account bounds it", p.target.arn, account)
	}
}

func (c *checker) ownBucket(text string) bool {
	return slices.ContainsFunc(c.plan.of("s3_bucket"), func(b *resource) bool { return c.plan.attr(b, "arn").text == text })
}

// objects finds permissions for the objects of a bucket: S3 sends the bucket's ARN.
func (c *checker) objects(p permission) {
	source := c.plan.attr(p.resource, "source_arn")
	bucket, _, found := strings.Cut(source.text, "/")
	if a, err := arn.Parse(source.text); source.level == open || !found || err != nil || a.Service != "s3" || c.plan.attr(p.resource, "principal").text != "s3.amazonaws.com" {
		return
	}
	c.notice("object-arn", p.resource, "the source_arn "+source.text+" is that of objects; S3 sends the bucket's, "+bucket+", so that it never matches", p.target.arn,
		fmt.Sprintf("  source_arn = %q", bucket))
}

// visibility finds queues whose messages come back while the function is still at work. Lambda refuses such a mapping.
func (c *checker) visibility() {
	for _, m := range c.plan.of("lambda_event_source_mapping") {
		t, ok := c.targetOf(m)
		source := c.plan.attr(m, "event_source_arn").text
		if !ok || t.resource == nil {
			continue
		}
		timeout := c.seconds(t.resource, "timeout", 3)
		for _, q := range c.plan.of("sqs_queue") {
			visible := c.seconds(q, "visibility_timeout_seconds", 30)
			if source == "" || c.plan.attr(q, "arn").text != source || timeout < 0 || visible < 0 || visible >= timeout {
				continue
			}
			c.notice("visibility-timeout", q, fmt.Sprintf("its visibility timeout of %d s is less than the timeout of %s, %d s: Lambda refuses the mapping %s; AWS recommends six times the function's",
				visible, t.resource.address, timeout, m.address), t.arn, fmt.Sprintf("  visibility_timeout_seconds = %d", min(6*timeout, 43200)))
		}
	}
}

// seconds is a duration of a resource; -1 where it is not known.
func (c *checker) seconds(r *resource, attribute string, unset int) int {
	v := c.plan.attr(r, attribute)
	switch {
	case v.symbolic || v.hidden:
		return -1
	case v.absent:
		return unset
	}
	n, err := strconv.Atoi(v.text)
	if err != nil {
		return -1
	}
	return n
}

// overwritten finds two notifications for one bucket: each replaces the bucket's whole configuration.
func (c *checker) overwritten() {
	first := map[string]*resource{}
	for _, r := range c.plan.of("s3_bucket_notification") {
		bucket := c.plan.part(r, "bucket")
		if was := first[bucket]; was != nil {
			c.notice("two-notifications", r, "it and "+was.address+" are for one bucket, "+bucket+"; each replaces the whole notification configuration, so that the later one wins", "", "")
			continue
		}
		first[bucket] = r
	}
}

// askingAtOnce are the types whose service asks the function's policy when they are made, so that the permission has to be
// there before.
var askingAtOnce = []string{"s3_bucket_notification", "cloudwatch_log_subscription_filter", "config_config_rule", "ses_receipt_rule", "secretsmanager_secret_rotation", "lb_target_group_attachment"}

// order finds new triggers whose service asks at once, and which do not wait for the new permission that lets them in.
func (c *checker) order() {
	for _, f := range slices.Clone(c.findings) {
		r := c.plan.byAddress[f.Address]
		if f.Kind != Trigger || f.Verdict != Allowed || !slices.Contains(askingAtOnce, r.kind) || !r.created || r.config == nil {
			continue
		}
		for _, p := range c.permissions() {
			if !p.resource.created || !strings.Contains(f.Reason, p.resource.address) || p.target.arn != f.Target || p.resource.scope != r.scope || c.waits(r, p.resource) {
				continue
			}
			own := p.resource.typ + "." + p.resource.name
			c.notice("order", r, "its service asks for the permission when it is made, and nothing makes it wait for "+own+": on a bad day apply fails", f.Target,
				"  depends_on = ["+own+"]")
			break
		}
	}
}

// waits reports whether a resource depends on another of its module, as far as its own depends_on and references say.
func (c *checker) waits(r, on *resource) bool {
	own := on.typ + "." + on.name
	if slices.ContainsFunc(r.config.DependsOn, func(d string) bool { return d == own || strings.HasPrefix(d, "module.") }) {
		return true
	}
	return mentions(r.config.Expressions, own)
}

// mentions reports whether an expression, or one inside it, refers to an address.
func mentions(e any, address string) bool {
	switch e := e.(type) {
	case map[string]any:
		for _, key := range sortedKeys(e) {
			if mentions(e[key], address) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(e, func(x any) bool { return mentions(x, address) })
	case string:
		return e == address
	}
	return false
}
