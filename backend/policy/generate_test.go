package policy_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
)

// generator makes cases from a small alphabet, so that callers, policies and requests meet often.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 1))} }

// pick takes one of a list.
func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

func (g generator) oneIn(n int) bool { return g.IntN(n) == 0 }

// callers are who may ask. Ann and Bob share an account, a role has a path that its session does not show.
var callers = []principal{
	{Kind: "user", Account: home, ARN: "arn:aws:iam::" + home + ":user/ann", UserID: "AIDAANN"},
	{Kind: "user", Account: home, ARN: "arn:aws:iam::" + home + ":user/bob", UserID: "AIDABOB"},
	{Kind: "user", Account: abroad, ARN: "arn:aws:iam::" + abroad + ":user/eve", UserID: "AIDAEVE"},
	{Kind: "role session", Account: home, ARN: "arn:aws:sts::" + home + ":assumed-role/poller/run", RoleARN: "arn:aws:iam::" + home + ":role/service-role/poller", UserID: "AROAPOLLER:run"},
	{Kind: "role session", Account: home, ARN: "arn:aws:sts::" + home + ":assumed-role/poller/run", RoleARN: "arn:aws:iam::" + home + ":role/service-role/poller", UserID: "AROAPOLLER:run"},
	{Kind: "role session", Account: abroad, ARN: "arn:aws:sts::" + abroad + ":assumed-role/guest/run", RoleARN: "arn:aws:iam::" + abroad + ":role/guest", UserID: "AROAGUEST:run"},
	{Kind: "federated user", Account: home, ARN: "arn:aws:sts::" + home + ":federated-user/fay", UserID: home + ":fay", FederatedBy: "arn:aws:iam::" + home + ":user/ann"},
	{Kind: "root", Account: home, ARN: "arn:aws:iam::" + home + ":root", UserID: home},
	{Kind: "root", Account: abroad, ARN: "arn:aws:iam::" + abroad + ":root", UserID: abroad},
	{Kind: "service", Service: "s3.amazonaws.com"},
	{Kind: "service", Service: "sns.amazonaws.com"},
	{Kind: "anonymous"},
	{Kind: "federated principal", Provider: "accounts.google.com"},
	{Kind: "role session", Account: home, ARN: "arn:aws:sts::" + home + ":assumed-role/linked/run", RoleARN: "arn:aws:iam::" + home + ":role/aws-service-role/x.amazonaws.com/linked", UserID: "AROALINKED:run"},
}

