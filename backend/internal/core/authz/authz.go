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
	"strconv"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Authorizer decides.
type Authorizer struct {
	Identity       *identity.Store
	Clock          *clock.Clock
	Log            *slog.Logger
	Audit          bool
	DefaultAccount string
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
	Keys              map[string][]string // further condition keys
}

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
	policies := policy.Policies{Resource: q.ResourcePolicy, ResourceMustAllow: q.ResourceMustAllow}
	if err := a.collect(ctx, q.Session, &policies); err != nil {
		return policy.Request{}, policies, fmt.Errorf("collect the policies of %s: %w", q.Session.ARN, err)
	}
	return policy.Request{Principal: q.Session.principal(), Action: q.Action, Resource: q.Resource, ResourceAccount: q.ResourceAccount,
		Context: a.context(q)}, policies, nil
}

// Require is Decide for those who only want to go on: it returns nil when the answer is yes (or in audit mode), and
// otherwise a fault of kind Denied with AWS's sentence. Reasons are looked for only after a no.
func (a *Authorizer) Require(ctx context.Context, q Question) error {
	request, policies, err := a.ask(ctx, q)
	if err != nil {
		return err
	}
	if policy.Evaluate(request, policies).Allowed() {
		return nil
	}
	return a.Enforce(q, policy.Explain(request, policies))
}

// Enforce turns a decision into an error, or in audit mode into a line of the log.
func (a *Authorizer) Enforce(q Question, d policy.Explanation) error {
	if d.Allowed() {
		return nil
	}
	message := d.AWSMessage(q.Session.ARN, q.Action, q.Resource)
	if a.Audit {
		a.Log.Warn("audit: this would have been refused", "message", message, "why", d.Text())
		return nil
	}
	a.Log.Info("refused", "message", message, "why", d.Text())
	return &fault.Error{Kind: fault.Denied, Message: message, Detail: d.Text()}
}

// collect adds the caller's own policies.
func (a *Authorizer) collect(ctx context.Context, s Session, p *policy.Policies) error {
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
		key = s.Federator
		if len(s.SessionPolicies) == 0 {
			return nil // of the federator's policies it has only what a session policy lets through
		}
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

// context fills in the global condition keys that the simulator knows (IAM User Guide, global condition context keys).
func (a *Authorizer) context(q Question) policy.Context {
	c := policy.NewContext(q.Keys)
	now := a.Clock.Now()
	c.Set("aws:CurrentTime", now.Format(time.RFC3339))
	c.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	c.Set("aws:SecureTransport", "false")
	c.Set("aws:ViaAWSService", strconv.FormatBool(false))
	c.Set("aws:PrincipalIsAWSService", strconv.FormatBool(q.Session.Kind == Service))
	if owner := q.ResourceAccount; owner != "" {
		c.Set("aws:ResourceAccount", owner)
	} else if q.Session.Account != "" {
		c.Set("aws:ResourceAccount", q.Session.Account)
	}
	if q.Session.Kind == Role || !q.Session.Issued.IsZero() { // of temporary credentials alone; nobody has used a second factor here
		c.Set("aws:MultiFactorAuthPresent", strconv.FormatBool(false))
	}
	if !q.Session.Issued.IsZero() {
		c.Set("aws:TokenIssueTime", q.Session.Issued.Format(time.RFC3339))
	}
	if q.Session.SourceIdentity != "" {
		c.Set("aws:SourceIdentity", q.Session.SourceIdentity)
	}
	if q.Region != "" {
		c.Set("aws:RequestedRegion", q.Region)
	}
	s := q.Session
	switch s.Kind {
	case Service:
		c.Set("aws:PrincipalServiceName", s.ARN)
		return c
	case Anonymous:
		c.Set("aws:PrincipalType", "Anonymous")
		return c
	}
	principalARN, principalType := s.ARN, map[Kind]string{Root: "Account", User: "User", Role: "AssumedRole", Federated: "FederatedUser"}[s.Kind]
	if s.Kind == Role {
		principalARN = s.RoleARN
	}
	c.Set("aws:PrincipalArn", principalARN)
	c.Set("aws:PrincipalType", principalType)
	c.Set("aws:PrincipalAccount", s.Account)
	c.Set("aws:userid", s.UserID)
	if s.UserName != "" {
		c.Set("aws:username", s.UserName)
	}
	for k, v := range s.Tags {
		c.Set("aws:PrincipalTag/"+k, v)
	}
	return c
}

// RoleSession is a session of a role as a service opens it (Lambda as the execution role), without credentials.
func (a *Authorizer) RoleSession(ctx context.Context, roleARN, name string) (Session, error) {
	parsed, err := arn.Parse(roleARN)
	if err != nil {
		return Session{}, fault.New(fault.NotFound, "%v", err)
	}
	full, err := a.Identity.Full(ctx, identity.Key{Account: parsed.Account, Kind: identity.Role, Name: RoleName(roleARN)})
	if err != nil {
		return Session{}, err
	}
	return sessionOf(&full.Entity, name), nil
}

func sessionOf(e *identity.Entity, name string) Session {
	return Session{Kind: Role, Account: e.Account, ARN: arn.AssumedRole(e.Account, e.Name, name), RoleARN: e.ARN(),
		UserID: e.ID + ":" + name, Tags: e.Tags}
}

// MayAssume asks a role's trust policy whether the session may do action (sts:AssumeRole) on it.
func (a *Authorizer) MayAssume(ctx context.Context, s Session, role *identity.Full) (policy.Explanation, error) {
	return a.Decide(ctx, Question{Session: s, Action: "sts:AssumeRole", Resource: role.ARN(), ResourceAccount: role.Account,
		ResourcePolicy: role.Trust, ResourceMustAllow: true})
}

// LambdaService is the principal that assumes execution roles.
const LambdaService = "lambda.amazonaws.com"

// TrustsLambda asks an execution role's trust policy whether Lambda may assume it. A role that does not exist is a fault
// of kind NotFound.
func (a *Authorizer) TrustsLambda(ctx context.Context, roleARN string) (policy.Explanation, error) {
	parsed, err := arn.Parse(roleARN)
	if err != nil {
		return policy.Explanation{}, fault.New(fault.NotFound, "%v", err)
	}
	full, err := a.Identity.Full(ctx, identity.Key{Account: parsed.Account, Kind: identity.Role, Name: RoleName(roleARN)})
	if err != nil {
		return policy.Explanation{}, err
	}
	if full.ARN() != roleARN {
		return policy.Explanation{}, fault.New(fault.NotFound, "there is no role %s", roleARN)
	}
	return a.MayAssume(ctx, ServiceOf(LambdaService), full)
}
