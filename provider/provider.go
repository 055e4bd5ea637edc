package provider

import (
	"context"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/autostart"
)

// EndpointVariable names the backend's address where the configuration does not.
const EndpointVariable = "LAMBDASIM_ENDPOINT"

// rootSecret is the secret of every account's root in the simulator.
const rootSecret = "test"

type lambdasim struct{ version string }

var (
	_ provider.ProviderWithFunctions          = &lambdasim{}
	_ provider.ProviderWithEphemeralResources = &lambdasim{}
)

// New returns the provider of a version.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &lambdasim{version} }
}

// Metadata gives the provider its type prefix.
func (p *lambdasim) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "lambdasim", p.version
}

// Schema describes the provider's configuration.
func (p *lambdasim) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Declares Lambda functions, event sources and permissions in the lambdasim simulator. It speaks to the simulator and to nothing else: no cloud account is needed, and none can be reached.",
		Attributes: map[string]schema.Attribute{
			"endpoint":   schema.StringAttribute{Optional: true, MarkdownDescription: "Address of the simulator's backend, for example `http://127.0.0.1:4566`. Without it the environment variable `LAMBDASIM_ENDPOINT` counts; without that too, the provider finds or starts a backend of the folder that Terraform runs in. It keeps its state in `.lambdasim/` there, and ends by itself after ten minutes without work."},
			"region":     schema.StringAttribute{Optional: true, MarkdownDescription: "Region of resources that do not name theirs. `us-east-1` by default."},
			"access_key": schema.StringAttribute{Optional: true, MarkdownDescription: "Access key id: `test` (the root of the backend's default account; the default), the twelve digits of an account (its root), or a key that the simulator's IAM issued."},
			"secret_key": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Secret of the access key: `test` for roots (the default)."},
			"account_id": schema.StringAttribute{Optional: true, MarkdownDescription: "Twelve digits: act as the root of this account. Instead of `access_key`.",
				Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^\d{12}$`), "want twelve digits"), stringvalidator.ConflictsWith(path.MatchRoot("access_key"))}},
		},
		Blocks: map[string]schema.Block{
			"default_tags": schema.ListNestedBlock{MarkdownDescription: "Tags for every resource that has tags.",
				Validators: []validator.List{listvalidator.SizeAtMost(1)},
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"tags": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "The tags. A resource's own tag of the same name wins."},
				}}},
		},
	}
}

type configuration struct {
	Endpoint    types.String `tfsdk:"endpoint"`
	Region      types.String `tfsdk:"region"`
	AccessKey   types.String `tfsdk:"access_key"`
	SecretKey   types.String `tfsdk:"secret_key"`
	AccountID   types.String `tfsdk:"account_id"`
	DefaultTags []tagsBlock  `tfsdk:"default_tags"`
}

type tagsBlock struct {
	Tags types.Map `tfsdk:"tags"`
}

// Configure builds the clients.
func (p *lambdasim) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var c configuration
	resp.Diagnostics.Append(req.Config.Get(ctx, &c)...)
	if resp.Diagnostics.HasError() {
		return
	}
	for name, v := range map[string]types.String{"endpoint": c.Endpoint, "region": c.Region, "access_key": c.AccessKey, "secret_key": c.SecretKey, "account_id": c.AccountID} {
		if v.IsUnknown() {
			resp.Diagnostics.AddAttributeError(path.Root(name), name+" is not known yet",
				"The provider needs it to plan, and its value comes from something that is made only when this plan is applied. Give a value that is known, or apply that thing first (-target).")
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	endpoint, log := findEndpoint(ctx, p.version, c.Endpoint, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	keys := aws.Credentials{AccessKeyID: or(c.AccessKey, or(c.AccountID, "test")), SecretAccessKey: or(c.SecretKey, rootSecret)}
	clients := newClients(endpoint, or(c.Region, "us-east-1"), keys)
	clients.defaultTags(c.DefaultTags)
	clients.nameLog(log)
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = clients, clients, clients
}

// findEndpoint is the simulator's address: the configured one, or the environment's, or that of a backend that is found or
// started, with its log file.
func findEndpoint(ctx context.Context, version string, configured types.String, diags *diag.Diagnostics) (endpoint, log string) {
	endpoint = or(configured, os.Getenv(EndpointVariable))
	if endpoint == "" {
		running, err := startBackend(ctx, version)
		if err != nil {
			diags.AddAttributeError(path.Root("endpoint"), "No simulator",
				"The provider is given no endpoint, so it looked for a backend of this folder, to start one where none runs: "+err.Error()+
					"\n\nOr start one yourself with `terraform-provider-lambdasim backend`, and name its address in the provider's endpoint or in "+EndpointVariable+".")
			return "", ""
		}
		endpoint, log = running.URL, running.Log
	}
	switch u, err := url.Parse(endpoint); {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		diags.AddAttributeError(path.Root("endpoint"), "Not an address", "The endpoint is \""+endpoint+"\"; want http://HOST:PORT.")
	case isOfAWS(u.Hostname()):
		diags.AddAttributeError(path.Root("endpoint"), "An address of AWS", "The endpoint is \""+endpoint+"\", and this provider speaks to the simulator alone. "+
			"Leave the endpoint out and a backend is started for this folder, or name one that runs: http://127.0.0.1:4566.")
	}
	return endpoint, log
}

// isOfAWS says whether a host is under one of the domains of AWS's endpoints, in any partition. The simulator is never there.
func isOfAWS(host string) bool {
	host = "." + strings.TrimSuffix(strings.ToLower(host), ".")
	return slices.ContainsFunc([]string{".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", ".api.amazonwebservices.com.cn"},
		func(domain string) bool { return strings.HasSuffix(host, domain) })
}

// defaultTags takes the tags of default_tags. Where one is not known yet, no resource's tags_all is.
func (c *Clients) defaultTags(blocks []tagsBlock) {
	c.DefaultTags = map[string]string{}
	for _, block := range blocks {
		c.TagsUnknown = c.TagsUnknown || block.Tags.IsUnknown()
		for key, v := range block.Tags.Elements() {
			s, ok := v.(types.String)
			c.TagsUnknown = c.TagsUnknown || v.IsUnknown()
			if ok && !v.IsNull() {
				c.DefaultTags[key] = s.ValueString()
			}
		}
	}
}

// startBackend finds or starts the backend of the folder that Terraform runs in.
func startBackend(ctx context.Context, version string) (*autostart.Running, error) {
	folder, err := autostart.In(".")
	if err != nil {
		return nil, err
	}
	return folder.Ensure(ctx, autostart.Options{Version: version})
}

// or is the configured value, or what holds without one.
func or(v types.String, otherwise string) string {
	if v.ValueString() != "" {
		return v.ValueString()
	}
	return otherwise
}

// Resources lists the resources.
func (p *lambdasim) Resources(context.Context) []func() resource.Resource {
	return append([]func() resource.Resource{newSQSMessageResource, newSNSMessageResource, newKinesisRecordResource, newBusEventResource, newEventResource, newAccountResource, newFunctionScriptResource, newTimeAdvanceResource}, awsResources...)
}

// awsResources are the resources that AWS has too: those of drop-in mode.
var awsResources = []func() resource.Resource{
	newFunctionResource, newPermissionResource, newEventSourceMappingResource,
	newFunctionEventInvokeConfigResource, newFunctionURLResource, newInvocationResource, newLayerVersionResource, newFunctionRecursionConfigResource,
	newLayerVersionPermissionResource, newRuntimeManagementConfigResource,
	newAliasResource, newResourcePolicyResource, newProvisionedConcurrencyResource,
	newIAMRoleResource, newIAMRolePolicyResource, newIAMPolicyResource, newIAMRolePolicyAttachmentResource,
	newIAMUserResource, newIAMUserPolicyResource, newIAMUserPolicyAttachmentResource, newIAMAccessKeyResource,
	newIAMGroupResource, newIAMGroupPolicyResource, newIAMGroupPolicyAttachmentResource, newIAMGroupMembershipResource, newIAMUserGroupMembershipResource,
	newIAMInstanceProfileResource, newIAMEveryPolicyAttachmentResource, newIAMRolePoliciesExclusiveResource, newIAMRolePolicyAttachmentsExclusiveResource,
	newS3BucketResource, newS3BucketNotificationResource, newS3ObjectResource, newS3BucketPolicyResource, newS3BucketVersioningResource,
	newS3PublicAccessBlockResource, newS3OwnershipControlsResource, newS3BucketEncryptionResource, newS3BucketACLResource,
	newKinesisStreamResource, newDynamoDBTableResource, newDynamoDBTableItemResource,
	newUserPoolResource, newUserResource, newLogGroupResource, newSubscriptionFilterResource,
	newSQSQueueResource, newSQSQueuePolicyResource, newSQSQueueRedrivePolicyResource, newSQSQueueRedriveAllowPolicyResource,
	newSNSTopicResource, newSNSTopicPolicyResource, newSNSTopicSubscriptionResource,
	newEventBusResource, newEventBusPolicyResource, newEventPermissionResource, newEventRuleResource, newEventTargetResource,
	newHTTPAPIResource, newHTTPIntegrationResource, newHTTPRouteResource, newHTTPStageResource, newHTTPDeploymentResource,
}

// DataSources lists the data sources.
func (p *lambdasim) DataSources(context.Context) []func() datasource.DataSource {
	return append([]func() datasource.DataSource{newDeliveriesDataSource, newLogEventsDataSource}, awsDataSources...)
}

// awsDataSources are the data sources that AWS has too: those of drop-in mode.
var awsDataSources = []func() datasource.DataSource{
	newFunctionDataSource, newLayerVersionDataSource, newARNDataSource, newServicePrincipalDataSource, newDefaultTagsDataSource, newOrganizationDataSource,
	newAliasDataSource, newInvocationDataSource, newFunctionsDataSource, newFunctionURLDataSource, newCallerIdentityDataSource, newIAMPolicyDocumentDataSource, newRegionDataSource, newPartitionDataSource,
	newSQSQueueDataSource, newSNSTopicDataSource, newEventBusDataSource, newDynamoDBTableDataSource, newLogGroupDataSource,
	newS3BucketDataSource, newS3ObjectDataSource,
	newIAMPolicyDataSource, newIAMRoleDataSource, newIAMUserDataSource, newIAMRolesDataSource, newIAMSimulationDataSource,
}

// EphemeralResources lists the ephemeral resources; AWS has them too.
func (p *lambdasim) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newInvocationEphemeral}
}

// Functions lists the functions: those of ours, and those that AWS's provider has too.
func (p *lambdasim) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newPolicyDecisionFunction, newPolicyEquivalentFunction, newPatternMatchesFunction, newParseFunctionARNFunction,
		newARNParseFunction, newARNBuildFunction, newTrimRolePathFunction}
}
