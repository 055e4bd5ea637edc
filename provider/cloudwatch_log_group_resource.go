package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	awstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type logGroupResource struct{ resourceBase }

func newLogGroupResource() resource.Resource { return &logGroupResource{} }

var (
	_ resource.ResourceWithConfigure      = &logGroupResource{}
	_ resource.ResourceWithModifyPlan     = &logGroupResource{}
	_ resource.ResourceWithValidateConfig = &logGroupResource{}
	_ resource.ResourceWithImportState    = &logGroupResource{}
)

type logGroupModel struct {
	ID                 types.String `tfsdk:"id"`
	Region             types.String `tfsdk:"region"`
	ARN                types.String `tfsdk:"arn"`
	DeletionProtection types.Bool   `tfsdk:"deletion_protection_enabled"`
	KMSKeyID           types.String `tfsdk:"kms_key_id"`
	Class              types.String `tfsdk:"log_group_class"`
	Name               types.String `tfsdk:"name"`
	NamePrefix         types.String `tfsdk:"name_prefix"`
	Retention          types.Int64  `tfsdk:"retention_in_days"`
	SkipDestroy        types.Bool   `tfsdk:"skip_destroy"`
	Tags               types.Map    `tfsdk:"tags"`
	TagsAll            types.Map    `tfsdk:"tags_all"`
}

var logGroupRefused = []refused{{name: "kms_key_id"}}

// Metadata names the type.
func (r *logGroupResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cloudwatch_log_group"
}

// Schema describes lambdasim_cloudwatch_log_group.
func (r *logGroupResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	name, prefix := nameAttributes("log group", 512)
	resp.Schema = schema.Schema{
		MarkdownDescription: "A CloudWatch Logs group: where a function's log goes, `/aws/lambda/NAME` by default. A function that runs before its group is made makes it, and the group can't be made then: let the function depend on it.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("Name of the group."), "region": regionAttribute(), "arn": result("ARN of the group, known at plan."),
			"deletion_protection_enabled": schema.BoolAttribute{Optional: true, Computed: true, MarkdownDescription: "Whether the group cannot be deleted.", PlanModifiers: []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()}},
			"kms_key_id":                  text(false),
			"log_group_class": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "`STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`: stored.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIfConfigured(), stringplanmodifier.UseStateForUnknown()},
				Validators:    []validator.String{stringvalidator.OneOf("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")}},
			"name": name, "name_prefix": prefix,
			"retention_in_days": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(0), MarkdownDescription: "Days for which events are kept, 0 for ever. Stored: on the simulator's clock nothing expires by it.",
				Validators: []validator.Int64{int64validator.OneOf(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)}},
			"skip_destroy": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether destroying the resource leaves the group and its events."},
			"tags":         tagsAttribute(), "tags_all": tagsAllAttribute(),
		},
	}
}

// ValidateConfig refuses what is not simulated.
func (r *logGroupResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, logGroupRefused, &resp.Diagnostics)
}

// ModifyPlan fills in region, tags and, where the name is known, the ARN.
func (r *logGroupResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	region := r.planRegion(ctx, req, resp)
	r.planTags(ctx, resp)
	var m logGroupModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || region == "" || m.Name.IsUnknown() || m.Name.IsNull() {
		return
	}
	account, err := r.clients.Account(ctx)
	if err != nil {
		return // the ARN stays unknown
	}
	m.ID, m.ARN = m.Name, types.StringValue("arn:aws:logs:"+region+":"+account+":log-group:"+m.Name.ValueString())
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// Create makes the group.
func (r *logGroupResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m logGroupModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	generate(&m.Name, &m.NamePrefix)
	client := r.clients.Logs(m.Region.ValueString())
	in := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: m.Name.ValueStringPointer(), LogGroupClass: awstypes.LogGroupClass(m.Class.ValueString()),
		DeletionProtectionEnabled: m.DeletionProtection.ValueBoolPointer(), Tags: tagsOf(ctx, m.TagsAll, &resp.Diagnostics)}
	if _, err := client.CreateLogGroup(ctx, in); err != nil {
		addError(&resp.Diagnostics, "Creating the log group", m.Name.ValueString(), err)
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), m.Name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("region"), m.Region)...)
	r.retain(ctx, client, &m, &resp.Diagnostics)
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// retain writes the retention.
func (r *logGroupResource) retain(ctx context.Context, client *cloudwatchlogs.Client, m *logGroupModel, diags *diag.Diagnostics) {
	var err error
	if days := m.Retention.ValueInt64(); days > 0 {
		_, err = client.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: m.Name.ValueStringPointer(), RetentionInDays: aws.Int32(int32(days))})
	} else {
		_, err = client.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: m.Name.ValueStringPointer()})
	}
	if err != nil {
		addError(diags, "Changing the retention of the log group", m.Name.ValueString(), err)
	}
}

