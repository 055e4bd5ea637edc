package policy_test

import (
	"slices"
	"strings"
)

// principals is a Principal element in one of its forms.
func (g generator) principals() any {
	if g.oneIn(8) {
		return pick[any](g, "*", object{"AWS": "*"}, object{"AWS": []any{"*"}})
	}
	var aws, services []any
	for range 1 + g.IntN(4) {
		p := pick(g, callers...)
		switch {
		case p.Service != "":
			services = append(services, p.Service)
		case p.Account != "":
			role, _, _ := strings.Cut(p.UserID, ":")
			names := []string{p.ARN, p.Account, "arn:aws:iam::" + p.Account + ":root", strings.ToUpper(p.ARN), p.ARN[:len(p.ARN)-1] + "*"}
			if p.Kind == "user" || p.Kind == "role session" {
				names = append(names, role)
			}
			if p.RoleARN != "" {
				names = append(names, p.RoleARN, p.RoleARN)
			}
			aws = append(aws, pick(g, names...))
			if g.oneIn(4) { // whom NotPrincipal spares is listed with all that it is
				aws = append(aws, p.ARN, p.Account)
				if p.RoleARN != "" {
					aws = append(aws, p.RoleARN)
				}
			}
		}
	}
	out := object{}
	if len(aws) > 0 {
		out["AWS"] = aws
	}
	if len(services) > 0 {
		out["Service"] = services
	}
	if len(aws) == 1 && g.oneIn(2) {
		out["AWS"] = aws[0]
	}
	if len(out) == 0 || g.oneIn(10) {
		out[pick(g, "Federated", "CanonicalUser")] = "accounts.google.com"
	}
	return out
}

// context has the keys that variables name, and each family's key: absent, once, or several times.
func (g generator) context() map[string][]string {
	ctx := map[string][]string{"x:many": {"ann", "bob"}, "x:star": {pick(g, "*", "*", "?", "\ue000", "${aws:username}")}, "x:empty": {""}, "x:region": {"us-east-1"}, "x:arn": {"arn:aws:s3:::bucket"}}
	if !g.oneIn(3) {
		ctx[pick(g, "aws:username", "AWS:UserName")] = []string{pick(g, "ann", "ann", "*", "")}
	}
	for _, f := range families {
		switch g.IntN(6) {
		case 0, 1:
		case 2:
			ctx[f.key] = []string{pick(g, f.request...), pick(g, f.request...)}
		default:
			ctx[pick(g, f.key, strings.ToUpper(f.key))] = []string{pick(g, f.request...)}
		}
	}
	return ctx
}

// conditions is a Condition element of one or two operators, with few keys.
func (g generator) conditions() object {
	block := object{}
	for range pick(g, 1, 1, 2) {
		f := pick(g, families...)
		operator := pick(g, f.operators...)
		values := g.oneOrMore(f.policy)
		switch {
		case operator == "Null":
			values = pick[any](g, "true", "false", true, false, []any{"true", "false"})
		default:
			switch g.IntN(5) {
			case 0:
				operator = "ForAllValues:" + operator
			case 1:
				operator = "ForAnyValue:" + operator
			}
			if f.key == "aws:TagKeys" && g.oneIn(2) && !strings.Contains(operator, ":") {
				operator = pick(g, "ForAllValues:", "ForAnyValue:") + operator
			}
			// ForAnyValue with IfExists and no key is not settled by AWS's documentation: left out.
			if g.oneIn(5) && !strings.HasPrefix(operator, "ForAnyValue:") {
				operator += "IfExists"
			}
			if f.key == "x:flag" && g.oneIn(3) {
				values = g.oneIn(2) // JSON's own booleans
			}
		}
		keys, _ := block[operator].(object)
		if keys == nil {
			keys = object{}
		}
		key := pick(g, f.key, f.key, strings.ToLower(f.key))
		if g.oneIn(6) {
			key = pick(g, "x:absent", "aws:PrincipalTag/Absent")
		}
		if !slices.ContainsFunc(keysOf(keys), func(k string) bool { return strings.EqualFold(k, key) }) {
			keys[key] = values
		}
		block[operator] = keys
	}
	return block
}

func keysOf(o object) (list []string) {
	for k := range o {
		list = append(list, k)
	}
	return list
}
