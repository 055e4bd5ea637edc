package iam

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Sizes of policies in characters, white space not counted (IAM quotas).
const (
	maxInlineRole = 10240
	maxInlineUser = 2048
	maxManaged    = 6144
	maxTrust      = 2048
)

// versionOf names the one version that is kept of a managed policy: the newest. AWS keeps five.
func versionOf(p *identity.Policy) string { return "v" + strconv.Itoa(max(p.Version, 1)) }

func size(text string) (n int) {
	for _, r := range text {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// putInline checks and writes an inline policy.
func (a *API) putInline(ctx context.Context, k identity.Key, name, text string, most int) error {
	if err := checkName("policyName", name, 128); err != nil {
		return err
	}
	if err := policy.ValidateIdentity([]byte(text)); err != nil {
		return err
	}
	return a.Identity.PutInline(ctx, k, name, text, func(others []identity.Named) error {
		total := size(text)
		for _, p := range others {
			total += size(p.Document)
		}
		if total > most {
			return fault.New(fault.TooLarge, "Maximum policy size of %d bytes exceeded for %s %s", most, k.Kind, k.Name)
		}
		return nil
	})
}

func names(list []identity.Named) []string {
	out := []string{}
	for _, n := range list {
		out = append(out, n.Name)
	}
	return out
}

// attached lists the managed policies of a user or role whose path begins with prefix.
func (a *API) attached(ctx context.Context, k identity.Key, prefix *string) ([]types.AttachedPolicy, error) {
	full, err := a.Identity.Full(ctx, k)
	if err != nil {
		return nil, err
	}
	out := []types.AttachedPolicy{}
	for _, n := range full.Attached {
		p, err := a.Identity.GetPolicy(ctx, n.Name)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(p.Path, aws.ToString(prefix)) {
			continue
		}
		out = append(out, types.AttachedPolicy{PolicyArn: &p.ARN, PolicyName: &p.Name})
	}
	return out, nil
}

func (a *API) putRolePolicy(ctx context.Context, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	return &iam.PutRolePolicyOutput{}, a.putInline(ctx, roleKey(ctx, in.RoleName), *in.PolicyName, *in.PolicyDocument, maxInlineRole)
}

func (a *API) getRolePolicy(ctx context.Context, in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	text, err := a.Identity.Inline(ctx, roleKey(ctx, in.RoleName), *in.PolicyName)
	return &iam.GetRolePolicyOutput{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: document(text)}, err
}

func (a *API) deleteRolePolicy(ctx context.Context, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	return &iam.DeleteRolePolicyOutput{}, a.Identity.DeleteInline(ctx, roleKey(ctx, in.RoleName), *in.PolicyName)
}

func (a *API) listRolePolicies(ctx context.Context, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	full, err := a.Identity.Full(ctx, roleKey(ctx, in.RoleName))
	if err != nil {
		return nil, err
	}
	page, err := paged(names(full.Inline), in.Marker, in.MaxItems)
	return &iam.ListRolePoliciesOutput{PolicyNames: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) attachRolePolicy(ctx context.Context, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	return &iam.AttachRolePolicyOutput{}, a.Identity.Attach(ctx, roleKey(ctx, in.RoleName), *in.PolicyArn)
}

func (a *API) detachRolePolicy(ctx context.Context, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	return &iam.DetachRolePolicyOutput{}, a.Identity.Detach(ctx, roleKey(ctx, in.RoleName), *in.PolicyArn)
}

func (a *API) listAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	list, err := a.attached(ctx, roleKey(ctx, in.RoleName), in.PathPrefix)
	if err != nil {
		return nil, err
	}
	page, err := paged(list, in.Marker, in.MaxItems)
	return &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) createPolicy(ctx context.Context, in *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error) {
	if err := checkName("policyName", *in.PolicyName, 128); err != nil {
		return nil, err
	}
	path, err := pathOf(in.Path)
	if err != nil {
		return nil, err
	}
	if err := policy.ValidateIdentity([]byte(*in.PolicyDocument)); err != nil {
		return nil, err
	}
	if size(*in.PolicyDocument) > maxManaged {
		return nil, fault.New(fault.TooLarge, "Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	p := &identity.Policy{Account: account(ctx), Name: *in.PolicyName, Path: path, Description: aws.ToString(in.Description),
		Document: *in.PolicyDocument, Tags: tagsOf(in.Tags)}
	if err := a.Identity.CreatePolicy(ctx, p); err != nil {
		return nil, err
	}
	return &iam.CreatePolicyOutput{Policy: managed(p)}, nil
}

func managed(p *identity.Policy) *types.Policy {
	return &types.Policy{Arn: &p.ARN, PolicyName: &p.Name, PolicyId: &p.ID, Path: &p.Path, Description: &p.Description,
		DefaultVersionId: aws.String(versionOf(p)), IsAttachable: true, CreateDate: &p.Created, UpdateDate: &p.Created, Tags: tags(p.Tags)}
}

func (a *API) getPolicy(ctx context.Context, in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	p, err := a.Identity.GetPolicy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	return &iam.GetPolicyOutput{Policy: managed(p)}, nil
}

func version(p *identity.Policy) types.PolicyVersion {
	return types.PolicyVersion{VersionId: aws.String(versionOf(p)), IsDefaultVersion: true, CreateDate: &p.Created, Document: document(p.Document)}
}

func (a *API) getPolicyVersion(ctx context.Context, in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionOutput, error) {
	p, err := a.Identity.GetPolicy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	if *in.VersionId != versionOf(p) {
		return nil, wire.Errorf(http.StatusNotFound, "NoSuchEntity", "Policy %s version %s does not exist or is not attachable.", p.ARN, *in.VersionId)
	}
	v := version(p)
	return &iam.GetPolicyVersionOutput{PolicyVersion: &v}, nil
}

func (a *API) listPolicyVersions(ctx context.Context, in *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsOutput, error) {
	p, err := a.Identity.GetPolicy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	return &iam.ListPolicyVersionsOutput{Versions: []types.PolicyVersion{version(p)}}, nil
}

// createPolicyVersion replaces the document. A version that is not the default one would have no effect: it is refused.
func (a *API) createPolicyVersion(ctx context.Context, in *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionOutput, error) {
	if !in.SetAsDefault {
		return nil, wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate versions of managed policies that are not the default: set SetAsDefault")
	}
	if err := policy.ValidateIdentity([]byte(*in.PolicyDocument)); err != nil {
		return nil, err
	}
	if size(*in.PolicyDocument) > maxManaged {
		return nil, fault.New(fault.TooLarge, "Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	if _, err := a.Identity.ReplacePolicy(ctx, account(ctx), *in.PolicyArn, *in.PolicyDocument); err != nil {
		return nil, err
	}
	p, err := a.Identity.GetPolicy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v := version(p)
	return &iam.CreatePolicyVersionOutput{PolicyVersion: &v}, nil
}

func (a *API) tagPolicy(ctx context.Context, in *iam.TagPolicyInput) (*iam.TagPolicyOutput, error) {
	return &iam.TagPolicyOutput{}, a.Identity.TagPolicy(ctx, account(ctx), *in.PolicyArn, func(tags map[string]string) { maps.Copy(tags, tagsOf(in.Tags)) })
}

func (a *API) untagPolicy(ctx context.Context, in *iam.UntagPolicyInput) (*iam.UntagPolicyOutput, error) {
	return &iam.UntagPolicyOutput{}, a.Identity.TagPolicy(ctx, account(ctx), *in.PolicyArn, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
}

func (a *API) deletePolicy(ctx context.Context, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	return &iam.DeletePolicyOutput{}, a.Identity.DeletePolicy(ctx, account(ctx), *in.PolicyArn)
}
