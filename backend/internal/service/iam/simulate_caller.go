package iam

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// nobody is aws:userid where no caller is named.
const nobody = "STUB_PRINCIPAL_FOR_POLICY_SIMULATOR"

var accountID = regexp.MustCompile(`^\d{12}$`)

// iamEntity is the ARN of a user, group or role, taken apart.
type iamEntity struct{ account, kind, name string }

func parseEntity(text string) (iamEntity, bool) {
	p := strings.SplitN(text, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[2] != "iam" || p[3] != "" || !accountID.MatchString(p[4]) {
		return iamEntity{}, false
	}
	kind, path, _ := strings.Cut(p[5], "/")
	name := path[strings.LastIndex(path, "/")+1:]
	if name == "" || kind != "user" && kind != "group" && kind != "role" {
		return iamEntity{}, false
	}
	return iamEntity{p[4], kind, name}, true
}

// parseCaller reads who is to call, and who owns resources whose ARN names no account. Without a caller it is somebody of the
// account that asks, whom no resource policy can name, and every resource is that account's.
func (q *simulateInput) parseCaller(s *simulation, asking string) error {
	caller := aws.ToString(q.CallerArn)
	if caller == "" {
		if q.ResourcePolicy != nil || q.CallerArn != nil {
			return invalidInput("Invalid caller - Caller cannot be null or empty.")
		}
		s.caller = policy.Principal{Kind: policy.IAMUser, Account: asking}
	} else {
		e, ok := parseEntity(caller)
		if !ok {
			return invalidInput("Invalid caller - Caller must be an IAM user, role or group in this context.")
		}
		s.named = true
		s.caller = policy.Principal{Kind: policy.IAMUser, Account: e.account, ARN: caller}
		switch e.kind {
		case "role":
			// What it does it does in a session. A resource policy that names the role names every session of it, and one
			// that spares the role spares this one.
			s.caller.Kind, s.caller.RoleARN = policy.RoleSession, caller
		case "group":
			s.caller.Kind = policy.IAMGroup
		}
	}
	s.owner = s.caller.Account
	if q.ResourceOwner == nil {
		return nil
	}
	if p := strings.SplitN(*q.ResourceOwner, ":", 6); len(p) == 6 && p[0] == "arn" && accountID.MatchString(p[4]) {
		s.owner = p[4]
		return nil
	}
	return invalidInput("'%s' is not a valid as a Resource Owner.", *q.ResourceOwner)
}

// setDefaults gives the context what follows from the caller, where the request did not say otherwise. Keys that AWS always
// has for real calls (aws:CurrentTime and the like) are missing unless they are given.
func (s *simulation) setDefaults(caller string) {
	set := func(key, value string) {
		if !s.given[strings.ToLower(key)] {
			s.context.Set(key, value)
		}
	}
	set("aws:PrincipalAccount", s.caller.Account)
	if caller == "" {
		set("aws:userid", nobody)
		return
	}
	set("aws:userid", caller)
	set("aws:PrincipalArn", caller)
	if e, _ := parseEntity(caller); e.kind == "user" {
		set("aws:username", e.name)
	}
}

// ownerOf is the account that a resource is judged as: its ARN's, the owner's, and without a caller the account's that asks.
func (s *simulation) ownerOf(resource string) string {
	if !s.named {
		return s.caller.Account
	}
	if p := strings.SplitN(resource, ":", 6); len(p) == 6 && accountID.MatchString(p[4]) {
		return p[4]
	}
	return s.owner
}
