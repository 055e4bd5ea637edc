package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type iamPolicyResource struct{ resourceBase }

func newIAMPolicyResource() resource.Resource { return &iamPolicyResource{} }

var (
	_ resource.ResourceWithConfigure   = &iamPolicyResource{}
	_ resource.ResourceWithModifyPlan  = &iamPolicyResource{}
	_ resource.ResourceWithImportState = &iamPolicyResource{}
)

type iamPolicyModel struct {
	ID          types.String `tfsdk:"id"`
	ARN         types.String `tfsdk:"arn"`
	Delay       types.Int64  `tfsdk:"delay_after_policy_creation_in_ms"`
	Description types.String `tfsdk:"description"`
	Name        types.String `tfsdk:"name"`
	NamePrefix  types.String `tfsdk:"name_prefix"`
	Path        types.String `tfsdk:"path"`
	Policy      fwtypes.JSON `tfsdk:"policy"`
	PolicyID    types.String `tfsdk:"policy_id"`
	Tags        types.Map    `tfsdk:"tags"`
	TagsAll     types.Map    `tfsdk:"tags_all"`
}

// Metadata names the type.
func (r *iamPolicyResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_iam_policy"
}

// Schema describes lambdasim_iam_policy.
func (r *iamPolicyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	name, prefix := nameAttributes("policy", 128)
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A managed policy, which can be attached to roles. A change of the document is its next version, and counts at once wherever it is attached.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The policy's ARN."), "name": name, "name_prefix": prefix,
			"arn":                               schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the policy, known at plan.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"delay_after_policy_creation_in_ms": schema.Int64Attribute{Optional: true, MarkdownDescription: "Accepted: nothing has to propagate in the simulator."},
			"description":                       schema.StringAttribute{Optional: true, MarkdownDescription: "Description. A change replaces the policy.", PlanModifiers: replace},
			"path":                              schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("/"), MarkdownDescription: "Path of the policy.", PlanModifiers: replace},
			"policy":                            schema.StringAttribute{CustomType: fwtypes.JSONType{}, Required: true, MarkdownDescription: "The policy, JSON, as IAM takes it."},
			"policy_id":                         schema.StringAttribute{Computed: true, MarkdownDescription: "The policy's unique id (ANPA…).", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"tags":                              tagsAttribute(), "tags_all": tagsAllAttribute(),
		},
	}
}

// ModifyPlan fills in tags, and the ARN where the name is known.
func (r *iamPolicyResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	r.planTags(ctx, resp)
	var m iamPolicyModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.Name.IsUnknown() || m.Name.IsNull() || m.Path.IsUnknown() {
		return
	}
	account, err := r.clients.Account(ctx)
	if err != nil {
		return // the ARN stays unknown
	}
	for _, name := range []string{"arn", "id"} {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root(name), "arn:aws:iam::"+account+":policy"+m.Path.ValueString()+m.Name.ValueString())...)
	}
}

// Create makes the policy.
func (r *iamPolicyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m iamPolicyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	generate(&m.Name, &m.NamePrefix)
	in := &iam.CreatePolicyInput{PolicyName: m.Name.ValueStringPointer(), Path: m.Path.ValueStringPointer(), PolicyDocument: m.Policy.ValueStringPointer(),
		Description: given(m.Description), Tags: iamTags(tagsOf(ctx, m.TagsAll, &resp.Diagnostics))}
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.IAM().CreatePolicy(ctx, in)
	if err != nil {
		addError(&resp.Diagnostics, "Creating the policy", m.Name.ValueString(), err)
		return
	}
	m.ARN = types.StringPointerValue(out.Policy.Arn)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...) // it exists: if it cannot be read now, the state has it all the same
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func (r *iamPolicyResource) refresh(ctx context.Context, m *iamPolicyModel, diags *diag.Diagnostics) bool {
	client := r.clients.IAM()
	out, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: m.ARN.ValueStringPointer()})
	if isNotFound(err) {
		return false
	}
	var v *iam.GetPolicyVersionOutput
	if err == nil {
		v, err = client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: m.ARN.ValueStringPointer(), VersionId: out.Policy.DefaultVersionId})
	}
	if err != nil {
		addError(diags, "Reading the policy", m.ARN.ValueString(), err)
		return false
	}
	p := out.Policy
	m.ID, m.ARN, m.Name, m.Path = types.StringPointerValue(p.Arn), types.StringPointerValue(p.Arn), types.StringPointerValue(p.PolicyName), types.StringPointerValue(p.Path)
	m.PolicyID, m.Description = types.StringPointerValue(p.PolicyId), optionalString(p.Description, m.Description)
	m.Policy = fwtypes.JSONValue(decoded(v.PolicyVersion.Document))
	if m.NamePrefix.IsNull() {
		m.NamePrefix = types.StringValue("")
	}
	all := map[string]string{}
	for _, t := range p.Tags {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	m.Tags, m.TagsAll = r.readTags(all, m.Tags)
	return true
}

// Read refreshes the state; a policy that is gone leaves it.
func (r *iamPolicyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m iamPolicyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	} else if !resp.Diagnostics.HasError() {
		resp.State.RemoveResource(ctx)
	}
}

// Update writes the document's next version, and the tags.
func (r *iamPolicyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was iamPolicyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	before, after := tagsOf(ctx, was.TagsAll, &resp.Diagnostics), tagsOf(ctx, m.TagsAll, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	client, arn := r.clients.IAM(), was.ARN.ValueStringPointer()
	var err error
	if !m.Policy.Equal(was.Policy) {
		_, err = client.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: m.Policy.ValueStringPointer(), SetAsDefault: true})
	}
	if gone := missingKeys(before, after); err == nil && len(gone) > 0 {
		_, err = client.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: arn, TagKeys: gone})
	}
	if err == nil && len(after) > 0 && !m.TagsAll.Equal(was.TagsAll) {
		_, err = client.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: arn, Tags: iamTags(after)})
	}
	if err != nil {
		addError(&resp.Diagnostics, "Updating the policy", was.ARN.ValueString(), err)
		return
	}
	m.ARN = was.ARN
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// missingKeys are the keys of was that is has not.
func missingKeys(was, is map[string]string) (gone []string) {
	for k := range was {
		if _, ok := is[k]; !ok {
			gone = append(gone, k)
		}
	}
	return gone
}

// Delete removes the policy.
func (r *iamPolicyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m iamPolicyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if _, err := r.clients.IAM().DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: m.ARN.ValueStringPointer()}); err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the policy", m.ARN.ValueString(), err)
	}
}

// ImportState imports by ARN.
func (r *iamPolicyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("arn"), req, resp)
}
