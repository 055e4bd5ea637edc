package authz

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/account"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// organized are the organizations that a question touches; nil for an account that is in none.
type organized struct{ caller, owner, source *account.Organized }

// underControl are the services whose resources RCPs protect, of those that are simulated (Organizations User Guide, services
// that support RCPs). Lambda is not among them.
var underControl = map[string]bool{"s3": true, "sts": true, "sqs": true, "kms": true, "secretsmanager": true, "dynamodb": true,
	"logs": true, "cognito-idp": true}

// serviceLinked marks the ARN of a service-linked role, which control policies do not touch.
const serviceLinked = ":role/aws-service-role/"

// organizations adds the control policies: the SCPs of the caller's account, the RCPs of the resource's. Neither touches
// the management account or service-linked roles; services have no account and so no SCPs.
func (a *Authorizer) organizations(ctx context.Context, q *Question, p *policy.Policies) (o organized, err error) {
	if a.Accounts == nil {
		return o, nil
	}
	owner := q.ResourceAccount
	if owner == "" {
		owner = q.Session.Account
	}
	for _, of := range []struct {
		id string
		to **account.Organized
	}{{q.Session.Account, &o.caller}, {owner, &o.owner}, {q.Source.Account, &o.source}} {
		if of.id == "" {
			continue
		}
		if *of.to, err = a.Accounts.Organized(ctx, of.id); err != nil {
			return o, err
		}
	}
	if strings.Contains(q.Session.RoleARN, serviceLinked) {
		return o, nil
	}
	if o.caller != nil && !o.caller.Management {
		p.SCPs = o.caller.ServiceControl
	}
	service, _, _ := strings.Cut(q.Action, ":")
	if o.owner != nil && !o.owner.Management && underControl[service] {
		p.RCPs = o.owner.ResourceControl
	}
	return o, nil
}

// context fills in the global condition keys that the simulator knows (IAM User Guide, global condition context keys). What
// AWS leaves absent is absent.
func (a *Authorizer) context(q *Question, o organized) policy.Context {
	c := policy.NewContext(q.Keys)
	now := a.Clock.Now()
	c.Set("aws:CurrentTime", now.UTC().Format(time.RFC3339))
	c.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	c.Set("aws:SecureTransport", strconv.FormatBool(q.Origin.TLS || !q.Origin.Network)) // services speak TLS among themselves
	c.Set("aws:ViaAWSService", strconv.FormatBool(len(q.CalledVia) > 0))
	switch {
	case len(q.CalledVia) > 0:
		c.Set("aws:CalledVia", q.CalledVia...)
		c.Set("aws:CalledViaFirst", q.CalledVia[0])
		c.Set("aws:CalledViaLast", q.CalledVia[len(q.CalledVia)-1])
	case q.Origin.Network:
		c.Set("aws:SourceIp", q.Origin.SourceIP)
	}
	if q.Origin.UserAgent != "" {
		c.Set("aws:UserAgent", q.Origin.UserAgent)
	}
	if owner := q.ResourceAccount; owner != "" {
		c.Set("aws:ResourceAccount", owner)
	} else if q.Session.Account != "" {
		c.Set("aws:ResourceAccount", q.Session.Account)
	}
	switch {
	case strings.HasPrefix(q.Action, "iam:"): // a global service, whose one endpoint is there
		c.Set("aws:RequestedRegion", "us-east-1")
	case q.Region != "":
		c.Set("aws:RequestedRegion", q.Region)
	}
	inOrganization(c, "aws:Resource", o.owner)
	q.Session.context(c)
	inOrganization(c, "aws:Principal", o.caller)
	if q.Session.Kind == Service {
		q.Source.context(c, o.source)
	}
	return c
}

// inOrganization sets the keys of an account's organization: …OrgID, …OrgPaths.
func inOrganization(c policy.Context, prefix string, o *account.Organized) {
	if o == nil || o.OrganizationID == "" {
		return
	}
	c.Set(prefix+"OrgID", o.OrganizationID)
	if o.OrganizationPath != "" {
		c.Set(prefix+"OrgPaths", o.OrganizationPath)
	}
}

// context sets the keys of the resource on behalf of which a service asks.
func (s Source) context(c policy.Context, o *account.Organized) {
	if s.ARN != "" {
		c.Set("aws:SourceArn", s.ARN)
	}
	if s.Account != "" {
		c.Set("aws:SourceAccount", s.Account)
	}
	inOrganization(c, "aws:Source", o)
}

