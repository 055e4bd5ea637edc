package check

import (
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
)

// readActions are those that Lambda checks when a mapping is made, by service of the source: those that its own error
// message names, and for queues the three that it asks one by one.
var readActions = map[string][]string{
	"kinesis":  {"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards", "kinesis:ListStreams"},
	"dynamodb": {"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"},
	"sqs":      {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
}

// writeActions are those that a destination needs. A bucket's are two, see writes.
var writeActions = map[string]string{"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction", "events": "events:PutEvents"}

// mappings judges every event source mapping.
func (c *checker) mappings() {
	for _, r := range c.plan.of("lambda_event_source_mapping") {
		f := Finding{Kind: Mapping, Rule: "pull/source", Address: r.address}
		t, ok := c.targetOf(r)
		source := c.plan.attr(r, "event_source_arn")
		f.Target, f.Source = t.arn, source.text
		a, err := arn.Parse(source.text)
		actions := readActions[a.Service]
		if a.Service == "kinesis" && strings.Contains(a.Resource, "/consumer/") {
			actions = append([]string{"kinesis:SubscribeToShard"}, actions...)
		}
		switch {
		case !ok || t.open != "":
			f.Verdict, f.Reason = Unknown, "which function it calls is not known: "+t.open
		case source.level == open || source.hidden:
			f.Verdict, f.Reason = Unknown, "what it reads is not known: "+source.why
		case !source.given():
			f.Verdict, f.Reason = Unknown, "it reads a self-managed source, whose rights no policy holds"
		case err != nil || actions == nil:
			f.Verdict, f.Reason = Unknown, "what the role needs to read "+source.text+" is not judged here: Kinesis, DynamoDB streams and SQS are"
		default:
			f.Rule, f.Actions = "pull/"+a.Service, actions
			c.judgeRole(f, c.executionRole(t), lambda, []request{{actions, source.text}}, "read "+source.text)
			c.writes(r, t, "destination_config", 0, "on_failure", 0, "destination_arn")
			continue
		}
		c.add(f)
		if ok && t.open == "" {
			c.writes(r, t, "destination_config", 0, "on_failure", 0, "destination_arn")
		}
	}
}

// executionRole is the role of a function of the plan.
func (c *checker) executionRole(t target) role {
	if t.resource == nil {
		return role{open: "the function " + t.arn + " is not in this plan, and neither is its role"}
	}
	return c.roleOf(t.resource, c.plan.attr(t.resource, "role"))
}

// destinations judges where functions write when an asynchronous invocation has ended, and their dead-letter queues.
func (c *checker) destinations() {
	for _, r := range c.plan.of("lambda_function_event_invoke_config") {
		t, ok := c.targetOf(r)
		if !ok {
			continue
		}
		c.writes(r, t, "destination_config", 0, "on_success", 0, "destination")
		c.writes(r, t, "destination_config", 0, "on_failure", 0, "destination")
	}
	for _, r := range c.plan.of("lambda_function") {
		own := c.plan.attr(r, "arn").text
		c.writes(r, target{arn: own, function: own, resource: r}, "dead_letter_config", 0, "target_arn")
	}
}

// writes judges one destination, where it is configured.
func (c *checker) writes(r *resource, t target, steps ...any) {
	if n, ok := c.plan.length(r, steps[0]); n == 0 && ok {
		return
	}
	v := c.plan.attr(r, steps...)
	if !v.given() {
		return
	}
	f := Finding{Kind: Destination, Rule: "destination/unknown", Address: r.address, Source: t.arn, Target: v.text}
	a, err := arn.Parse(v.text)
	action := writeActions[a.Service]
	switch {
	case t.open != "":
		f.Verdict, f.Reason = Unknown, "which function it is for is not known: "+t.open
	case v.level == open || v.hidden:
		f.Verdict, f.Reason = Unknown, where(steps)+" is not known: "+v.why
	case err == nil && a.Service == "s3":
		f.Rule, f.Actions = "destination/s3", []string{"s3:PutObject", "s3:ListBucket"}
		c.judgeRole(f, c.executionRole(t), lambda, []request{{[]string{"s3:PutObject"}, v.text + "/aws/lambda/record.json"}, {[]string{"s3:ListBucket"}, v.text}}, "write to "+v.text)
		return
	case err != nil || action == "":
		f.Verdict, f.Reason = Unknown, "what the role needs to write to "+v.text+" is not judged here: SQS, SNS, EventBridge, Lambda and S3 are"
	default:
		f.Rule, f.Actions = "destination/"+a.Service, []string{action}
		c.judgeRole(f, c.executionRole(t), lambda, []request{{[]string{action}, v.text}}, "write to "+v.text)
		return
	}
	c.add(f)
}

// trust judges for every function whether Lambda may assume its role: without that the function is not created.
func (c *checker) trust() {
	for _, r := range c.plan.of("lambda_function") {
		ro := c.roleOf(r, c.plan.attr(r, "role"))
		f := Finding{Kind: Trust, Rule: "trust/lambda", Address: r.address, Role: ro.arn, Actions: []string{"sts:AssumeRole"}}
		if ro.open != "" {
			f.Verdict, f.Reason = Unknown, ro.open
			c.add(f)
			continue
		}
		a := c.trustQuestion(ro, lambda).judge()
		f.Verdict, f.Reason, f.Assumes = a.verdict, a.reason, a.assumes
		if f.Verdict == Missing {
			f.Mend = c.mendTrust(ro)
			f.Reason = strings.TrimSuffix("the trust policy of "+ro.label()+" does not let Lambda assume it: "+f.Reason, ": ")
		}
		c.add(f)
	}
}
