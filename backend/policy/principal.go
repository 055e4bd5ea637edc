package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
)

// form is how a policy named the caller: it decides what still caps the grant.
type form int

const (
	notNamed  form = iota
	byAccount      // the account: delegates to its identity policies
	byRole         // the role of a session: capped by boundary and session policies
	directly       // the user, the session, the service, or "*"
)

// match returns the strongest form in which the set names the principal.
func (s *PrincipalSet) match(p Principal) form {
	if s.Any {
		return directly
	}
	best := notNamed
	switch p.Kind {
	case ServicePrincipal:
		if slices.Contains(s.Service, p.Service) {
			best = directly
		}
	case AnonymousPrincipal:
	default:
		for _, name := range s.AWS {
			best = max(best, p.named(name))
		}
	}
	return best
}

func (p Principal) named(name string) form {
	switch {
	case name == p.Account || name == arn.Root(p.Account):
		if p.Kind == RootUser {
			return directly
		}
		return byAccount
	case p.Kind == RoleSession && name == p.ARN:
		return directly
	case p.Kind == RoleSession && (name == p.RoleARN || name == uniqueID(p.UserID)):
		return byRole
	case p.Kind != RootUser && (name == p.ARN || (p.UserID != "" && name == p.UserID)):
		return directly
	}
	return notNamed
}

// uniqueID is the role's id of a session's user id (AROA…:session).
func uniqueID(userID string) string {
	id, _, _ := strings.Cut(userID, ":")
	if id == "" {
		return "-"
	}
	return id
}

// excludes reports whether a NotPrincipal set spares the principal: a user must be listed with its account, a role session
// with its role and account (IAM User Guide, NotPrincipal).
func (s *PrincipalSet) excludes(p Principal) bool {
	if s.Any {
		return true
	}
	if p.Kind == ServicePrincipal {
		return slices.Contains(s.Service, p.Service)
	}
	account := slices.Contains(s.AWS, p.Account) || slices.Contains(s.AWS, arn.Root(p.Account))
	switch p.Kind {
	case RootUser:
		return account
	case RoleSession:
		return account && slices.Contains(s.AWS, p.RoleARN) && slices.Contains(s.AWS, p.ARN)
	}
	return account && slices.Contains(s.AWS, p.ARN)
}

// String lists what the set names.
func (s *PrincipalSet) String() string {
	if s.Any {
		return "*"
	}
	var all []string
	for _, list := range [][]string{s.AWS, s.Service, s.Federated, s.CanonicalUser} {
		all = append(all, list...)
	}
	return strings.Join(all, ", ")
}

func (s *PrincipalSet) mismatch(p Principal) string {
	return fmt.Sprintf("principal: the policy names %s, the caller is %s", s, p.Name())
}