// principalTypes are the values of aws:PrincipalType.
var principalTypes = map[Kind]string{Root: "Account", User: "User", Role: "AssumedRole", Federated: "FederatedUser", Anonymous: "Anonymous"}

// context sets the keys of the caller.
func (s *Session) context(c policy.Context) {
	switch s.Kind {
	case Service:
		c.Set("aws:PrincipalIsAWSService", "true")
		c.Set("aws:PrincipalServiceName", s.ARN)
		c.Set("aws:PrincipalServiceNamesList", s.ARN)
		return
	case Anonymous:
		c.Set("aws:PrincipalType", principalTypes[s.Kind])
		c.Set("aws:userid", "anonymous")
		return
	}
	c.Set("aws:PrincipalIsAWSService", "false")
	c.Set("aws:PrincipalType", principalTypes[s.Kind])
	c.Set("aws:PrincipalAccount", s.Account)
	c.Set("aws:userid", s.UserID)
	c.Set("aws:PrincipalArn", s.ARN)
	if s.Kind == Role {
		c.Set("aws:PrincipalArn", s.RoleARN) // the role, not its session
	}
	if s.Kind == Role || !s.Issued.IsZero() { // of temporary credentials alone; nobody has used a second factor here
		c.Set("aws:MultiFactorAuthPresent", "false")
	}
	if !s.Issued.IsZero() {
		c.Set("aws:TokenIssueTime", s.Issued.UTC().Format(time.RFC3339))
	}
	for _, optional := range [][2]string{{"aws:username", s.UserName}, {"aws:SourceIdentity", s.SourceIdentity},
		{"aws:FederatedProvider", s.FederatedProvider}, {"lambda:SourceFunctionArn", s.SourceFunction}} {
		if key, value := optional[0], optional[1]; value != "" {
			c.Set(key, value)
		}
	}
	for k, v := range s.Tags {
		c.Set("aws:PrincipalTag/"+k, v)
	}
}

// tagPrefixes are how condition keys about a resource's tags begin; IAM has an older name of its own for it.
var tagPrefixes = []string{"aws:resourcetag/", "iam:resourcetag/"}

// onDemand adds the keys that take work where a policy asks for them: the resource's tags, and the question's late keys.
func (a *Authorizer) onDemand(ctx context.Context, q *Question, p *policy.Policies, c policy.Context) error {
	for prefix, find := range q.Late {
		if !speaks(p, strings.ToLower(prefix)) {
			continue
		}
		for key, values := range find() {
			c.Set(key, values...)
		}
	}
	if a.Tags == nil || q.Resource == "*" || !speaks(p, tagPrefixes...) {
		return nil
	}
	tags, err := a.Tags(ctx, q.Resource)
	if fault.Is(err, fault.NotFound) {
		return nil // the operation will say so
	}
	for k, v := range tags {
		c.Set("aws:ResourceTag/"+k, v)
		if strings.HasPrefix(q.Action, "iam:") {
			c.Set("iam:ResourceTag/"+k, v)
		}
	}
	return err
}

// speaks reports whether a statement speaks of a key that begins with one of the prefixes, in lower case: in a condition or as
// a variable.
func speaks(p *policy.Policies, prefixes ...string) bool {
	for _, one := range []*policy.Source{p.Resource, p.Boundary} {
		if one != nil && mentions(one.Document, prefixes) {
			return true
		}
	}
	for _, list := range [][]policy.Source{p.Identity, p.Session, p.RCPs} {
		if anyMentions(list, prefixes) {
			return true
		}
	}
	for _, level := range p.SCPs {
		if anyMentions(level, prefixes) {
			return true
		}
	}
	return false
}

func anyMentions(list []policy.Source, prefixes []string) bool {
	for _, s := range list {
		if mentions(s.Document, prefixes) {
			return true
		}
	}
	return false
}

func mentions(d *policy.Document, prefixes []string) bool {
	if d == nil {
		return false
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		for j := range s.Conditions {
			c := &s.Conditions[j]
			for _, prefix := range prefixes {
				if len(c.Key) >= len(prefix) && strings.EqualFold(c.Key[:len(prefix)], prefix) {
					return true
				}
			}
			if asVariable(c.Values, prefixes) {
				return true
			}
		}
		if asVariable(s.Resources, prefixes) || asVariable(s.NotResources, prefixes) {
			return true
		}
	}
	return false
}

func asVariable(values, prefixes []string) bool {
	for _, v := range values {
		if !strings.Contains(v, "${") {
			continue
		}
		lower := strings.ToLower(v)
		for _, prefix := range prefixes {
			if strings.Contains(lower, prefix) {
				return true
			}
		}
	}
	return false
}
