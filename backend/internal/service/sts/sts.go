// Package sts is AWS Security Token Service: who am I, and sessions of roles.
//
// AssumeRole asks the role's trust policy, and across accounts the caller's own policies too; what it issues are temporary
// credentials whose requests are checked against the role's policies from then on.
package sts

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// API serves STS.
type API struct {
	Identity *identity.Store
	Authz    *authz.Authorizer
}

// Service is STS for the wire.
func (a *API) Service() wire.Service {
	return wire.Service{API: wire.STSAPI(), Operations: map[string]wire.Operation{
		"GetCallerIdentity": wire.Op(a.getCallerIdentity, wire.Open[sts.GetCallerIdentityInput]()),
		"AssumeRole":        wire.Op(a.assumeRole, wire.SelfAuthorized[sts.AssumeRoleInput]()),
	}}
}

// getCallerIdentity needs no permission (STS API reference).
func (a *API) getCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	s := wire.CallFrom(ctx).Session
	return &sts.GetCallerIdentityOutput{Account: &s.Account, Arn: &s.ARN, UserId: &s.UserID}, nil
}

// Limits of sessions: of one that a role session opens, in seconds, and of a session policy, in characters (STS API
// reference, AssumeRole).
const (
	maxChained       = 3600
	maxSessionPolicy = 2048
)

var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

func (a *API) assumeRole(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	if !sessionName.MatchString(*in.RoleSessionName) {
		return nil, validationError(wire.Pattern("roleSessionName", *in.RoleSessionName, `[\w+=,.@-]*`))
	}
	for name, given := range map[string]bool{"PolicyArns": len(in.PolicyArns) > 0, "Tags": len(in.Tags) > 0, "TransitiveTagKeys": len(in.TransitiveTagKeys) > 0,
		"SourceIdentity": in.SourceIdentity != nil, "SerialNumber": in.SerialNumber != nil, "TokenCode": in.TokenCode != nil, "ProvidedContexts": len(in.ProvidedContexts) > 0} {
		if given {
			return nil, wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate %s of sts:AssumeRole yet", name)
		}
	}
	call := wire.CallFrom(ctx)
	role, err := a.role(ctx, *in.RoleArn)
	denied := wire.Errorf(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", call.Session.ARN, *in.RoleArn)
	if fault.Is(err, fault.NotFound) {
		return nil, denied // AWS does not say whether the role exists
	}
	if err != nil {
		return nil, err
	}
	if call.Session.Kind == authz.Root {
		return nil, wire.Errorf(http.StatusForbidden, "AccessDenied", "Roles may not be assumed by root accounts.")
	}
	q := call.Question("sts:AssumeRole", role.ARN())
	q.ResourcePolicy, q.ResourceMustAllow, q.Keys = role.Trust, true, assumeKeys(in)
	if err := a.Authz.Require(ctx, q); err != nil {
		if fault.Is(err, fault.Denied) {
			return nil, denied
		}
		return nil, err
	}
	return a.open(ctx, in, role)
}

func assumeKeys(in *sts.AssumeRoleInput) map[string][]string {
	keys := map[string][]string{"sts:RoleSessionName": {*in.RoleSessionName}}
	if in.ExternalId != nil {
		keys["sts:ExternalId"] = []string{*in.ExternalId}
	}
	return keys
}

func (a *API) role(ctx context.Context, roleARN string) (*identity.Full, error) {
	parsed, err := arn.Parse(roleARN)
	if err != nil || parsed.Service != "iam" {
		return nil, validationError(wire.Pattern("roleArn", roleARN, `arn:aws:iam::\d{12}:role/.+`))
	}
	name := regexp.MustCompile(`[^/]+$`).FindString(parsed.Resource)
	role, err := a.Identity.Full(ctx, identity.Key{Account: parsed.Account, Kind: identity.Role, Name: name})
	if err == nil && role.ARN() != roleARN {
		return nil, fault.New(fault.NotFound, "there is no role %s", roleARN)
	}
	return role, err
}

func (a *API) open(ctx context.Context, in *sts.AssumeRoleInput, role *identity.Full) (*sts.AssumeRoleOutput, error) {
	seconds := int(aws.ToInt32(in.DurationSeconds))
	if in.DurationSeconds == nil {
		seconds = 3600
	}
	switch {
	case seconds < 900:
		return nil, validationError(wire.AtLeast("durationSeconds", seconds, 900))
	case seconds > maxChained && wire.CallFrom(ctx).Session.Kind == authz.Role:
		return nil, wire.Errorf(http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	case seconds > role.MaxSession:
		return nil, wire.Errorf(http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	if in.Policy != nil {
		if len(*in.Policy) > maxSessionPolicy {
			return nil, validationError(wire.MaxLength("policy", *in.Policy, maxSessionPolicy))
		}
		if _, err := policy.Parse([]byte(*in.Policy)); err != nil {
			return nil, wire.Errorf(http.StatusBadRequest, "MalformedPolicyDocument", "%v", err)
		}
	}
	c, err := a.Identity.OpenSession(ctx, identity.Opening{Owner: role.Key, Name: *in.RoleSessionName, Policy: aws.ToString(in.Policy), Lifetime: time.Duration(seconds) * time.Second})
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleOutput{
		Credentials: &types.Credentials{AccessKeyId: &c.ID, SecretAccessKey: &c.Secret, SessionToken: &c.Token, Expiration: &c.Expires},
		AssumedRoleUser: &types.AssumedRoleUser{AssumedRoleId: aws.String(role.ID + ":" + *in.RoleSessionName),
			Arn: aws.String(arn.AssumedRole(role.Account, role.Name, *in.RoleSessionName))},
	}, nil
}

func validationError(v ...wire.Violation) error {
	return wire.Errorf(http.StatusBadRequest, "ValidationError", "%s", wire.Describe(v...))
}
