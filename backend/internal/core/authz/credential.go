package authz

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// RootSecret is the secret of every account's root: the simulator protects nothing with it, but a client whose secret is
// wrong is told so, as in AWS.
const RootSecret = "test"

// Expired is the detail of the fault for temporary credentials that were issued here and have expired.
const Expired = "expired"

// Credential says who an access key id is: twelve digits are that account's root, "test" is the root of the default
// account, and otherwise it must have been issued here by IAM or STS.
func (a *Authorizer) Credential(ctx context.Context, keyID string) (secret, token string, s Session, err error) {
	switch {
	case keyID == "test":
		return RootSecret, "", RootOf(a.DefaultAccount), nil
	case isAccount(keyID):
		return RootSecret, "", RootOf(keyID), nil
	}
	c, err := a.Identity.Credential(ctx, keyID)
	if fault.Is(err, fault.NotFound) {
		return "", "", s, unknownKey(keyID, a.DefaultAccount)
	}
	if err != nil {
		return "", "", s, err
	}
	if !c.Active {
		return "", "", s, fault.New(fault.NotFound, "the access key %s was made inactive", keyID)
	}
	if !c.Expires.IsZero() && !a.Clock.Now().Before(c.Expires) {
		return "", "", s, &fault.Error{Kind: fault.NotFound, Detail: Expired, Message: "the session of the access key " + keyID + " expired at " + c.Expires.UTC().Format(time.RFC3339) + " of the simulator's clock"}
	}
	if s, err = a.session(ctx, c); fault.Is(err, fault.NotFound) {
		return "", "", s, unknownKey(keyID, a.DefaultAccount) // the owner is gone, and its keys with it
	}
	return c.Secret, c.Token, s, err
}

// session is who a credential stands for.
func (a *Authorizer) session(ctx context.Context, c *identity.Credential) (Session, error) {
	s := RootOf(c.Owner.Account)
	if c.Owner.Kind != identity.Root {
		full, err := a.Identity.Full(ctx, c.Owner)
		if err != nil {
			return Session{}, err
		}
		if full.Kind == identity.Role {
			s = sessionOf(&full.Entity, c.Session)
		} else {
			s = Session{Kind: User, Account: full.Account, ARN: full.ARN(), UserID: full.ID, UserName: full.Name, Tags: full.Tags}
		}
	}
	if c.Federated {
		s = Session{Kind: Federated, Account: c.Owner.Account, ARN: arn.FederatedUser(c.Owner.Account, c.Session),
			UserID: c.Owner.Account + ":" + c.Session, Federator: c.Owner}
	}
	s.Issued, s.SessionPolicies, s.SourceIdentity, s.SourceFunction = c.Issued, c.Policies, c.SourceIdentity, c.SourceFunction
	if len(c.Tags) > 0 {
		own := s.Tags
		s.Tags, s.TransitiveTags = map[string]string{}, map[string]string{}
		for k, v := range own {
			if !hasFold(c.Tags, k) {
				s.Tags[k] = v
			}
		}
		maps.Copy(s.Tags, c.Tags)
		for _, k := range c.Transitive {
			s.TransitiveTags[k] = c.Tags[k]
		}
	}
	return s, nil
}

// hasFold reports whether m has a tag; keys of tags are not distinguished by case.
func hasFold(m map[string]string, key string) bool {
	for k := range m {
		if strings.EqualFold(k, key) {
			return true
		}
	}
	return false
}

func unknownKey(keyID, account string) error {
	return fault.New(fault.NotFound, "%s", fmt.Sprintf("the access key %q was not issued here: use \"test\" with the secret \"test\" for the root of account %s, "+
		"an account's twelve digits with the secret \"test\" for the root of that account, or a key that this backend's IAM or STS issued", keyID, account))
}

func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
