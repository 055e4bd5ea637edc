package provider

import (
	"context"
	"net/url"
	"os"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
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
	DefaultTags []struct {
		Tags map[string]string `tfsdk:"tags"`
	} `tfsdk:"default_tags"`
}

// Configure builds the clients.
func (p *lambdasim) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var c configuration
	resp.Diagnostics.Append(req.Config.Get(ctx, &c)...)
	if resp.Diagnostics.HasError() {
		return
	}
	endpoint := or(c.Endpoint, os.Getenv(EndpointVariable))
	log := ""
	if endpoint == "" {
		running, err := startBackend(ctx, p.version)
		if err != nil {
			resp.Diagnostics.AddAttributeError(path.Root("endpoint"), "No simulator",
				"The provider is given no endpoint, so it looked for a backend of this folder, to start one where none runs: "+err.Error()+
					"\n\nOr start one yourself with `terraform-provider-lambdasim backend`, and name its address in the provider's endpoint or in "+EndpointVariable+".")
			return
		}
		endpoint, log = running.URL, running.Log
	}
	if u, err := url.Parse(endpoint); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		resp.Diagnostics.AddAttributeError(path.Root("endpoint"), "Not an address", "The endpoint is \""+endpoint+"\"; want http://HOST:PORT.")
		return
	}
	key := or(c.AccessKey, or(c.AccountID, "test"))
	tags := map[string]string{}
	for _, block := range c.DefaultTags {
		for k, v := range block.Tags {
			tags[k] = v
		}
	}
	clients := newClients(endpoint, or(c.Region, "us-east-1"), key, or(c.SecretKey, rootSecret), tags)
	clients.nameLog(log)
	resp.ResourceData, resp.DataSourceData = clients, clients
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
	return []func() resource.Resource{
		newFunctionResource, newPermissionResource, newEventSourceMappingResource,
		newIAMRoleResource, newIAMRolePolicyResource,
		newS3BucketResource, newS3BucketNotificationResource, newS3ObjectResource,
		newKinesisStreamResource,
	}
}

// DataSources lists the data sources.
func (p *lambdasim) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newDeliveriesDataSource, newInvocationDataSource, newCallerIdentityDataSource, newIAMPolicyDocumentDataSource,
	}
}
