package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// awsProvider is the provider in drop-in mode: in place of the AWS provider, with its names and its configuration block, so
// that a module that is written for AWS runs as it is. What it does is what the provider does otherwise. What AWS has not
// (the delivery trace) is not in it: modules that ask for that have our own provider beside it.
type awsProvider struct{ lambdasim }

var (
	_ provider.Provider               = &awsProvider{}
	_ provider.ProviderWithMetaSchema = &awsProvider{}
)

// NewAWS returns the provider of a version in drop-in mode.
func NewAWS(version string) func() provider.Provider {
	return func() provider.Provider { return &awsProvider{lambdasim{version}} }
}

// Metadata gives the provider its type prefix.
func (p *awsProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = awsType, p.version
}

// Resources lists the resources that AWS has too; and those that it alone has, to refuse them by name.
func (p *awsProvider) Resources(ctx context.Context) []func() resource.Resource {
	var names []string
	for _, create := range awsResources {
		var m resource.MetadataResponse
		create().Metadata(ctx, resource.MetadataRequest{ProviderTypeName: awsType}, &m)
		names = append(names, m.TypeName)
	}
	list := slices.Clone(awsResources)
	for _, name := range refusedTypes(names, false) {
		list = append(list, func() resource.Resource { return &refusedResource{name} })
	}
	return list
}

// DataSources lists the data sources that AWS has too; and those that it alone has, to refuse them by name.
func (p *awsProvider) DataSources(ctx context.Context) []func() datasource.DataSource {
	var names []string
	for _, create := range awsDataSources {
		var m datasource.MetadataResponse
		create().Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: awsType}, &m)
		names = append(names, m.TypeName)
	}
	list := slices.Clone(awsDataSources)
	for _, name := range refusedTypes(names, true) {
		list = append(list, func() datasource.DataSource { return &refusedDataSource{name} })
	}
	return list
}

// Configure builds the clients. It asks nobody but the simulator, and reads nothing of the machine but the simulator's
// address and the name of the region.
func (p *awsProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	c, diags := readAWSConfiguration(ctx, req), &resp.Diagnostics
	diags.Append(c.diags...)
	account := c.account(diags)
	if diags.HasError() {
		return
	}
	endpoint, log := findEndpoint(ctx, p.version, types.StringNull(), diags)
	if diags.HasError() {
		return
	}
	region := or(c.Region, cmpEnv("AWS_REGION", "AWS_DEFAULT_REGION", "us-east-1"))
	clients := newClients(endpoint, region, aws.Credentials{AccessKeyID: or(account, "test"), SecretAccessKey: rootSecret})
	if key := c.AccessKey.ValueString(); account.IsNull() && key != "" && key != "test" {
		issued := newClients(endpoint, region, aws.Credentials{AccessKeyID: key, SecretAccessKey: or(c.SecretKey, "none"), SessionToken: c.Token.ValueString()})
		if _, err := issued.Account(ctx); !notIssued(err) {
			clients = issued // one whose secret is wrong too: the first call says so
		}
	}
	clients.defaultTags(c.DefaultTags)
	clients.nameLog(log)
	clients.Patience = dropinPatience
	for _, b := range c.IgnoreTags {
		clients.IgnoreTags.Keys = append(clients.IgnoreTags.Keys, texts2strings(b.Keys)...)
		clients.IgnoreTags.Prefixes = append(clients.IgnoreTags.Prefixes, texts2strings(b.KeyPrefixes)...)
	}
	if c.checkAccount(ctx, clients, diags); !diags.HasError() {
		resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = clients, clients, clients
	}
}

// awsSettings are the configuration block, as far as it has an effect.
type awsSettings struct {
	awsConfiguration
	diags diag.Diagnostics
}

// readAWSConfiguration reads the arguments one by one: most of the block is taken and not read.
func readAWSConfiguration(ctx context.Context, req provider.ConfigureRequest) *awsSettings {
	s := &awsSettings{}
	for name, target := range map[string]any{"access_key": &s.AccessKey, "secret_key": &s.SecretKey, "token": &s.Token, "region": &s.Region,
		"allowed_account_ids": &s.Allowed, "forbidden_account_ids": &s.Forbidden} {
		s.diags.Append(req.Config.GetAttribute(ctx, path.Root(name), target)...)
		if v, ok := target.(interface{ IsUnknown() bool }); ok && v.IsUnknown() {
			s.diags.AddAttributeError(path.Root(name), name+" is not known yet", "The provider needs it to plan, and its value comes from something that is made only when this plan is applied.")
		}
	}
	s.AssumeRole, s.AssumeWeb = s.assumed(ctx, req, "assume_role"), s.assumed(ctx, req, "assume_role_with_web_identity")
	s.diags.Append(req.Config.GetAttribute(ctx, path.Root("default_tags"), &s.DefaultTags)...)
	s.diags.Append(req.Config.GetAttribute(ctx, path.Root("ignore_tags"), &s.IgnoreTags)...)
	return s
}

