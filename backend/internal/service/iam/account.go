package iam

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

func (a *API) accountOperations() map[string]wire.Operation {
	return map[string]wire.Operation{
		"GetAccountSummary":              op(a, a.getAccountSummary),
		"GetAccountAuthorizationDetails": op(a, a.getAccountAuthorizationDetails),
		"ListAccountAliases":             op(a, a.listAccountAliases),
		"CreateAccountAlias":             op(a, a.createAccountAlias),
		"DeleteAccountAlias":             op(a, a.deleteAccountAlias),
	}
}

// quotas are the entries of the account's summary that do not depend on what it has (API: GetAccountSummary; IAM quotas).
var quotas = map[string]int32{"UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "PoliciesQuota": 1500, "InstanceProfilesQuota": 1000,
	"VersionsPerPolicyQuota": 5, "PolicyVersionsInUseQuota": 10000, "GroupsPerUserQuota": 10, "AccessKeysPerUserQuota": 2,
	"AttachedPoliciesPerUserQuota": 10, "AttachedPoliciesPerGroupQuota": 10, "AttachedPoliciesPerRoleQuota": 10,
	"UserPolicySizeQuota": 2048, "GroupPolicySizeQuota": 5120, "RolePolicySizeQuota": 10240, "PolicySizeQuota": maxManaged, "AssumeRolePolicySizeQuota": maxTrust,
	"ServerCertificatesQuota": 20, "SigningCertificatesPerUserQuota": 2}

// absent are the entries that count what the simulator does not have.
var absent = []string{"ServerCertificates", "MFADevices", "MFADevicesInUse", "Providers", "AccountMFAEnabled", "AccountPasswordPresent", "AccountSigningCertificatesPresent"}

func (a *API) getAccountSummary(ctx context.Context, _ *iam.GetAccountSummaryInput) (*iam.GetAccountSummaryOutput, error) {
	m := maps.Clone(quotas)
	for _, name := range absent {
		m[name] = 0
	}
	m["AccountAccessKeysPresent"] = 1 // the account's digits are one
	for kind, name := range map[identity.Kind]string{identity.User: "Users", identity.Group: "Groups", identity.Role: "Roles"} {
		list, err := a.Identity.List(ctx, account(ctx), kind, "")
		if err != nil {
			return nil, err
		}
		m[name] = int32(len(list))
	}
	policies, err := a.Identity.Policies(ctx, account(ctx))
	if err != nil {
		return nil, err
	}
	m["Policies"], m["PolicyVersionsInUse"] = int32(len(policies)), 0
	for _, p := range policies {
		versions, err := a.Identity.Versions(ctx, p.ARN)
		if err != nil {
			return nil, err
		}
		m["PolicyVersionsInUse"] += int32(len(versions))
	}
	profiles, err := a.Identity.Profiles(ctx, account(ctx))
	m["InstanceProfiles"] = int32(len(profiles))
	return &iam.GetAccountSummaryOutput{SummaryMap: m}, err
}

// detail is one item of GetAccountAuthorizationDetails, with the key that orders its pages.
type detail struct {
	key string
	add func(context.Context, *iam.GetAccountAuthorizationDetailsOutput) error
}

