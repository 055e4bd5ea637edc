// Package sts is AWS Security Token Service: who am I, and temporary credentials.
//
// AssumeRole asks the role's trust policy, and across accounts the caller's own policies too: for sts:AssumeRole, and, where
// session tags or a source identity are passed, for sts:TagSession and sts:SetSourceIdentity. What it issues are credentials
// whose requests are checked against the role's policies, narrowed by the session policies, from then on. GetSessionToken
// issues temporary credentials of the user itself, GetFederationToken those of a federated user, who may do what both the
// federating user and the session policies allow.
//
// A session is tied to its role or user by more than the name: it ends with it. Sessions expire by the simulator's clock.
//
// Multi-factor authentication, SAML and web identities, and messages to be decoded are refused by name.
//
// Sources: the STS API Reference; IAM User Guide, temporary security credentials and passing session tags; the texts of errors
// as recorded from the real API (docs/fidelity.md).
package sts

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
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
		"GetSessionToken":   wire.Op(a.getSessionToken, wire.Open[sts.GetSessionTokenInput]()),
		"GetFederationToken": wire.Op(a.getFederationToken, wire.Resource(func(ctx context.Context, in *sts.GetFederationTokenInput) string {
			return arn.FederatedUser(wire.CallFrom(ctx).Account, *in.Name)
		}), wire.Also(tagging)),
		"GetAccessKeyInfo": wire.Op(a.getAccessKeyInfo, wire.Unbound[sts.GetAccessKeyInfoInput]()),
	}}
}

// getCallerIdentity needs no permission (STS API reference).
func (a *API) getCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	s := wire.CallFrom(ctx).Session
	return &sts.GetCallerIdentityOutput{Account: &s.Account, Arn: &s.ARN, UserId: &s.UserID}, nil
}

// getAccessKeyInfo answers the account of an access key, also of one that is expired or of another account.
func (a *API) getAccessKeyInfo(ctx context.Context, in *sts.GetAccessKeyInfoInput) (*sts.GetAccessKeyInfoOutput, error) {
	if n := len(*in.AccessKeyId); n < 16 {
		return nil, validationError(wire.MinLength("accessKeyId", *in.AccessKeyId, 16))
	}
	c, err := a.Identity.Credential(ctx, *in.AccessKeyId)
	if fault.Is(err, fault.NotFound) {
		return nil, wire.Errorf(http.StatusBadRequest, "ValidationError", "The access key %s was not issued by this backend", *in.AccessKeyId)
	}
	if err != nil {
		return nil, err
	}
	return &sts.GetAccessKeyInfoOutput{Account: &c.Owner.Account}, nil
}

func validationError(v ...wire.Violation) error {
	return wire.Errorf(http.StatusBadRequest, "ValidationError", "%s", wire.Describe(v...))
}

func invalidParameter(text string) error {
	return wire.Errorf(http.StatusBadRequest, "InvalidParameterValue", "%s", text)
}

// notSimulated refuses members by name.
func notSimulated(operation string, members map[string]bool) error {
	for name, given := range members {
		if given {
			return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate %s of sts:%s", name, operation)
		}
	}
	return nil
}
