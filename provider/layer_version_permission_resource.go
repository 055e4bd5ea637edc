package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// layerPermissionModel is lambdasim_layer_version_permission in configuration, plan and state.
type layerPermissionModel struct {
	ID             types.String `tfsdk:"id"`
	Region         types.String `tfsdk:"region"`
	Action         types.String `tfsdk:"action"`
	LayerName      types.String `tfsdk:"layer_name"`
	OrganizationID types.String `tfsdk:"organization_id"`
	Policy         types.String `tfsdk:"policy"`
	Principal      types.String `tfsdk:"principal"`
	RevisionID     types.String `tfsdk:"revision_id"`
	SkipDestroy    types.Bool   `tfsdk:"skip_destroy"`
	StatementID    types.String `tfsdk:"statement_id"`
	VersionNumber  types.Int64  `tfsdk:"version_number"`
}

func newLayerVersionPermissionResource() resource.Resource {
	return &importedBy[layerPermissionModel]{want: "LAYER,VERSION or LAYER,VERSION,STATEMENT_ID", parse: layerPermissionID, kept: kept[layerPermissionModel]{
		typ: "lambda_layer_version_permission", noun: "the permission on the layer", label: func(m *layerPermissionModel) string { return m.LayerName.ValueString() },
		schema: layerPermissionSchema, plan: planRegionAlone, create: addLayerPermission, read: readLayerPermission,
		remove: func(ctx context.Context, b *resourceBase, m *layerPermissionModel) error {
			if m.SkipDestroy.ValueBool() {
				return nil
			}
			_, err := b.clients.Lambda(m.Region.ValueString()).RemoveLayerVersionPermission(ctx, &lambda.RemoveLayerVersionPermissionInput{LayerName: m.LayerName.ValueStringPointer(),
				VersionNumber: m.VersionNumber.ValueInt64Pointer(), StatementId: m.StatementID.ValueStringPointer()})
			return err
		},
	}}
}

func layerPermissionSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Lets another account, or all, use a version of a layer. Every change makes another permission.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("Layer and version, with a comma between them."), "region": regionAttribute(),
			"action":          once(true, "`lambda:GetLayerVersion`."),
			"layer_name":      once(true, "Name or ARN of the layer."),
			"organization_id": once(false, "With the principal `*`: the organization whose accounts may."),
			"policy":          schema.StringAttribute{Computed: true, MarkdownDescription: "The whole policy of the version, JSON."},
			"principal":       once(true, "An account's twelve digits, or `*` for all."),
			"revision_id":     schema.StringAttribute{Computed: true, MarkdownDescription: "Id of the policy's revision."},
			"skip_destroy": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether destroying the resource leaves the permission.",
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplace()}},
			"statement_id":   once(true, "Name of the permission."),
			"version_number": schema.Int64Attribute{Required: true, MarkdownDescription: "Number of the version.", PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()}},
		},
	}
}

// The AWS provider imports by layer and version alone, which leaves open which statement is meant where there are several.
var layerPermissionForm = regexp.MustCompile(`^(.+?),(\d+)(?:,(.+))?$`)

func layerPermissionID(id string) map[string]string {
	m := layerPermissionForm.FindStringSubmatch(id)
	if m == nil {
		return nil
	}
	parts := map[string]string{"layer_name": m[1], "version_number": m[2]}
	if m[3] != "" {
		parts["statement_id"] = m[3]
	}
	return parts
}

func addLayerPermission(ctx context.Context, b *resourceBase, m *layerPermissionModel) error {
	_, err := b.clients.Lambda(m.Region.ValueString()).AddLayerVersionPermission(ctx, &lambda.AddLayerVersionPermissionInput{Action: m.Action.ValueStringPointer(), LayerName: m.LayerName.ValueStringPointer(),
		OrganizationId: given(m.OrganizationID), Principal: m.Principal.ValueStringPointer(), StatementId: m.StatementID.ValueStringPointer(), VersionNumber: m.VersionNumber.ValueInt64Pointer()})
	return err
}

func readLayerPermission(ctx context.Context, b *resourceBase, m *layerPermissionModel) error {
	m.Region = b.regionOf(m.Region)
	out, err := b.clients.Lambda(m.Region.ValueString()).GetLayerVersionPolicy(ctx, &lambda.GetLayerVersionPolicyInput{LayerName: m.LayerName.ValueStringPointer(), VersionNumber: m.VersionNumber.ValueInt64Pointer()})
	if err != nil {
		return err
	}
	if m.StatementID.IsNull() { // an import by layer and version: its first statement
		var document struct{ Statement []struct{ Sid string } }
		if err := json.Unmarshal([]byte(*out.Policy), &document); err != nil || len(document.Statement) == 0 {
			return errGone
		}
		m.StatementID = types.StringValue(document.Statement[0].Sid)
	}
	s, err := findStatement(*out.Policy, m.StatementID.ValueString())
	if err != nil {
		return err
	}
	if s == nil {
		return errGone
	}
	m.ID = types.StringValue(fmt.Sprintf("%s,%d", m.LayerName.ValueString(), m.VersionNumber.ValueInt64()))
	m.Action, m.Principal = types.StringValue(s.Action), types.StringValue(s.principal(m.Principal.ValueString()))
	organization := s.Condition["StringEquals"]["aws:PrincipalOrgID"]
	m.OrganizationID = optionalString(&organization, m.OrganizationID)
	m.Policy, m.RevisionID = types.StringPointerValue(out.Policy), types.StringPointerValue(out.RevisionId)
	if m.SkipDestroy.IsNull() {
		m.SkipDestroy = types.BoolValue(false)
	}
	return nil
}
