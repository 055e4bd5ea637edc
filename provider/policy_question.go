package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// policyQuestion is the argument of policy_decision, read.
type policyQuestion struct {
	request  policy.Request
	policies policy.Policies
}

// readQuestion reads an object or a map of any shape. What it does not know, it names.
func readQuestion(v attr.Value) (*policyQuestion, error) {
	members, ok := membersOf(v)
	if !ok {
		return nil, fmt.Errorf("want an object, with principal, action, resource and policies")
	}
	q, who, keys := &policyQuestion{}, "", map[string][]string{}
	readers := map[string]func(v attr.Value) error{
		"principal":        func(v attr.Value) (err error) { who, err = textOf(v); return err },
		"action":           func(v attr.Value) (err error) { q.request.Action, err = textOf(v); return err },
		"resource":         func(v attr.Value) (err error) { q.request.Resource, err = textOf(v); return err },
		"resource_account": func(v attr.Value) (err error) { q.request.ResourceAccount, err = textOf(v); return err },
		"context":          func(v attr.Value) (err error) { keys, err = contextOf(v); return err },
		"identity_policies": func(v attr.Value) (err error) {
			q.policies.Identity, err = policySources("identity_policies", v)
			return err
		},
		"session_policies": func(v attr.Value) (err error) {
			q.policies.Session, err = policySources("session_policies", v)
			return err
		},
		"rcps": func(v attr.Value) (err error) { q.policies.RCPs, err = policySources("rcps", v); return err },
		"scps": func(v attr.Value) (err error) { q.policies.SCPs, err = levels(v); return err },
		"resource_policy": func(v attr.Value) (err error) {
			q.policies.Resource, err = policySource("resource_policy", v)
			return err
		},
		"permissions_boundary": func(v attr.Value) (err error) {
			q.policies.Boundary, err = policySource("permissions_boundary", v)
			return err
		},
	}
	for name, member := range members {
		read, known := readers[name]
		if !known {
			return nil, fmt.Errorf("there is no %q in a request: it has action, context, identity_policies, permissions_boundary, principal, rcps, resource, resource_account, resource_policy, scps and session_policies", name)
		}
		if member = underlying(member); member.IsNull() {
			continue
		}
		if err := read(member); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, value := range map[string]string{"principal": who, "action": q.request.Action, "resource": q.request.Resource} {
		if value == "" {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	if !strings.Contains(q.request.Action, ":") {
		return nil, fmt.Errorf("action: %q is not service:Action, for example s3:GetObject", q.request.Action)
	}
	var err error
	if q.request.Principal, err = principalOf(who); err != nil {
		return nil, err
	}
	if q.request.ResourceAccount == "" {
		if a, err := arn.Parse(q.request.Resource); err == nil {
			q.request.ResourceAccount = a.Account
		}
	}
	q.request.Context = contextFor(q.request.Principal, keys)
	service := strings.ToLower(q.request.Action)
	q.policies.ResourceMustAllow = strings.HasPrefix(service, "sts:assumerole") || strings.HasPrefix(service, "kms:")
	return q, nil
}

var (
	twelveDigits = regexp.MustCompile(`^\d{12}$`)
	serviceForm  = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$`)
)

// principalOf is who a text names.
func principalOf(who string) (policy.Principal, error) {
	switch {
	case who == "*":
		return policy.Principal{Kind: policy.AnonymousPrincipal}, nil
	case twelveDigits.MatchString(who):
		return policy.Principal{Kind: policy.RootUser, Account: who, ARN: arn.Root(who)}, nil
	case serviceForm.MatchString(who):
		return policy.Principal{Kind: policy.ServicePrincipal, Service: who}, nil
	}
	a, err := arn.Parse(who)
	kind, name, _ := strings.Cut(a.Resource, "/")
	p := policy.Principal{Account: a.Account, ARN: who}
	switch {
	case err != nil || !twelveDigits.MatchString(a.Account):
	case a.Service == "iam" && a.Resource == "root":
		p.Kind = policy.RootUser
		return p, nil
	case a.Service == "iam" && kind == "user" && name != "":
		p.Kind = policy.IAMUser
		return p, nil
	case a.Service == "iam" && kind == "role" && name != "":
		p.Kind, p.RoleARN, p.ARN = policy.RoleSession, who, arn.AssumedRole(a.Account, name[strings.LastIndexByte(name, '/')+1:], "session")
		return p, nil
	case a.Service == "sts" && kind == "assumed-role" && strings.Count(name, "/") == 1:
		role, _, _ := strings.Cut(name, "/")
		p.Kind, p.RoleARN = policy.RoleSession, arn.Role(a.Account, "/", role)
		return p, nil
	}
	return p, fmt.Errorf("principal: %q is nobody's name: want the ARN of a user, a role, a role's session or a root, an account's twelve digits, a service, or *", who)
}

// contextFor is the request's context: what was given, and what follows from the principal.
func contextFor(p policy.Principal, keys map[string][]string) policy.Context {
	c := policy.NewContext(keys)
	fill := func(key, value string) {
		if _, given := c.Get(key); !given && value != "" {
			c.Set(key, value)
		}
	}
	kinds := map[policy.PrincipalKind]string{policy.RootUser: "Account", policy.IAMUser: "User", policy.RoleSession: "AssumedRole", policy.AnonymousPrincipal: "Anonymous"}
	fill("aws:PrincipalType", kinds[p.Kind])
	fill("aws:PrincipalIsAWSService", fmt.Sprint(p.Kind == policy.ServicePrincipal))
	fill("aws:PrincipalServiceName", p.Service)
	fill("aws:PrincipalAccount", p.Account)
	fill("aws:PrincipalArn", p.RoleARN) // a session's key is its role's ARN
	fill("aws:PrincipalArn", p.ARN)
	if p.Kind == policy.IAMUser {
		fill("aws:username", p.ARN[strings.LastIndexByte(p.ARN, '/')+1:])
	}
	return c
}

func contextOf(v attr.Value) (map[string][]string, error) {
	members, ok := membersOf(v)
	if !ok {
		return nil, fmt.Errorf("want an object of condition keys, each with a value or a list of values")
	}
	out := map[string][]string{}
	for key, member := range members {
		list, ok := valuesOf(member)
		if !ok {
			list = []attr.Value{member}
		}
		values := []string{}
		for _, e := range list {
			text, err := textOf(e)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			values = append(values, text)
		}
		out[key] = values
	}
	return out, nil
}

func policySource(name string, v attr.Value) (*policy.Source, error) {
	text, err := textOf(v)
	if err != nil || text == "" {
		return nil, err
	}
	if err := syntax(text); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	d, err := policy.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	return &policy.Source{Name: name, Document: d}, nil
}

func policySources(name string, v attr.Value) (list []policy.Source, err error) {
	elements, ok := valuesOf(v)
	if !ok {
		return nil, fmt.Errorf("want a list of policies")
	}
	for i, e := range elements {
		source, err := policySource(fmt.Sprintf("%s[%d]", name, i), e)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		if source != nil {
			list = append(list, *source)
		}
	}
	return list, nil
}

// levels are policies of the organisation: a list is one level, a list of lists is one each.
func levels(v attr.Value) (list [][]policy.Source, err error) {
	elements, ok := valuesOf(v)
	nested := ok && slices.ContainsFunc(elements, func(e attr.Value) bool { _, isList := valuesOf(e); return isList })
	if !nested {
		level, err := policySources("scps", v)
		if err != nil || len(level) == 0 {
			return nil, err
		}
		return [][]policy.Source{level}, nil
	}
	for i, e := range elements {
		level, err := policySources(fmt.Sprintf("scps[%d]", i), e)
		if err != nil {
			return nil, fmt.Errorf("[%d]%w", i, err)
		}
		list = append(list, level)
	}
	return list, nil
}

// underlying is the value that a dynamic one holds.
func underlying(v attr.Value) attr.Value {
	if d, ok := v.(types.Dynamic); ok && d.UnderlyingValue() != nil {
		return d.UnderlyingValue()
	}
	return v
}

func membersOf(v attr.Value) (map[string]attr.Value, bool) {
	switch x := underlying(v).(type) {
	case types.Object:
		return x.Attributes(), true
	case types.Map:
		return x.Elements(), true
	}
	return nil, false
}

func valuesOf(v attr.Value) ([]attr.Value, bool) {
	switch x := underlying(v).(type) {
	case types.List:
		return x.Elements(), true
	case types.Set:
		return x.Elements(), true
	case types.Tuple:
		return x.Elements(), true
	}
	return nil, false
}

func textOf(v attr.Value) (string, error) {
	switch x := underlying(v).(type) {
	case types.String:
		return x.ValueString(), nil
	case types.Bool:
		return fmt.Sprint(x.ValueBool()), nil
	case types.Number:
		return x.ValueBigFloat().Text('f', -1), nil
	}
	return "", fmt.Errorf("want a text; jsonencode() makes one of a policy")
}
