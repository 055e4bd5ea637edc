package policy

import (
	"slices"
	"strings"
)

// PrincipalKind says what kind of caller a principal is.
type PrincipalKind string

// The kinds of principals.
const (
	RootUser           PrincipalKind = "root"
	IAMUser            PrincipalKind = "user"
	IAMGroup           PrincipalKind = "group" // of simulations alone: no policy can name one
	RoleSession        PrincipalKind = "role session"
	FederatedUser      PrincipalKind = "federated user"      // a session of GetFederationToken
	WebIdentity        PrincipalKind = "federated principal" // who assumes a role with a token of a provider
	ServicePrincipal   PrincipalKind = "service"
	AnonymousPrincipal PrincipalKind = "anonymous"
)

// Principal is who asks.
type Principal struct {
	Kind    PrincipalKind
	Account string // 12 digits; empty for services, federated principals and anonymous callers
	ARN     string // of the user, of the role session, of the root user, of the federated user's session
	RoleARN string // of a role session: its role, with the path
	Service string // of a service: its name, for example s3.amazonaws.com
	UserID  string // AIDA…, AROA…:session, ACCOUNT:name of a federated user
	// FederatedBy is the ARN of the IAM user who opened a federated user's session, FederatedByID the user's id (AIDA…).
	FederatedBy, FederatedByID string
	// Provider is what Federated names: of a federated principal, for example cognito-identity.amazonaws.com or the ARN of
	// a SAML provider.
	Provider string
	// CanonicalID is the canonical user id of the account (S3); empty where it is not known.
	CanonicalID string
}

// Name is how messages call the principal.
func (p Principal) Name() string {
	switch p.Kind {
	case ServicePrincipal:
		return p.Service
	case AnonymousPrincipal:
		return "anonymous"
	case WebIdentity:
		return p.Provider
	}
	return p.ARN
}

// own reports whether a principal has policies of its own: services, federated principals and anonymous callers have none,
// nor an account whose service control policies bound them.
func (p *Principal) own() bool {
	return p.Kind != ServicePrincipal && p.Kind != AnonymousPrincipal && p.Kind != WebIdentity
}

// serviceLinked reports whether it is a session of a service-linked role, which organisations' policies leave alone.
func (p *Principal) serviceLinked() bool {
	return p.Kind == RoleSession && strings.Contains(p.RoleARN, ":role/aws-service-role/")
}

// form is how a policy named the caller: it decides what still caps the grant.
type form int

const (
	notNamed  form = iota
	byAccount      // the account: delegates to its identity policies
	byParent       // the role of a session, the user who federated: capped by boundary and session policies
	directly       // the user, the session, the service, or "*"
)

// match returns the strongest form in which the set names the principal.
func (s *PrincipalSet) match(p *Principal) form {
	if s.Any {
		return directly
	}
	best := notNamed
	switch p.Kind {
	case ServicePrincipal:
		if slices.Contains(s.Service, p.Service) {
			best = directly
		}
	case WebIdentity:
		if slices.Contains(s.Federated, p.Provider) {
			best = directly
		}
	case AnonymousPrincipal:
	default:
		for _, name := range s.AWS {
			best = max(best, p.named(name))
		}
		if p.CanonicalID != "" && slices.Contains(s.CanonicalUser, p.CanonicalID) {
			best = max(best, p.byAccount())
		}
	}
	return best
}

// byAccount is how the account's own names name the principal: its root user is the account.
func (p *Principal) byAccount() form {
	if p.Kind == RootUser {
		return directly
	}
	return byAccount
}

func (p *Principal) named(name string) form {
	switch {
	case name == "":
	case name == p.Account || isRoot(name, p.Account):
		return p.byAccount()
	case p.Kind == RoleSession && (name == p.RoleARN || name == uniqueID(p.UserID)),
		p.Kind == FederatedUser && (name == p.FederatedBy || name == p.FederatedByID):
		return byParent
	case p.Kind == RootUser || p.Kind == IAMGroup:
	case name == p.ARN || name == p.UserID:
		return directly
	}
	return notNamed
}

// isRoot reports whether name is the ARN of an account's root, in any partition.
func isRoot(name, account string) bool {
	rest, ok := strings.CutSuffix(name, ":root")
	if !ok || account == "" || !strings.HasPrefix(rest, "arn:aws") {
		return false
	}
	rest, ok = strings.CutSuffix(rest, account)
	return ok && strings.HasSuffix(rest, ":iam::") && strings.Count(rest, ":") == 4
}

// uniqueID is the role's id of a session's user id (AROA…:session).
func uniqueID(userID string) string {
	id, _, _ := strings.Cut(userID, ":")
	return id
}

// excludes reports whether a NotPrincipal set spares the principal: a user must be listed with its account, a role session
// with its role and account (IAM User Guide, NotPrincipal).
func (s *PrincipalSet) excludes(p *Principal) bool {
	if s.Any {
		return true
	}
	switch p.Kind {
	case ServicePrincipal:
		return slices.Contains(s.Service, p.Service)
	case WebIdentity:
		return slices.Contains(s.Federated, p.Provider)
	case AnonymousPrincipal:
		return false
	}
	var account, self, role bool
	for _, name := range s.AWS {
		account = account || name == p.Account || isRoot(name, p.Account)
		self = self || name == p.ARN || p.UserID != "" && name == p.UserID
		role = role || name == p.RoleARN || p.UserID != "" && name == uniqueID(p.UserID)
	}
	account = account || p.CanonicalID != "" && slices.Contains(s.CanonicalUser, p.CanonicalID)
	switch p.Kind {
	case RootUser:
		return account
	case RoleSession:
		return account && role && self
	}
	return account && self
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
