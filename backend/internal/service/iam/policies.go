package iam

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

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
	maxManaged = 6144
	maxTrust   = 2048
)

func (a *API) policies() map[string]wire.Operation {
	return map[string]wire.Operation{
		"CreatePolicy":            op(a, a.createPolicy),
		"GetPolicy":               op(a, a.getPolicy),
		"ListPolicies":            op(a, a.listPolicies),
		"DeletePolicy":            op(a, a.deletePolicy),
		"CreatePolicyVersion":     op(a, a.createPolicyVersion),
		"GetPolicyVersion":        op(a, a.getPolicyVersion),
		"ListPolicyVersions":      op(a, a.listPolicyVersions),
		"SetDefaultPolicyVersion": op(a, a.setDefaultPolicyVersion),
		"DeletePolicyVersion":     op(a, a.deletePolicyVersion),
		"ListEntitiesForPolicy":   op(a, a.listEntitiesForPolicy),
		"TagPolicy":               op(a, a.tagPolicy),
		"UntagPolicy":             op(a, a.untagPolicy),
		"ListPolicyTags":          op(a, a.listPolicyTags),
	}
}

// checkManaged holds the document of a managed policy to IAM's grammar and size.
func checkManaged(text string) error {
	if err := policy.ValidateIdentity([]byte(text)); err != nil {
		return err
	}
	if policy.Size(text) > maxManaged {
		return fault.New(fault.TooLarge, "Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	return nil
}

func (a *API) createPolicy(ctx context.Context, in *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error) {
	if err := checkName("policyName", *in.PolicyName, 128); err != nil {
		return nil, err
	}
	path, err := pathOf(in.Path)
	if err != nil {
		return nil, err
	}
	if text := aws.ToString(in.Description); utf8.RuneCountInString(text) > maxDescription {
		return nil, validationError(wire.MaxLength("description", text, maxDescription))
	}
	tags, err := tagsOf(in.Tags, exactly)
	if err != nil {
		return nil, err
	}
	if err := checkManaged(*in.PolicyDocument); err != nil {
		return nil, err
	}
	p := &identity.Policy{Account: account(ctx), Name: *in.PolicyName, Path: path, Description: aws.ToString(in.Description),
		Document: *in.PolicyDocument, Tags: tags}
	if err := a.Identity.CreatePolicy(ctx, p); err != nil {
		return nil, err
	}
	m := managed(p, identity.Usage{})
	m.Description, m.Tags = nil, given(p.Tags) // as recorded
	return &iam.CreatePolicyOutput{Policy: m}, nil
}

func managed(p *identity.Policy, u identity.Usage) *types.Policy {
	m := &types.Policy{Arn: &p.ARN, PolicyName: &p.Name, PolicyId: &p.ID, Path: &p.Path,
		DefaultVersionId: versionID(p.Version), IsAttachable: true, CreateDate: &p.Created, UpdateDate: &p.Updated, Tags: tags(p.Tags),
		AttachmentCount: aws.Int32(int32(u.Attachments)), PermissionsBoundaryUsageCount: aws.Int32(int32(u.Boundaries))}
	if p.Description != "" {
		m.Description = &p.Description
	}
	return m
}

func (a *API) getPolicy(ctx context.Context, in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	if err := checkARN("policyArn", *in.PolicyArn); err != nil {
		return nil, err
	}
	p, err := a.Identity.GetPolicy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, a.explain(err, *in.PolicyArn)
	}
	uses, err := a.Identity.Usages(ctx, account(ctx))
	return &iam.GetPolicyOutput{Policy: managed(p, uses[p.ARN])}, err
}

// listPolicies answers policies without tags and description (API: ListPolicies).
func (a *API) listPolicies(ctx context.Context, in *iam.ListPoliciesInput) (*iam.ListPoliciesOutput, error) {
	if err := checkListPolicies(in); err != nil {
		return nil, err
	}
	uses, err := a.Identity.Usages(ctx, account(ctx))
	if err != nil {
		return nil, err
	}
	var list []*identity.Policy
	if in.Scope != types.PolicyScopeTypeAws {
		if list, err = a.Identity.Policies(ctx, account(ctx)); err != nil {
			return nil, err
		}
	}
	if in.Scope != types.PolicyScopeTypeLocal {
		list = append(list, identity.AWSPolicies()...)
	}
	out := []types.Policy{}
	for _, p := range list {
		u := uses[p.ARN]
		if !strings.HasPrefix(p.Path, aws.ToString(in.PathPrefix)) || in.OnlyAttached && u.Attachments+u.Boundaries == 0 ||
			in.PolicyUsageFilter == types.PolicyUsageTypePermissionsPolicy && u.Attachments == 0 ||
			in.PolicyUsageFilter == types.PolicyUsageTypePermissionsBoundary && u.Boundaries == 0 {
			continue
		}
		m := managed(p, u)
		m.Tags, m.Description = nil, nil
		out = append(out, *m)
	}
	page, err := paged(out, func(p types.Policy) string { return *p.Arn }, in.Marker, in.MaxItems)
	return &iam.ListPoliciesOutput{Policies: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func checkListPolicies(in *iam.ListPoliciesInput) error {
	switch in.Scope {
	case "", types.PolicyScopeTypeAll, types.PolicyScopeTypeAws, types.PolicyScopeTypeLocal:
	default:
		return validationError(wire.Enum("scope", string(in.Scope), []string{"All", "AWS", "Local"}))
	}
	switch in.PolicyUsageFilter {
	case "", types.PolicyUsageTypePermissionsPolicy, types.PolicyUsageTypePermissionsBoundary:
		return nil
	}
	return validationError(wire.Enum("policyUsageFilter", string(in.PolicyUsageFilter), []string{"PermissionsPolicy", "PermissionsBoundary"}))
}

func versionID(n int) *string { return aws.String("v" + strconv.Itoa(n)) }

const versionPattern = `v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`

var versionText = regexp.MustCompile(`^v([1-9][0-9]*)(\.[A-Za-z0-9-]*)?$`)

func versionNumber(id string) (int, error) {
	m := versionText.FindStringSubmatch(id)
	if m == nil {
		return 0, validationError(wire.Pattern("versionId", id, versionPattern))
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || m[2] != "" {
		return 0, nil //nolint:nilerr // of the form, but no version has it
	}
	return n, nil
}

func version(v identity.Version) types.PolicyVersion {
	return types.PolicyVersion{VersionId: versionID(v.Number), IsDefaultVersion: v.Default, CreateDate: aws.Time(v.Created.UTC())}
}

// createPolicyVersion answers the version without its document, as IAM does.
func (a *API) createPolicyVersion(ctx context.Context, in *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionOutput, error) {
	if err := checkManaged(*in.PolicyDocument); err != nil {
		return nil, err
	}
	v, err := a.Identity.AddVersion(ctx, account(ctx), *in.PolicyArn, *in.PolicyDocument, in.SetAsDefault)
	if err != nil {
		return nil, err
	}
	answer := version(v)
	return &iam.CreatePolicyVersionOutput{PolicyVersion: &answer}, nil
}

func (a *API) getPolicyVersion(ctx context.Context, in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionOutput, error) {
	n, err := versionNumber(*in.VersionId)
	if err != nil {
		return nil, err
	}
	list, err := a.Identity.Versions(ctx, *in.PolicyArn)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	_ = a.explain(err, *in.PolicyArn)
	for _, v := range list {
		if v.Number == n {
			answer := version(v)
			answer.Document = document(v.Document)
			return &iam.GetPolicyVersionOutput{PolicyVersion: &answer}, nil
		}
	}
	if len(list) > 0 && strings.HasPrefix(*in.PolicyArn, "arn:aws:iam::aws:") {
		a.Log.Warn("of AWS's own policies lambdasim knows the default version alone", "arn", *in.PolicyArn, "version", *in.VersionId)
	}
	return nil, wire.Errorf(http.StatusNotFound, "NoSuchEntity", "Policy %s version %s does not exist or is not attachable.", *in.PolicyArn, *in.VersionId)
}

func (a *API) listPolicyVersions(ctx context.Context, in *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsOutput, error) {
	list, err := a.Identity.Versions(ctx, *in.PolicyArn)
	if err != nil {
		return nil, a.explain(err, *in.PolicyArn)
	}
	newestFirst := func(v identity.Version) string { return strconv.Itoa(1<<30 - v.Number) }
	page, err := paged(list, newestFirst, in.Marker, in.MaxItems)
	out := &iam.ListPolicyVersionsOutput{Versions: []types.PolicyVersion{}, Marker: page.next, IsTruncated: page.next != nil}
	for _, v := range page.items {
		out.Versions = append(out.Versions, version(v))
	}
	return out, err
}

func (a *API) setDefaultPolicyVersion(ctx context.Context, in *iam.SetDefaultPolicyVersionInput) (*iam.SetDefaultPolicyVersionOutput, error) {
	n, err := versionNumber(*in.VersionId)
	if err != nil {
		return nil, err
	}
	return &iam.SetDefaultPolicyVersionOutput{}, a.Identity.SetDefaultVersion(ctx, account(ctx), *in.PolicyArn, n)
}

func (a *API) deletePolicyVersion(ctx context.Context, in *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error) {
	n, err := versionNumber(*in.VersionId)
	if err != nil {
		return nil, err
	}
	return &iam.DeletePolicyVersionOutput{}, a.Identity.DeleteVersion(ctx, account(ctx), *in.PolicyArn, n)
}

func (a *API) deletePolicy(ctx context.Context, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	return &iam.DeletePolicyOutput{}, a.Identity.DeletePolicy(ctx, account(ctx), *in.PolicyArn)
}

// listEntitiesForPolicy answers who has a policy in the caller's account. One page holds users, groups and roles together.
func (a *API) listEntitiesForPolicy(ctx context.Context, in *iam.ListEntitiesForPolicyInput) (*iam.ListEntitiesForPolicyOutput, error) {
	if _, err := a.Identity.GetPolicy(ctx, *in.PolicyArn); err != nil {
		return nil, a.explain(err, *in.PolicyArn)
	}
	all, err := a.Identity.Holders(ctx, account(ctx), *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	list, seen := []identity.Holder{}, map[identity.Key]bool{}
	for _, h := range all {
		use := types.PolicyUsageTypePermissionsPolicy
		if h.Boundary {
			use = types.PolicyUsageTypePermissionsBoundary
		}
		kind := map[identity.Kind]types.EntityType{identity.User: types.EntityTypeUser, identity.Role: types.EntityTypeRole, identity.Group: types.EntityTypeGroup}[h.Kind]
		if seen[h.Key] || !strings.HasPrefix(h.Path, aws.ToString(in.PathPrefix)) || in.PolicyUsageFilter != "" && in.PolicyUsageFilter != use ||
			in.EntityFilter != "" && in.EntityFilter != kind {
			continue
		}
		seen[h.Key] = true
		list = append(list, h)
	}
	page, err := paged(list, func(h identity.Holder) string { return string(h.Kind) + "/" + h.Name }, in.Marker, in.MaxItems)
	out := &iam.ListEntitiesForPolicyOutput{Marker: page.next, IsTruncated: page.next != nil,
		PolicyGroups: []types.PolicyGroup{}, PolicyRoles: []types.PolicyRole{}, PolicyUsers: []types.PolicyUser{}}
	for _, h := range page.items {
		switch h.Kind {
		case identity.User:
			out.PolicyUsers = append(out.PolicyUsers, types.PolicyUser{UserName: aws.String(h.Name), UserId: aws.String(h.ID)})
		case identity.Group:
			out.PolicyGroups = append(out.PolicyGroups, types.PolicyGroup{GroupName: aws.String(h.Name), GroupId: aws.String(h.ID)})
		default:
			out.PolicyRoles = append(out.PolicyRoles, types.PolicyRole{RoleName: aws.String(h.Name), RoleId: aws.String(h.ID)})
		}
	}
	return out, err
}

func (a *API) tagPolicy(ctx context.Context, in *iam.TagPolicyInput) (*iam.TagPolicyOutput, error) {
	return &iam.TagPolicyOutput{}, a.Identity.TagPolicy(ctx, account(ctx), *in.PolicyArn, addTags(in.Tags, exactly))
}

func (a *API) untagPolicy(ctx context.Context, in *iam.UntagPolicyInput) (*iam.UntagPolicyOutput, error) {
	return &iam.UntagPolicyOutput{}, a.Identity.TagPolicy(ctx, account(ctx), *in.PolicyArn, removeTags(in.TagKeys, exactly))
}

func (a *API) listPolicyTags(ctx context.Context, in *iam.ListPolicyTagsInput) (*iam.ListPolicyTagsOutput, error) {
	p, err := a.Identity.GetPolicy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	page, err := paged(tags(p.Tags), tagKey, in.Marker, in.MaxItems)
	return &iam.ListPolicyTagsOutput{Tags: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}