var (
	actionsAsked     = []string{"lambda:InvokeFunction", "lambda:InvokeFunction", "Lambda:getfunction", "s3:GetObject", "sts:AssumeRole"}
	actionPatterns   = []string{"*", "lambda:*", "lambda:Invoke*", "LAMBDA:invokefunction", "lambda:InvokeFunctio?", "lambda:InvokeFunction?", "lambda:?etFunction", "lambda:*Function*", "s3:Get*", "sts:AssumeRole", "l*:G*", "*:*"}
	resourcesAsked   = []string{function, function, function + ":live", function + ":ann", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/a/b", "arn:aws:s3:::bucket/ann/x", "arn:aws:s3:::bucket/*/x", "arn:aws:s3:::bucket/\U00010400", "arn:aws:s3:::Bucket/${aws:username}", "arn:aws:iam::" + home + ":role/guest", "*"}
	resourcePatterns = []string{"*", function, function + "*", function + ":*", function + ":?ive", "arn:aws:lambda:us-east-1:*", "arn:aws:lambda:*:*:function:f", "arn:aws:lambda:us-*-1:" + home + ":function:f", "arn:aws:lambda:us-east-?:" + home + ":function:F", "arn:aws:lambda:us*1:" + home + ":*",
		"arn:aws:lambda:u*:f", "arn:aws:lambda:u*f", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket*", "arn:aws:s3:::b.cket/*", "arn:aws:s3:::bucket/?", "arn:aws:s3:::bucket/??", "arn:*:s3:::bucket/a/?", "arn:aws:s3:*:bucket", "arn:aws:iam::" + home + ":role/*",
		"arn:aws:s3:::bucket/${aws:username}/*", "arn:aws:s3:::bucket/${AWS:UserName, 'ann'}/*", "arn:aws:s3:::bucket/${x:missing}/*", "arn:aws:s3:::bucket/${x:missing, 'a'}/*", "arn:aws:s3:::bucket/${x:many}/x", "arn:aws:s3:::bucket/${x:many, 'ann'}/x", "arn:aws:s3:::bucket/${*}/x", "arn:aws:s3:::bucket/${?}",
		"arn:aws:s3:::bucket/${x:star}/x", "arn:aws:s3:::Bucket/${$}{aws:username}", "arn:aws:s3:::Bucket/${aws:username}", "arn:aws:s3:::bucket/${aws:username", "arn:aws:s3:::bucket/${${aws:username}}/x", "arn:aws:lambda:${x:region}:" + home + ":function:f", "arn:aws:lambda:us-east-1:" + home + ":function:f:${aws:username}", "arn:aws:s3:::${x:empty}bucket"}
)

// family is a kind of condition: its operators, and values that policies and requests draw from.
type family struct {
	key       string
	operators []string
	policy    []string
	request   []string
}

var numbers = []string{"5", "05", "+5", "5.0", "10", "9", "-1", "0.1", "0.10", "1e1", "abc", "", "NaN", "Infinity", "0x10", "9007199254740993", "9007199254740992", "5.000000000000000000001"}

var dates = []string{"2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T00:00Z", "2026-01-01T01:00:00+01:00", "2025-12-31T23:00:00-01:00", "2026-01-01T00:00:00.0004Z", "2026-01-01T00:00:00.001Z", "2026-06-01T12:00:00Z", "1767225600", "1767225601", "yesterday", "", "2026-13-01"}

var arns = []string{"arn:aws:s3:::bucket", "arn:aws:s3:::bucket/a:b", "arn:aws:sns:us-east-1:" + home + ":topic", "arn:aws:iam::" + home + ":user/ann", "arn:aws-cn:s3:::bucket", "ARN:aws:s3:::bucket", "bucket", "arn:aws:s3", ""}

var families = []family{
	{"x:text", []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"},
		[]string{"ann", "Ann", "a*", "a?n", "*", "", "?", "??", "*:*", "true", "5", "${aws:username}", "${x:missing}", "${x:missing, 'ann'}", "${*}", "a${*}", "${?}", "${$}{x}", "${x:many}", "${x:star}", "x${aws:username", "${${aws:username}}", "${x:empty}", "ſ", "STRASSE", "É"},
		[]string{"ann", "ANN", "a*", "*", "bob", "", "\U00010400", "a:b", "true", "5", "${aws:username}", "${x:missing}", "s", "S", "straße", "é", "?", "${x}", "x${aws:username", "a\nn"}},
	{"x:number", []string{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals", "StringEquals", "StringNotLike"}, numbers, numbers},
	{"x:date", []string{"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "StringEquals"}, dates, dates},
	{"x:flag", []string{"Bool", "StringEquals", "Null"}, []string{"true", "false", "TRUE", "False"}, []string{"true", "false", "True", "yes", "1", "", " true"}},
	{"x:bytes", []string{"BinaryEquals", "StringLike"}, []string{"YQ==", "YWI=", "Yg=="}, []string{"YQ==", "YQ", "YR==", "yq==", "YWI=", ""}},
	{"aws:SourceIp", []string{"IpAddress", "NotIpAddress", "StringEquals"},
		[]string{"10.0.0.0/8", "10.1.2.3", "10.1.2.3/16", "0.0.0.0/0", "10.1.0.0/15", "2001:db8::/32", "2001:db8::1", "2001:db8::1/64", "::/0", "::ffff:a00:0/104", "010.001.002.003", "10.0.0.0/33", "nonsense", "10.0.0.0/08"},
		[]string{"10.1.2.3", "10.255.255.255", "11.0.0.1", "::ffff:10.1.2.3", "2001:db8::1", "2001:DB8:0::1", "2001:db9::1", "fe80::1%eth0", "10.1.2", "10.1.2.3/32", "010.1.2.3", "", " 10.1.2.3"}},
	{"aws:SourceArn", []string{"ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "StringLike", "StringNotEquals"},
		[]string{"arn:aws:s3:::bucket", "arn:aws:s3:::*", "arn:*:s3:::bucket", "arn:aws:s3:*:bucket", "arn:aws:sns:*:*:topic", "arn:aws:sns:us-east-1:*", "arn:aws:sns:us-*:topic", "arn:aws:sns:??-east-1:*:t*c", "arn:aws:s3:::bucket/a:?", "arn:aws:s3:::BUCKET", "arn:aws:iam::" + home + ":user/${aws:username}", "arn:aws:iam::" + home + ":user/${x:missing}", "arn:aws:iam::*:user/${x:star}", "${x:arn}"}, arns},
	{"aws:TagKeys", []string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "NumericEquals", "NumericNotEquals"}, []string{"ann", "a*", "bob", "5", "", "Ann"}, []string{"ann", "bob", "eve", "5", "", "ANN"}},
}

// new makes a case.
func (g generator) new() *testCase {
	c := &testCase{Principal: pick(g, callers...), Action: pick(g, actionsAsked...), Resource: pick(g, resourcesAsked...), Context: g.context()}
	c.ResourceAccount = pick(g, home, home, home, abroad)
	if parts := strings.SplitN(c.Resource, ":", 6); len(parts) == 6 && parts[4] != "" {
		c.ResourceAccount = parts[4]
	} else if c.Principal.Account != "" && g.oneIn(3) {
		c.ResourceAccount = ""
	}
	kind := c.Principal.Kind
	focus := g.IntN(3) // 0: principals and layers, 1: conditions, 2: everything
	if own := kind == "user" || kind == "role session" || kind == "federated user"; own {
		c.Identity = g.list(2, func() json.RawMessage { return g.document(focus, false) })
		if g.oneIn(3) {
			c.Boundary = g.document(focus, false)
		}
		if kind != "user" && g.oneIn(2) {
			c.Session = g.list(2, func() json.RawMessage { return g.document(focus, false) })
		}
	}
	if g.oneIn(4) {
		for range 1 + g.IntN(2) {
			c.SCPs = append(c.SCPs, append(g.list(2, func() json.RawMessage { return g.document(0, false) }), json.RawMessage(pick(g, everything, everything, nothing))))
		}
	}
	if kind == "service" || kind == "anonymous" || kind == "federated principal" || !g.oneIn(3) {
		c.ResourcePolicy = g.document(focus, true)
		if g.oneIn(5) {
			c.MustAllow = true
		}
	}
	if g.oneIn(8) {
		c.RCPs = []json.RawMessage{g.rcp()}
	}
	return c
}

const (
	everything = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	nothing    = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"none:None","Resource":"*"}}`
)

func (g generator) list(most int, one func() json.RawMessage) (list []json.RawMessage) {
	for range g.IntN(most + 1) {
		list = append(list, one())
	}
	return list
}

// rcp is a resource control policy: it only denies, and to everybody.
func (g generator) rcp() json.RawMessage {
	s := g.statement(1, false)
	s["Effect"], s["Principal"] = "Deny", "*"
	return encode(object{"Version": "2012-10-17", "Statement": s})
}

func (g generator) document(focus int, resource bool) json.RawMessage {
	doc := object{}
	if v := pick(g, "2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", ""); v != "" {
		doc["Version"] = v
	}
	var statements []any
	for range 1 + g.IntN(2) {
		s := g.statement(focus, resource)
		statements = append(statements, s)
	}
	doc["Statement"] = statements
	if len(statements) == 1 && g.oneIn(2) {
		doc["Statement"] = statements[0]
	}
	return encode(doc)
}

func (g generator) statement(focus int, resource bool) object {
	s := object{"Effect": pick(g, "Allow", "Allow", "Allow", "Allow", "Deny")}
	loose := focus != 2 && !g.oneIn(4)
	if loose {
		s["Action"], s["Resource"] = "*", "*"
	} else {
		s[pick(g, "Action", "Action", "Action", "NotAction")] = g.oneOrMore(actionPatterns)
		s[pick(g, "Resource", "Resource", "Resource", "NotResource")] = g.oneOrMore(resourcePatterns)
	}
	if resource {
		s[pick(g, "Principal", "Principal", "Principal", "Principal", "NotPrincipal")] = g.principals()
	}
	if focus == 1 || g.oneIn(4) {
		s["Condition"] = g.conditions()
	}
	return s
}

// oneOrMore is a value, or a list of a few.
func (g generator) oneOrMore(from []string) any {
	if g.oneIn(2) {
		return pick(g, from...)
	}
	var list []any
	for range 1 + g.IntN(3) {
		list = append(list, pick(g, from...))
	}
	return list
}