// getAccountAuthorizationDetails answers users, groups, roles, the account's policies, and those of AWS that it uses.
func (a *API) getAccountAuthorizationDetails(ctx context.Context, in *iam.GetAccountAuthorizationDetailsInput) (*iam.GetAccountAuthorizationDetailsOutput, error) {
	wants := func(e types.EntityType) bool { return len(in.Filter) == 0 || slices.Contains(in.Filter, e) }
	var list []detail
	for kind, e := range map[identity.Kind]types.EntityType{identity.User: types.EntityTypeUser, identity.Group: types.EntityTypeGroup, identity.Role: types.EntityTypeRole} {
		if !wants(e) {
			continue
		}
		entities, err := a.Identity.List(ctx, account(ctx), kind, "")
		if err != nil {
			return nil, err
		}
		for _, e := range entities {
			list = append(list, detail{e.ARN(), func(ctx context.Context, out *iam.GetAccountAuthorizationDetailsOutput) error {
				return a.addDetail(ctx, e.Key, out)
			}})
		}
	}
	uses, err := a.Identity.Usages(ctx, account(ctx))
	if err != nil {
		return nil, err
	}
	policies, err := a.policiesInDetail(ctx, uses, wants)
	if err != nil {
		return nil, err
	}
	for _, p := range policies {
		list = append(list, detail{p.ARN, func(ctx context.Context, out *iam.GetAccountAuthorizationDetailsOutput) error {
			return a.addPolicyDetail(ctx, p, uses[p.ARN], out)
		}})
	}
	page, err := paged(list, func(d detail) string { return d.key }, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iam.GetAccountAuthorizationDetailsOutput{Marker: page.next, IsTruncated: page.next != nil, UserDetailList: []types.UserDetail{},
		GroupDetailList: []types.GroupDetail{}, RoleDetailList: []types.RoleDetail{}, Policies: []types.ManagedPolicyDetail{}}
	for _, d := range page.items {
		if err := d.add(ctx, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (a *API) policiesInDetail(ctx context.Context, uses map[string]identity.Usage, wants func(types.EntityType) bool) (list []*identity.Policy, err error) {
	if wants(types.EntityTypeLocalManagedPolicy) {
		if list, err = a.Identity.Policies(ctx, account(ctx)); err != nil {
			return nil, err
		}
	}
	if wants(types.EntityTypeAWSManagedPolicy) {
		for _, p := range identity.AWSPolicies() {
			if _, used := uses[p.ARN]; used {
				list = append(list, p)
			}
		}
	}
	return list, nil
}

func inlineDetail(list []identity.Named) []types.PolicyDetail {
	out := []types.PolicyDetail{}
	for _, p := range list {
		out = append(out, types.PolicyDetail{PolicyName: aws.String(p.Name), PolicyDocument: document(p.Document)})
	}
	return out
}

func (a *API) addDetail(ctx context.Context, k identity.Key, out *iam.GetAccountAuthorizationDetailsOutput) error {
	e, err := a.Identity.Full(ctx, k)
	if err != nil {
		return err
	}
	inline, attached, created := inlineDetail(e.Inline), attachedOf(e, ""), aws.Time(e.Created)
	switch k.Kind {
	case identity.User:
		in := []string{}
		for _, g := range e.Groups {
			in = append(in, g.Name)
		}
		out.UserDetailList = append(out.UserDetailList, types.UserDetail{UserName: &e.Name, UserId: &e.ID, Arn: aws.String(e.ARN()), Path: &e.Path, CreateDate: created,
			UserPolicyList: inline, AttachedManagedPolicies: attached, GroupList: in, Tags: tags(e.Tags), PermissionsBoundary: boundaryOf(&e.Entity)})
	case identity.Group:
		out.GroupDetailList = append(out.GroupDetailList, types.GroupDetail{GroupName: &e.Name, GroupId: &e.ID, Arn: aws.String(e.ARN()), Path: &e.Path, CreateDate: created,
			GroupPolicyList: inline, AttachedManagedPolicies: attached})
	default:
		profiles, err := a.profilePage(ctx, nil, aws.Int32(maxItems), func(p *identity.Profile) bool { return p.Role == e.Name })
		if err != nil {
			return err
		}
		out.RoleDetailList = append(out.RoleDetailList, types.RoleDetail{RoleName: &e.Name, RoleId: &e.ID, Arn: aws.String(e.ARN()), Path: &e.Path, CreateDate: created,
			AssumeRolePolicyDocument: document(e.Entity.Trust), RolePolicyList: inline, AttachedManagedPolicies: attached, InstanceProfileList: profiles.items,
			Tags: tags(e.Tags), PermissionsBoundary: boundaryOf(&e.Entity)})
	}
	return nil
}

func (a *API) addPolicyDetail(ctx context.Context, p *identity.Policy, u identity.Usage, out *iam.GetAccountAuthorizationDetailsOutput) error {
	versions, err := a.Identity.Versions(ctx, p.ARN)
	if err != nil {
		return err
	}
	m := managed(p, u)
	d := types.ManagedPolicyDetail{Arn: m.Arn, PolicyName: m.PolicyName, PolicyId: m.PolicyId, Path: m.Path, DefaultVersionId: m.DefaultVersionId,
		AttachmentCount: m.AttachmentCount, PermissionsBoundaryUsageCount: m.PermissionsBoundaryUsageCount, IsAttachable: true,
		CreateDate: m.CreateDate, UpdateDate: m.UpdateDate, Description: m.Description, PolicyVersionList: []types.PolicyVersion{}}
	for _, v := range versions {
		answer := version(v)
		answer.Document = document(v.Document)
		d.PolicyVersionList = append(d.PolicyVersionList, answer)
	}
	out.Policies = append(out.Policies, d)
	return nil
}

const aliasPattern = `^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`

// aliasText is aliasPattern without two hyphens in a row, which Go's regular expressions cannot say so.
var aliasText = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// listAccountAliases answers the one that an account can have.
func (a *API) listAccountAliases(ctx context.Context, _ *iam.ListAccountAliasesInput) (*iam.ListAccountAliasesOutput, error) {
	alias, err := a.Identity.Alias(ctx, account(ctx))
	out := &iam.ListAccountAliasesOutput{AccountAliases: []string{}}
	if alias != "" {
		out.AccountAliases = append(out.AccountAliases, alias)
	}
	return out, err
}

func (a *API) createAccountAlias(ctx context.Context, in *iam.CreateAccountAliasInput) (*iam.CreateAccountAliasOutput, error) {
	if n := len(*in.AccountAlias); n < 3 || n > 63 || !aliasText.MatchString(*in.AccountAlias) {
		return nil, validationError(wire.Pattern("accountAlias", *in.AccountAlias, aliasPattern))
	}
	if regexp.MustCompile(`^\d{12}$`).MatchString(*in.AccountAlias) {
		return nil, wire.Errorf(http.StatusBadRequest, "InvalidInput", "The account alias %s cannot be twelve digits.", *in.AccountAlias)
	}
	return &iam.CreateAccountAliasOutput{}, a.Identity.SetAlias(ctx, account(ctx), *in.AccountAlias)
}

func (a *API) deleteAccountAlias(ctx context.Context, in *iam.DeleteAccountAliasInput) (*iam.DeleteAccountAliasOutput, error) {
	return &iam.DeleteAccountAliasOutput{}, a.Identity.DeleteAlias(ctx, account(ctx), *in.AccountAlias)
}
