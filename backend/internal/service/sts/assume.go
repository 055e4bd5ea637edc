package sts

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Lengths of role sessions, in seconds (API: AssumeRole). The greatest is the role's own.
const (
	minDuration = 900
	maxChained  = 3600 // of a session that a role session opens
)

var (
	sessionName = regexp.MustCompile(`^[\w+=,.@-]*$`)
	externalID  = regexp.MustCompile(`^[\w+=,.@:\/-]*$`)
	roleARN     = regexp.MustCompile(`^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$`)
)

func (a *API) assumeRole(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	if err := checkAssume(in); err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	o, err := a.opening(ctx, in)
	if err != nil {
		return nil, err
	}
	role, err := a.role(ctx, *in.RoleArn)
	if fault.Is(err, fault.NotFound) {
		return nil, denied(call, "sts:AssumeRole", *in.RoleArn) // AWS does not say whether the role exists
	}
	if err != nil {
		return nil, err
	}
	if call.Session.Kind == authz.Root {
		return nil, wire.Errorf(http.StatusForbidden, "AccessDenied", "Roles may not be assumed by root accounts.")
	}
	if err := a.mayAssume(ctx, call, in, o, role); err != nil {
		return nil, err
	}
	seconds, err := duration(in.DurationSeconds, call, role)
	if err != nil {
		return nil, err
	}
	o.Owner, o.Lifetime = role.Key, time.Duration(seconds)*time.Second
	packed, err := a.checkSessionPolicies(ctx, role.Account, o, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	c, err := a.Identity.OpenSession(ctx, *o)
	if err != nil {
		return nil, err
	}
	out := &sts.AssumeRoleOutput{Credentials: credentials(c), PackedPolicySize: packed,
		AssumedRoleUser: &types.AssumedRoleUser{AssumedRoleId: aws.String(role.ID + ":" + o.Name), Arn: aws.String(arn.AssumedRole(role.Account, role.Name, o.Name))}}
	if o.SourceIdentity != "" {
		out.SourceIdentity = &o.SourceIdentity
	}
	return out, nil
}

func credentials(c *identity.Credential) *types.Credentials {
	return &types.Credentials{AccessKeyId: &c.ID, SecretAccessKey: &c.Secret, SessionToken: &c.Token, Expiration: &c.Expires}
}

func denied(call *wire.Call, action, resource string) error {
	return wire.Errorf(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: %s on resource: %s", call.Session.ARN, action, resource)
}

// checkAssume holds the members to their constraints.
func checkAssume(in *sts.AssumeRoleInput) error {
	if err := notSimulated("AssumeRole", map[string]bool{"SerialNumber": in.SerialNumber != nil, "TokenCode": in.TokenCode != nil,
		"ProvidedContexts": len(in.ProvidedContexts) > 0, "MinimumSessionTokenSize": aws.ToInt32(in.MinimumSessionTokenSize) > 0}); err != nil {
		return err
	}
	if err := checkText("roleSessionName", *in.RoleSessionName, 64, sessionName, `[\w+=,.@-]*`); err != nil {
		return err
	}
	if in.ExternalId != nil {
		if err := checkText("externalId", *in.ExternalId, 1224, externalID, `[\w+=,.@:\/-]*`); err != nil {
			return err
		}
	}
	if in.SourceIdentity != nil {
		if err := checkText("sourceIdentity", *in.SourceIdentity, 64, sessionName, `[\w+=,.@-]*`); err != nil {
			return err
		}
	}
	if !roleARN.MatchString(*in.RoleArn) {
		return wire.Errorf(http.StatusBadRequest, "ValidationError", "%s is invalid", *in.RoleArn)
	}
	return nil
}

// checkText holds a text to at least two characters, at most most, and a pattern.
func checkText(member, text string, most int, form *regexp.Regexp, pattern string) error {
	var v []wire.Violation
	if len(text) < 2 {
		v = append(v, wire.MinLength(member, text, 2))
	}
	if len(text) > most {
		v = append(v, wire.MaxLength(member, text, most))
	}
	if !form.MatchString(text) {
		v = append(v, wire.Pattern(member, text, pattern))
	}
	if len(v) > 0 {
		return validationError(v...)
	}
	return nil
}

// opening is the session that is asked for: with the tags and the source identity that the calling session hands on.
func (a *API) opening(ctx context.Context, in *sts.AssumeRoleInput) (*identity.Opening, error) {
	s := wire.CallFrom(ctx).Session
	o := &identity.Opening{Name: *in.RoleSessionName, Policy: aws.ToString(in.Policy), SourceIdentity: aws.ToString(in.SourceIdentity)}
	tags, err := sessionTags(in.Tags)
	if err != nil {
		return nil, err
	}
	if o.Transitive, err = transitive(in.TransitiveTagKeys, tags); err != nil {
		return nil, err
	}
	o.Tags = tags
	for key, value := range s.TransitiveTags {
		if keyOf(tags, key) != "" {
			return nil, invalidParameter("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
		o.Tags[key] = value
		o.Transitive = append(o.Transitive, key)
	}
	slices.Sort(o.Transitive)
	if s.SourceIdentity != "" {
		if o.SourceIdentity != "" && o.SourceIdentity != s.SourceIdentity {
			return nil, denied(wire.CallFrom(ctx), "sts:SetSourceIdentity", *in.RoleArn) // it cannot be changed in a chain
		}
		o.SourceIdentity = s.SourceIdentity
	}
	return o, nil
}

// mayAssume asks the trust policy for each action that the request is.
func (a *API) mayAssume(ctx context.Context, call *wire.Call, in *sts.AssumeRoleInput, o *identity.Opening, role *identity.Full) error {
	actions := []string{"sts:AssumeRole"}
	if len(o.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if o.SourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, action := range actions {
		q := call.Question(action, role.ARN())
		q.ResourcePolicy, q.ResourceMustAllow = role.Trust, true
		maps.Copy(q.Keys, assumeKeys(in, o))
		if err := a.Authz.Require(ctx, q); fault.Is(err, fault.Denied) {
			return denied(call, action, *in.RoleArn)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// assumeKeys are the condition keys of the request, beside its tags (IAM User Guide, keys for STS; passing session tags).
func assumeKeys(in *sts.AssumeRoleInput, o *identity.Opening) map[string][]string {
	keys := map[string][]string{"sts:RoleSessionName": {*in.RoleSessionName}}
	if in.ExternalId != nil {
		keys["sts:ExternalId"] = []string{*in.ExternalId}
	}
	if o.SourceIdentity != "" {
		keys["sts:SourceIdentity"] = []string{o.SourceIdentity}
	}
	if len(o.Transitive) > 0 {
		keys["sts:TransitiveTagKeys"] = o.Transitive
	}
	return keys
}

func (a *API) role(ctx context.Context, roleARN string) (*identity.Full, error) {
	parsed, err := arn.Parse(roleARN)
	if err != nil {
		return nil, fault.New(fault.NotFound, "%v", err)
	}
	role, err := a.Identity.Full(ctx, identity.Key{Account: parsed.Account, Kind: identity.Role, Name: authz.RoleName(roleARN)})
	if err == nil && role.ARN() != roleARN {
		return nil, fault.New(fault.NotFound, "there is no role %s", roleARN)
	}
	return role, err
}

func duration(asked *int32, call *wire.Call, role *identity.Full) (int, error) {
	seconds := 3600
	if asked != nil {
		seconds = int(*asked)
	}
	switch {
	case seconds < minDuration:
		return 0, validationError(wire.AtLeast("durationSeconds", seconds, minDuration))
	case seconds > maxChained && call.Session.Kind == authz.Role:
		return 0, wire.Errorf(http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	case seconds > role.MaxSession:
		return 0, wire.Errorf(http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return seconds, nil
}
