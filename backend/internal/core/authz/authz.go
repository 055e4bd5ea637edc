// Package authz asks the policies: who is it, which policies count, and may they?
//
// It brings together what policy needs and does not know: the caller's identity policies, boundary and session policies
// (from identity), the condition keys that every request has, and the resource's own policy (from whoever owns the
// resource). Everything in the simulator that asks "may it?" asks here:
//
//   - the wire layer, for every call that somebody signs;
//   - push, before a source invokes a function: the function's policy, the service as principal;
//   - pull, before a poller reads: the execution role's policies;
//   - Invoke itself: the caller's policies and the function's.
//
// In audit mode nothing is refused: the decision is made and recorded, what would have been refused is logged, and the
// request goes on.
package authz

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/account"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Authorizer decides.
type Authorizer struct {
	Identity       *identity.Store
	Accounts       *account.Store // nil: no account is in an organization
	Clock          *clock.Clock
	Log            *slog.Logger
	Audit          bool
	DefaultAccount string
	// Tags finds the tags of a resource by its ARN: aws:ResourceTag/…. It is asked only where a policy speaks of them. Nil:
	// nothing has tags.
	Tags func(ctx context.Context, resource string) (map[string]string, error)

	refusals refusals
}

// Question is one "may it?".
type Question struct {
	Session          Session
	Action, Resource string
	ResourceAccount  string // owner of the resource; the caller's account when empty
	Region           string
	ResourcePolicy   *policy.Source // nil: the resource has none
	// ResourceMustAllow is set where the resource's policy must allow in any case (sts:AssumeRole).
	ResourceMustAllow bool
	Origin            Origin              // of a request that came over the network
	Source            Source              // on behalf of what a service asks
	CalledVia         []string            // the services that ask with the caller's credentials, the first one first
	Keys              map[string][]string // further condition keys
	Late              Late                // further ones whose values take work
	// Purpose ends the reason of a refusal that is remembered: what does not happen for it; "" where the action says it all.
	Purpose string
	// Decided is told what Require decided, with its reasons; nil where nobody wants to know.
	Decided func(policy.Explanation)
}

// Late are condition keys that are found only where a policy speaks of them: by the key, or by how several begin
// (s3:ExistingObjectTag/). What a function does not return is absent.
type Late map[string]func() map[string][]string

// Origin is where a request came from. The zero value is for what the simulator's services do themselves.
type Origin struct {
	SourceIP, UserAgent string
	Network             bool // it came over the network
	TLS                 bool // encrypted, or from this machine itself
}

// Source is the resource on behalf of which a service asks: aws:SourceArn, aws:SourceAccount.
type Source struct{ ARN, Account string }

// Decide answers the question, with reasons; the error is only for a database that does not.
func (a *Authorizer) Decide(ctx context.Context, q Question) (policy.Explanation, error) {
	request, policies, err := a.ask(ctx, q)
	if err != nil {
		return policy.Explanation{}, err
	}
	return policy.Explain(request, policies), nil
}

// ask brings together what the evaluator needs.
func (a *Authorizer) ask(ctx context.Context, q Question) (policy.Request, policy.Policies, error) {
	asked(ctx)
	policies := policy.Policies{Resource: q.ResourcePolicy, ResourceMustAllow: q.ResourceMustAllow}
	who := q.Session.principal()
	if err := a.collect(ctx, q.Session, &who, &policies); err != nil {
		return policy.Request{}, policies, fmt.Errorf("collect the policies of %s: %w", q.Session.ARN, err)
	}
	orgs, err := a.organizations(ctx, &q, &policies)
	if err != nil {
		return policy.Request{}, policies, fmt.Errorf("collect the control policies for %s: %w", q.Session.ARN, err)
	}
	keys := a.context(&q, orgs)
	if err := a.onDemand(ctx, &q, &policies, keys); err != nil {
		return policy.Request{}, policies, fmt.Errorf("find the condition keys of %s: %w", q.Resource, err)
	}
	return policy.Request{Principal: who, Action: q.Action, Resource: q.Resource, ResourceAccount: q.ResourceAccount,
		Context: keys}, policies, nil
}

// Require is Decide for those who only want to go on: it returns nil when the answer is yes (or in audit mode), and
// otherwise a fault of kind Denied with AWS's sentence. Reasons are looked for only after a no.
func (a *Authorizer) Require(ctx context.Context, q Question) error {
	request, policies, err := a.ask(ctx, q)
	if err != nil {
		return err
	}
	if q.Decided == nil && policy.Evaluate(request, policies).Allowed() {
		return nil
	}
	d := policy.Explain(request, policies)
	if q.Decided != nil {
		q.Decided(d)
	}
	return a.Enforce(q, d)
}

// Enforce turns a decision into an error, or in audit mode into a line of the log. Either way a refusal is remembered.
func (a *Authorizer) Enforce(q Question, d policy.Explanation) error {
	if d.Allowed() {
		return nil
	}
	message := d.AWSMessage(q.Session.ARN, q.Action, q.Resource)
	a.Remember(q, d)
	if a.Audit {
		return nil
	}
	return &fault.Error{Kind: fault.Denied, Message: message, Detail: d.Text()}
}

