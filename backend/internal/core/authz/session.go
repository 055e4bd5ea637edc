package authz

import (
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Kind says what kind of caller a session is.
type Kind string

// The kinds of callers.
const (
	Root      Kind = "root"      // the root user of an account
	User      Kind = "user"      // an IAM user
	Role      Kind = "role"      // a session of an IAM role
	Federated Kind = "federated" // a federated user (sts:GetFederationToken)
	Service   Kind = "service"   // an AWS service that calls on behalf of a resource
	Anonymous Kind = "anonymous" // nobody signed
)

// Session is who calls.
type Session struct {
	Kind Kind
	// Account is the 12-digit account of the caller; empty for services and anonymous callers.
	Account string
	// ARN is what messages call the caller: arn:aws:iam::A:root, arn:aws:iam::A:user/PATH/NAME,
	// arn:aws:sts::A:assumed-role/ROLE/SESSION, arn:aws:sts::A:federated-user/NAME, or a service's name (s3.amazonaws.com).
	ARN string
	// UserID is aws:userid: the account id of a root user, AIDA… of a user, AROA…:SESSION of a role session, A:NAME of a
	// federated user.
	UserID string
	// UserName is aws:username, for users only.
	UserName string
	// RoleARN is the role of a role session, with its path.
	RoleARN string
	// Federator is who federated a federated user: an IAM user, or the root user.
	Federator identity.Key
	// SessionPolicies narrow the session of a role or of a federated user; nil where none were given.
	SessionPolicies []policy.Source
	// Tags are the principal's tags (aws:PrincipalTag/…), those of the session before those of the role.
	Tags map[string]string
	// TransitiveTags are those session tags that go on to the sessions that this one opens.
	TransitiveTags map[string]string
	// SourceIdentity is aws:SourceIdentity, which stays with all sessions that this one opens; empty for none.
	SourceIdentity string
	// FederatedProvider is aws:FederatedProvider; empty for sessions that no identity provider vouched for.
	FederatedProvider string
	// Issued is when temporary credentials were issued (aws:TokenIssueTime); zero for others.
	Issued time.Time
	// SourceFunction is the function whose code has the session (lambda:SourceFunctionArn); "" for other sessions.
	SourceFunction string
}

// RootOf returns the root user of an account.
func RootOf(account string) Session {
	return Session{Kind: Root, Account: account, ARN: "arn:aws:iam::" + account + ":root", UserID: account}
}

// ServiceOf returns a service principal, for example s3.amazonaws.com.
func ServiceOf(name string) Session { return Session{Kind: Service, ARN: name} }
