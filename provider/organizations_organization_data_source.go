package provider

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// organizationDataModel is data.lambdasim_organizations_organization: what lambdasim_account and the control API say of the
// caller's organization, in the form of AWS's own. There is no Organizations API here.
type organizationDataModel struct {
	ID                types.String `tfsdk:"id"`
	Accounts          types.List   `tfsdk:"accounts"`
	ARN               types.String `tfsdk:"arn"`
	FeatureSet        types.String `tfsdk:"feature_set"`
	MasterAccountARN  types.String `tfsdk:"master_account_arn"`
	MasterAccountID   types.String `tfsdk:"master_account_id"`
	NonMasterAccounts types.List   `tfsdk:"non_master_accounts"`
	Roots             types.List   `tfsdk:"roots"`
}

var (
	memberAccountType    = map[string]attr.Type{"arn": types.StringType, "id": types.StringType}
	organizationRootType = map[string]attr.Type{"arn": types.StringType, "id": types.StringType}
	rootInPath           = regexp.MustCompile(`^[^/]+/(r-[a-z0-9]+)/`)
)

func newOrganizationDataSource() datasource.DataSource {
	return &looked[organizationDataModel]{typ: "organizations_organization", noun: "the organization of the account", label: func(*organizationDataModel) string { return "" }, read: readOrganizationData,
		schema: func() schema.Schema {
			list := func(fields map[string]attr.Type, description string) schema.ListAttribute {
				return schema.ListAttribute{ElementType: types.ObjectType{AttrTypes: fields}, Computed: true, MarkdownDescription: description}
			}
			return schema.Schema{
				MarkdownDescription: "The organization that the caller's account is in, as `lambdasim_account` describes it. An account that nobody describes is in none, which is an error, as in AWS. Names, addresses and the rest that nobody tells the simulator are not there.",
				Attributes: map[string]schema.Attribute{
					"id": shownText("Id of the organization, `o-…`."), "accounts": list(memberAccountType, "The accounts that are described as being in it."),
					"arn": shownText("Its ARN; empty as long as no account is described as managing it."), "feature_set": shownText("`ALL`."), "master_account_arn": shownText("ARN of the account that manages it."),
					"master_account_id": shownText("The account that manages it."), "non_master_accounts": list(memberAccountType, "The others."), "roots": list(organizationRootType, "Its root, where an account's path names it."),
				},
			}
		}}
}

func readOrganizationData(ctx context.Context, c *Clients, m *organizationDataModel) error {
	account, err := c.Account(ctx)
	if err != nil {
		return err
	}
	all, err := c.Control.Accounts(ctx)
	if err != nil {
		return err
	}
	id := ""
	for _, a := range all {
		if a.ID == account {
			id = a.OrganizationID
		}
	}
	if id == "" {
		return fmt.Errorf("AWSOrganizationsNotInUseException: Your account is not a member of an organization.\n\nDescribe account %s with a resource lambdasim_account of the provider lambdasim/lambdasim, or with PUT /_lambdasim/accounts/%s", account, account)
	}
	m.show(id, all)
	return nil
}

func (m *organizationDataModel) show(id string, all []control.Account) {
	master, root := "", ""
	for _, a := range all {
		if a.OrganizationID != id {
			continue
		}
		if a.ManagementAccount {
			master = a.ID
		}
		if found := rootInPath.FindStringSubmatch(a.OrganizationPath); found != nil {
			root = found[1]
		}
	}
	arn := func(kind, rest string) types.String {
		if master == "" {
			return types.StringValue("")
		}
		return types.StringValue("arn:aws:organizations::" + master + ":" + kind + "/" + id + rest)
	}
	members, others, roots := []attr.Value{}, []attr.Value{}, []attr.Value{}
	for _, a := range all {
		if a.OrganizationID != id {
			continue
		}
		member := types.ObjectValueMust(memberAccountType, map[string]attr.Value{"arn": arn("account", "/"+a.ID), "id": types.StringValue(a.ID)})
		members = append(members, member)
		if !a.ManagementAccount {
			others = append(others, member)
		}
	}
	if root != "" {
		roots = append(roots, types.ObjectValueMust(organizationRootType, map[string]attr.Value{"arn": arn("root", "/"+root), "id": types.StringValue(root)}))
	}
	list := func(fields map[string]attr.Type, values []attr.Value) types.List {
		return types.ListValueMust(types.ObjectType{AttrTypes: fields}, values)
	}
	m.ID, m.ARN, m.FeatureSet, m.MasterAccountID = types.StringValue(id), arn("organization", ""), types.StringValue("ALL"), types.StringValue(master)
	m.MasterAccountARN = types.StringValue("")
	if master != "" {
		m.MasterAccountARN = arn("account", "/"+master)
	}
	m.Accounts, m.NonMasterAccounts, m.Roots = list(memberAccountType, members), list(memberAccountType, others), list(organizationRootType, roots)
}
