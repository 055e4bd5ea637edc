package iam

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// policySource is a user, group or role whose policies are asked for. It is found by its name: a wrong path does no harm.
func (a *API) policySource(ctx context.Context, text string) (*principalPolicies, error) {
	e, ok := parseEntity(text)
	if !ok {
		return nil, invalidInput("Invalid ARN provided in the request: %s", text)
	}
	if own := account(ctx); e.account != own {
		return nil, invalidInput("Invalid Policy Source Arn: caller's account %s does not have access to policies in account %s.", own, e.account)
	}
	full, err := a.Identity.Full(ctx, identity.Key{Account: e.account, Kind: identity.Kind(e.kind), Name: e.name})
	if fault.KindOf(err) == fault.NotFound {
		return nil, wire.Errorf(http.StatusNotFound, "NoSuchEntity", "Unable to retrieve specified IAM entity.")
	}
	if err != nil {
		return nil, err
	}
	return newPrincipalPolicies(full)
}

// heldPolicy is a policy that an entity has.
type heldPolicy struct {
	policy.Source
	managed string // its ARN; "" for an inline policy
	owner   identity.Key
	name    string
}

// principalPolicies are those that count for an entity: its own, and a user's groups'.
type principalPolicies struct {
	held     []heldPolicy
	boundary *policy.Source
}

func newPrincipalPolicies(full *identity.Full) (*principalPolicies, error) {
	p := &principalPolicies{}
	for _, owner := range append([]*identity.Full{full}, full.Groups...) {
		if err := p.add(owner); err != nil {
			return nil, err
		}
	}
	if full.Entity.Boundary != "" {
		p.boundary = &policy.Source{Name: policyName(full.Entity.Boundary), Document: full.Boundary.Document}
	}
	return p, nil
}

// add adds what an entity has itself. A managed policy that comes to a user in several ways counts once.
func (p *principalPolicies) add(owner *identity.Full) error {
	for _, n := range owner.Inline {
		d, err := policy.Parse([]byte(n.Document))
		if err != nil {
			return err
		}
		id := string(owner.Kind) + "_" + owner.Name + "_" + n.Name
		p.held = append(p.held, heldPolicy{Source: policy.Source{Name: id, Document: d}, owner: owner.Key, name: n.Name})
	}
	for _, n := range owner.Attached {
		if slices.ContainsFunc(p.held, func(h heldPolicy) bool { return h.managed == n.Name }) {
			continue
		}
		d, err := policy.Parse([]byte(n.Document))
		if err != nil {
			return err
		}
		p.held = append(p.held, heldPolicy{Source: policy.Source{Name: policyName(n.Name), Document: d}, managed: n.Name})
	}
	return nil
}

// policyName is the name of a managed policy, without its path.
func policyName(policyARN string) string { return policyARN[strings.LastIndex(policyARN, "/")+1:] }

// sources lists the policies, without those that are excluded.
func (p *principalPolicies) sources(exclusions []types.PolicyIdentifier) []policy.Source {
	var list []policy.Source
	for _, h := range p.held {
		if !slices.ContainsFunc(exclusions, h.excluded) {
			list = append(list, h.Source)
		}
	}
	return list
}

// excluded reports whether an identifier means the policy. A managed policy's ARN is compared without its path, as it was
// recorded: one that has a path is excluded by PARTITION:iam::ACCOUNT:policy/NAME alone.
func (h heldPolicy) excluded(e types.PolicyIdentifier) bool {
	switch e := e.(type) {
	case *types.PolicyIdentifierMemberPolicyType:
		switch e.Value {
		case types.PolicyIdentifierPolicyTypeInline:
			return h.managed == ""
		case types.PolicyIdentifierPolicyTypeAwsManaged:
			return strings.HasPrefix(h.managed, "arn:aws:iam::aws:")
		case types.PolicyIdentifierPolicyTypeUserManaged:
			return h.managed != "" && !strings.HasPrefix(h.managed, "arn:aws:iam::aws:")
		}
	case *types.PolicyIdentifierMemberPolicyArn:
		if h.managed == "" {
			return false
		}
		owner, _, _ := strings.Cut(h.managed, ":policy/")
		return wildcard(e.Value, owner+":policy/"+policyName(h.managed))
	case *types.PolicyIdentifierMemberInlinePolicyIdentifier:
		return h.managed == "" && h.name == aws.ToString(e.Value.PolicyName) && string(h.owner.Kind) == string(e.Value.AttachmentType) &&
			wildcard(aws.ToString(e.Value.AttachmentName), h.owner.Name)
	}
	return false
}

// wildcard matches a name with a pattern of * and ?.
func wildcard(pattern, name string) bool {
	p := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile("^" + p + "$").MatchString(name)
}

func excludesType(list []types.PolicyIdentifier, kind types.PolicyIdentifierPolicyType) bool {
	return slices.ContainsFunc(list, func(e types.PolicyIdentifier) bool {
		t, ok := e.(*types.PolicyIdentifierMemberPolicyType)
		return ok && t.Value == kind
	})
}

// join adds an entity's policies to a simulation: its own before those of the request, its boundary where the request has
// none, and the service control policies of its account, whose organization is told also where they do not apply to it.
func (a *API) join(ctx context.Context, s *simulation, p *principalPolicies, exclusions []types.PolicyIdentifier) error {
	s.policies.Identity = append(p.sources(exclusions), s.policies.Identity...)
	if s.policies.Boundary == nil && p.boundary != nil && !excludesType(exclusions, types.PolicyIdentifierPolicyTypePermissionBoundary) {
		s.policies.Boundary, s.boundary = p.boundary, true
	}
	o, err := a.Accounts.Organized(ctx, account(ctx))
	if err != nil || o == nil || o.OrganizationID == "" {
		return err
	}
	s.organized = true
	if !o.Management && !excludesType(exclusions, types.PolicyIdentifierPolicyTypeScp) {
		s.policies.SCPs = o.ServiceControl
	}
	return nil
}
