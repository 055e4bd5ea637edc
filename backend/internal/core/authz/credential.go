package authz

import (
	"context"
	"fmt"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
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
	full, err := a.Identity.Full(ctx, c.Owner)
	if err != nil {
		return "", "", s, err
	}
	return c.Secret, c.Token, session(c, full), nil
}

func session(c *identity.Credential, full *identity.Full) Session {
	if full.Kind == identity.Role {
		s := sessionOf(&full.Entity, c.Session)
		if c.Policy != nil {
			s.SessionPolicies = []*policy.Document{c.Policy}
		}
		return s
	}
	return Session{Kind: User, Account: full.Account, ARN: full.ARN(), UserID: full.ID, UserName: full.Name, Tags: full.Tags}
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