// collect adds the caller's own policies, and who federated a federated user.
func (a *Authorizer) collect(ctx context.Context, s Session, who *policy.Principal, p *policy.Policies) error {
	p.Session = s.SessionPolicies
	var key identity.Key
	var id string
	switch s.Kind {
	case User:
		key, id = identity.Key{Account: s.Account, Kind: identity.User, Name: s.UserName}, s.UserID
	case Role:
		key = identity.Key{Account: s.Account, Kind: identity.Role, Name: RoleName(s.RoleARN)}
		id, _, _ = strings.Cut(s.UserID, ":")
	case Federated:
		key = s.Federator // of whose policies the session has only what a session policy lets through
		if key.Kind == identity.Root {
			p.Identity = []policy.Source{rootAllows}
			return nil
		}
	default:
		return nil
	}
	full, err := a.Identity.Full(ctx, key)
	if fault.Is(err, fault.NotFound) || err == nil && id != "" && full.ID != id {
		return nil // deleted since, or another of the same name: nothing allows anything
	}
	if err != nil {
		return err
	}
	if s.Kind == Federated {
		who.FederatedBy, who.FederatedByID = full.ARN(), full.ID
	}
	p.Identity, p.Boundary = full.Sources, full.Boundary
	return nil
}

// rootAllows stands for what an account's root user may, who needs no policy, where a session policy narrows it.
var rootAllows = policy.Source{Name: "the rights of the root user", Document: mustParse(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)}

func mustParse(text string) *policy.Document {
	d, err := policy.Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	return d
}

// RoleName is the name in a role's ARN, without its path.
func RoleName(roleARN string) string { return roleARN[strings.LastIndex(roleARN, "/")+1:] }

func (s Session) principal() policy.Principal {
	kinds := map[Kind]policy.PrincipalKind{Root: policy.RootUser, User: policy.IAMUser, Role: policy.RoleSession,
		Federated: policy.FederatedUser, Service: policy.ServicePrincipal, Anonymous: policy.AnonymousPrincipal}
	p := policy.Principal{Kind: kinds[s.Kind], Account: s.Account, ARN: s.ARN, RoleARN: s.RoleARN, UserID: s.UserID}
	if s.Kind == Service {
		p.Service = s.ARN
	}
	return p
}

// RoleSession is a session of a role as Lambda opens it to poll or to deliver, without credentials. Calls of function code
// alone carry lambda:SourceFunctionArn.
func (a *Authorizer) RoleSession(ctx context.Context, roleARN, name string) (Session, error) {
	full, err := a.role(ctx, roleARN)
	if err != nil {
		return Session{}, err
	}
	s := sessionOf(&full.Entity, name)
	s.Issued = a.Clock.Now()
	return s, nil
}

func sessionOf(e *identity.Entity, name string) Session {
	return Session{Kind: Role, Account: e.Account, ARN: arn.AssumedRole(e.Account, e.Name, name), RoleARN: e.ARN(),
		UserID: e.ID + ":" + name, Tags: e.Tags}
}

// MayAssume asks a role's trust policy whether the session may do action (sts:AssumeRole) on it, on behalf of source.
func (a *Authorizer) MayAssume(ctx context.Context, s Session, role *identity.Full, source Source) (policy.Explanation, error) {
	return a.Decide(ctx, Question{Session: s, Action: "sts:AssumeRole", Resource: role.ARN(), ResourceAccount: role.Account,
		ResourcePolicy: role.Trust, ResourceMustAllow: true, Source: source})
}

// LambdaService is the principal that assumes execution roles.
const LambdaService = "lambda.amazonaws.com"

// TrustsLambda asks an execution role's trust policy whether Lambda may assume it for a function, whose ARN is aws:SourceArn.
// A role that does not exist is a fault of kind NotFound.
func (a *Authorizer) TrustsLambda(ctx context.Context, roleARN, functionARN string) (policy.Explanation, error) {
	full, err := a.role(ctx, roleARN)
	if err != nil {
		return policy.Explanation{}, err
	}
	if full.ARN() != roleARN {
		return policy.Explanation{}, fault.New(fault.NotFound, "there is no role %s", roleARN)
	}
	return a.MayAssume(ctx, ServiceOf(LambdaService), full, SourceOf(functionARN))
}

// RequireTrust is TrustsLambda for those who only want to go on: nil when Lambda may assume the role (or in audit mode, where
// the refusal is remembered); otherwise a fault of kind Denied, or NotFound.
func (a *Authorizer) RequireTrust(ctx context.Context, roleARN, functionARN string) error {
	d, err := a.TrustsLambda(ctx, roleARN, functionARN)
	if err != nil {
		return err
	}
	return a.Enforce(TrustQuestion(roleARN, functionARN), d)
}

// TrustQuestion is what TrustsLambda asks, for those who remember or explain its answer.
func TrustQuestion(roleARN, functionARN string) Question {
	return Question{Session: ServiceOf(LambdaService), Action: "sts:AssumeRole", Resource: roleARN, ResourceAccount: SourceOf(roleARN).Account,
		Source: SourceOf(functionARN)}
}

// SourceOf is a resource as the source of a service's request, with the account that its ARN names.
func SourceOf(resource string) Source {
	s := Source{ARN: resource}
	if parsed, err := arn.Parse(resource); err == nil && isAccount(parsed.Account) { // AWS's own policies are nobody's
		s.Account = parsed.Account
	}
	return s
}

func (a *Authorizer) role(ctx context.Context, roleARN string) (*identity.Full, error) {
	parsed, err := arn.Parse(roleARN)
	if err != nil {
		return nil, fault.New(fault.NotFound, "%v", err)
	}
	return a.Identity.Full(ctx, identity.Key{Account: parsed.Account, Kind: identity.Role, Name: RoleName(roleARN)})
}
