package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type httpDeploymentModel struct {
	ID           types.String `tfsdk:"id"`
	Region       types.String `tfsdk:"region"`
	API          types.String `tfsdk:"api_id"`
	AutoDeployed types.Bool   `tfsdk:"auto_deployed"`
	Description  types.String `tfsdk:"description"`
	Triggers     types.Map    `tfsdk:"triggers"`
}

func newHTTPDeploymentResource() resource.Resource {
	return &importedBy[httpDeploymentModel]{want: "API_ID/DEPLOYMENT_ID", parse: parts("api_id", "id"), kept: kept[httpDeploymentModel]{
		typ: "apigatewayv2_deployment", noun: "the deployment of the API", label: func(m *httpDeploymentModel) string { return m.API.ValueString() }, schema: httpDeploymentSchema, plan: planRegionAlone,
		create: func(ctx context.Context, b *resourceBase, m *httpDeploymentModel) error {
			out, err := b.clients.HTTPAPIs(m.Region.ValueString()).CreateDeployment(ctx, &apigatewayv2.CreateDeploymentInput{ApiId: m.API.ValueStringPointer(), Description: given(m.Description)})
			if err == nil {
				m.ID = types.StringPointerValue(out.DeploymentId)
			}
			return err
		},
		read: func(ctx context.Context, b *resourceBase, m *httpDeploymentModel) error {
			m.Region = b.regionOf(m.Region)
			out, err := b.clients.HTTPAPIs(m.Region.ValueString()).GetDeployment(ctx, &apigatewayv2.GetDeploymentInput{ApiId: m.API.ValueStringPointer(), DeploymentId: m.ID.ValueStringPointer()})
			if err == nil {
				m.AutoDeployed, m.Description = types.BoolValue(aws.ToBool(out.AutoDeployed)), optionalString(out.Description, m.Description)
			}
			return err
		},
		update: func(ctx context.Context, b *resourceBase, m, was *httpDeploymentModel) error {
			_, err := b.clients.HTTPAPIs(m.Region.ValueString()).UpdateDeployment(ctx, &apigatewayv2.UpdateDeploymentInput{ApiId: m.API.ValueStringPointer(), DeploymentId: was.ID.ValueStringPointer(), Description: aws.String(m.Description.ValueString())})
			return err
		},
		remove: func(ctx context.Context, b *resourceBase, m *httpDeploymentModel) error {
			_, err := b.clients.HTTPAPIs(m.Region.ValueString()).DeleteDeployment(ctx, &apigatewayv2.DeleteDeploymentInput{ApiId: m.API.ValueStringPointer(), DeploymentId: m.ID.ValueStringPointer()})
			return err
		},
	}}
}

func httpDeploymentSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A deployment of an HTTP API: a copy of its routes and integrations as they are when it is created, for stages to serve. Name in `triggers` or `depends_on` what it must show.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The deployment's ID."), "region": regionAttribute(), "api_id": once(true, "The API."),
			"auto_deployed": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the API deployed itself."},
			"description":   schema.StringAttribute{Optional: true, MarkdownDescription: "Description.", Validators: []validator.String{stringvalidator.LengthAtMost(1024)}},
			"triggers": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Anything: a change makes a new deployment.",
				PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplace()}},
		},
	}
}
