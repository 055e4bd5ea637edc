package authz

import "github.com/lambdasim/terraform-provider-lambdasim/backend/policy"

// Kind says what kind of caller a session is.
type Kind string

// The kinds of callers.
const (
	Root      Kind = "root"      // the root user of an account
	User      Kind = "user"      // an IAM user
	Role      Kind = "role"      // a session of an IAM role
	Service   Kind = "service"   // an AWS service that calls on behalf of a resource
	Anonymous Kind = "anonymous" // nobody signed
)

// Session is who calls.
type Session struct {
	Kind Kind
	// Account is the 12-digit account of the caller; empty for services and anonymous callers.
	Account string
	// ARN is what messages call the caller: arn:aws:iam::A:root, arn:aws:iam::A:user/PATH/NAME,
	// arn:aws:sts::A:assumed-role/ROLE/SESSION, or a service's name (s3.amazonaws.com).
	ARN string
	// UserID is aws:userid: the account id of a root user, AIDA… of a user, AROA…:SESSION of a role session.
	UserID string
	// UserName is aws:username, for users only.
	UserName string
	// RoleARN is the role of a role session, with its path.
	RoleARN string
	// SessionPolicies narrow a role session; nil where none were given.
	SessionPolicies []*policy.Document
	// Tags are the principal's tags (aws:PrincipalTag/…).
	Tags map[string]string
}

// RootOf returns the root user of an account.
func RootOf(account string) Session {
	return Session{Kind: Root, Account: account, ARN: "arn:aws:iam::" + account + ":root", UserID: account}
}

// ServiceOf returns a service principal, for example s3.amazonaws.com.
func ServiceOf(name string) Session { return Session{Kind: Service, ARN: name} }