// assumed reads the blocks that assume roles, and warns of what would narrow the session.
func (s *awsSettings) assumed(ctx context.Context, req provider.ConfigureRequest, name string) (blocks []assumeRoleBlock) {
	var list types.List
	s.diags.Append(req.Config.GetAttribute(ctx, path.Root(name), &list)...)
	for i := range list.Elements() {
		at, b := path.Root(name).AtListIndex(i), assumeRoleBlock{}
		for member, target := range map[string]any{"role_arn": &b.RoleARN, "policy": &b.Policy, "policy_arns": &b.PolicyARNs} {
			s.diags.Append(req.Config.GetAttribute(ctx, at.AtName(member), target)...)
		}
		if b.RoleARN.IsUnknown() {
			s.diags.AddAttributeError(at.AtName("role_arn"), "role_arn is not known yet", "It names the account to act in, and its value comes from something that is made only when this plan is applied.")
		}
		if b.Policy.ValueString() != "" || len(b.PolicyARNs.Elements()) > 0 {
			s.diags.AddAttributeWarning(at, "A session's own policies are not simulated for providers",
				"The provider acts as the root of the account that role_arn names. What policy and policy_arns would forbid it may do here.")
		}
		blocks = append(blocks, b)
	}
	return blocks
}

var roleARNForm = regexp.MustCompile(`^arn:[\w-]+:iam::(\d{12}):role/.+$`)

// account is the account whose root the block stands for: that of the last role that is assumed, or twelve digits as
// access key, or the only one that is allowed. It is null where none of them says which.
func (s *awsSettings) account(diags *diag.Diagnostics) types.String {
	for _, b := range slices.Backward(slices.Concat(s.AssumeWeb, s.AssumeRole)) {
		arn := b.RoleARN.ValueString()
		if arn == "" {
			continue
		}
		m := roleARNForm.FindStringSubmatch(arn)
		if m == nil {
			diags.AddError("role_arn is not a role's ARN", arn+": want arn:aws:iam::ACCOUNT:role/NAME.")
			return types.StringNull()
		}
		return types.StringValue(m[1])
	}
	if accountForm.MatchString(s.AccessKey.ValueString()) && s.AccessKey.ValueString() != "" {
		return s.AccessKey
	}
	if allowed := texts2strings(s.Allowed); len(allowed) == 1 && s.AccessKey.ValueString() == "" {
		return types.StringValue(allowed[0])
	}
	return types.StringNull()
}

// checkAccount holds the caller's account to what is allowed and forbidden, in the AWS provider's words.
func (s *awsSettings) checkAccount(ctx context.Context, clients *Clients, diags *diag.Diagnostics) {
	allowed, forbidden := texts2strings(s.Allowed), texts2strings(s.Forbidden)
	if len(allowed)+len(forbidden) == 0 {
		return
	}
	account, err := clients.Account(ctx)
	if err != nil {
		addError(diags, "Asking for the caller's account:", clients.Endpoint, err)
		return
	}
	if slices.Contains(forbidden, account) || len(allowed) > 0 && !slices.Contains(allowed, account) {
		diags.AddError(fmt.Sprintf("AWS account ID not allowed: %s", account),
			"allowed_account_ids and forbidden_account_ids say so. Where the block does not say which account it is for, it is the backend's default one (--account); access_key may be an account's twelve digits.")
	}
}

// notIssued reports whether the simulator does not know an access key.
func notIssued(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return ok && slices.Contains([]string{"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"}, e.ErrorCode())
}

// cmpEnv is the first variable that is set, or the last argument.
func cmpEnv(names ...string) string {
	last := len(names) - 1
	for _, name := range names[:last] {
		if v := strings.TrimSpace(os.Getenv(name)); v != "" {
			return v
		}
	}
	return names[last]
}

// texts2strings are the texts of a set.
func texts2strings(set types.Set) (out []string) {
	for _, v := range set.Elements() {
		if s, ok := v.(types.String); ok && !s.IsNull() && !s.IsUnknown() {
			out = append(out, s.ValueString())
		}
	}
	return out
}