// findLogGroup returns a group by name, nil where there is none.
func findLogGroup(ctx context.Context, client *cloudwatchlogs.Client, name string) (*awstypes.LogGroup, error) {
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(client, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for i := range page.LogGroups {
			if aws.ToString(page.LogGroups[i].LogGroupName) == name {
				return &page.LogGroups[i], nil
			}
		}
	}
	return nil, nil
}

// refresh reads the group; it reports false when there is none or reading fails.
func (r *logGroupResource) refresh(ctx context.Context, m *logGroupModel, diags *diag.Diagnostics) bool {
	client := r.clients.Logs(m.Region.ValueString())
	g, err := findLogGroup(ctx, client, m.Name.ValueString())
	if g == nil && err == nil {
		return false
	}
	var tags *cloudwatchlogs.ListTagsForResourceOutput
	if err == nil {
		tags, err = client.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: g.LogGroupArn})
	}
	if err != nil {
		addError(diags, "Reading the log group", m.Name.ValueString(), err)
		return false
	}
	m.ID, m.ARN, m.Class = m.Name, types.StringPointerValue(g.LogGroupArn), types.StringValue(string(g.LogGroupClass))
	m.Retention, m.DeletionProtection = types.Int64Value(int64(aws.ToInt32(g.RetentionInDays))), types.BoolValue(aws.ToBool(g.DeletionProtectionEnabled))
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	if m.NamePrefix.IsNull() || m.NamePrefix.IsUnknown() {
		m.NamePrefix = types.StringValue("")
	}
	if m.SkipDestroy.IsNull() {
		m.SkipDestroy = types.BoolValue(false)
	}
	m.Tags, m.TagsAll = r.readTags(tags.Tags, m.Tags)
	return true
}

// Read refreshes the state; a group that is gone leaves it.
func (r *logGroupResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m logGroupModel
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

// Update changes retention, protection and tags.
func (r *logGroupResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was logGroupModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	before, after := tagsOf(ctx, was.TagsAll, &resp.Diagnostics), tagsOf(ctx, m.TagsAll, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.clients.Logs(m.Region.ValueString())
	if !m.Retention.Equal(was.Retention) {
		r.retain(ctx, client, &m, &resp.Diagnostics)
	}
	var err error
	if !m.DeletionProtection.Equal(was.DeletionProtection) && !m.DeletionProtection.IsUnknown() {
		_, err = client.PutLogGroupDeletionProtection(ctx, &cloudwatchlogs.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: m.Name.ValueStringPointer(), DeletionProtectionEnabled: m.DeletionProtection.ValueBoolPointer()})
	}
	var gone []string
	for key := range before {
		if _, kept := after[key]; !kept {
			gone = append(gone, key)
		}
	}
	if err == nil && len(gone) > 0 {
		_, err = client.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: was.ARN.ValueStringPointer(), TagKeys: gone})
	}
	if err == nil && len(after) > 0 {
		_, err = client.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: was.ARN.ValueStringPointer(), Tags: after})
	}
	if err != nil {
		addError(&resp.Diagnostics, "Updating the log group", m.Name.ValueString(), err)
	}
	if !resp.Diagnostics.HasError() && r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete removes the group with its events, unless it is to be left.
func (r *logGroupResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m logGroupModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.SkipDestroy.ValueBool() {
		return
	}
	_, err := r.clients.Logs(m.Region.ValueString()).DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: m.Name.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the log group", m.Name.ValueString(), err)
	}
}

// ImportState imports by name.
func (r *logGroupResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("name"), cutRegion(ctx, req, resp), resp)
}
