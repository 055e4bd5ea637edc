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
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Lengths of the sessions of users, in seconds: by default and at most, and at most of the root user (API: GetSessionToken,
// GetFederationToken).
const (
	userDuration = 43200
	maxUser      = 129600
	maxRoot      = 3600
)

// getSessionToken needs no permission, but long-term credentials (API: GetSessionToken).
func (a *API) getSessionToken(ctx context.Context, in *sts.GetSessionTokenInput) (*sts.GetSessionTokenOutput, error) {
	if err := notSimulated("GetSessionToken", map[string]bool{"SerialNumber": in.SerialNumber != nil, "TokenCode": in.TokenCode != nil,
		"MinimumSessionTokenSize": aws.ToInt32(in.MinimumSessionTokenSize) > 0}); err != nil {
		return nil, err
	}
	owner, lifetime, err := longTerm(ctx, "GetSessionToken", in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	c, err := a.Identity.OpenSession(ctx, identity.Opening{Owner: owner, Lifetime: lifetime})
	if err != nil {
		return nil, err
	}
	return &sts.GetSessionTokenOutput{Credentials: credentials(c)}, nil
}

// longTerm is who signed with a long-term key, and how long the session is to last.
func longTerm(ctx context.Context, operation string, asked *int32) (identity.Key, time.Duration, error) {
	s := wire.CallFrom(ctx).Session
	owner, most := identity.Key{Account: s.Account, Kind: identity.User, Name: s.UserName}, maxUser
	if s.Kind == authz.Root {
		owner, most = identity.Key{Account: s.Account, Kind: identity.Root}, maxRoot
	}
	if !s.Issued.IsZero() || s.Kind != authz.User && s.Kind != authz.Root {
		return owner, 0, wire.Errorf(http.StatusForbidden, "AccessDenied", "Cannot call %s with session credentials", operation)
	}
	seconds := min(userDuration, most)
	if asked != nil {
		if seconds = int(*asked); seconds > maxUser {
			return owner, 0, validationError(wire.AtMost("durationSeconds", seconds, maxUser))
		}
		if seconds < minDuration {
			return owner, 0, validationError(wire.AtLeast("durationSeconds", seconds, minDuration))
		}
	}
	return owner, time.Duration(min(seconds, most)) * time.Second, nil // of root more is an hour
}

var federatedName = regexp.MustCompile(`^[\w+=,.@-]*$`)

// tagging is the further right that a federated user with tags needs.
func tagging(ctx context.Context, in *sts.GetFederationTokenInput) []wire.Need {
	if len(in.Tags) == 0 {
		return nil
	}
	return []wire.Need{{Action: "sts:TagSession", Resource: arn.FederatedUser(wire.CallFrom(ctx).Account, *in.Name)}}
}

// getFederationToken opens the session of a federated user. Its tags need sts:TagSession beside sts:GetFederationToken.
func (a *API) getFederationToken(ctx context.Context, in *sts.GetFederationTokenInput) (*sts.GetFederationTokenOutput, error) {
	if err := notSimulated("GetFederationToken", map[string]bool{"MinimumSessionTokenSize": aws.ToInt32(in.MinimumSessionTokenSize) > 0}); err != nil {
		return nil, err
	}
	if err := checkText("name", *in.Name, 32, federatedName, `[\w+=,.@-]*`); err != nil {
		return nil, err
	}
	owner, lifetime, err := longTerm(ctx, "GetFederationToken", in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	tags, err := sessionTags(in.Tags)
	if err != nil {
		return nil, err
	}
	user := arn.FederatedUser(owner.Account, *in.Name)
	o := &identity.Opening{Owner: owner, Name: *in.Name, Federated: true, Policy: aws.ToString(in.Policy), Tags: tags, Lifetime: lifetime}
	packed, err := a.checkSessionPolicies(ctx, owner.Account, o, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	if packed == nil {
		packed = aws.Int32(0) // as recorded; AssumeRole leaves it out
	}
	c, err := a.Identity.OpenSession(ctx, *o)
	if err != nil {
		return nil, err
	}
	return &sts.GetFederationTokenOutput{Credentials: credentials(c), PackedPolicySize: packed,
		FederatedUser: &types.FederatedUser{Arn: &user, FederatedUserId: aws.String(owner.Account + ":" + *in.Name)}}, nil
}
