package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awstypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type dynamodbTableResource struct{ resourceBase }

func newDynamoDBTableResource() resource.Resource { return &dynamodbTableResource{} }

var (
	_ resource.ResourceWithConfigure      = &dynamodbTableResource{}
	_ resource.ResourceWithModifyPlan     = &dynamodbTableResource{}
	_ resource.ResourceWithValidateConfig = &dynamodbTableResource{}
	_ resource.ResourceWithImportState    = &dynamodbTableResource{}
)

// Metadata names the type.
func (r *dynamodbTableResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dynamodb_table"
}

// ValidateConfig refuses what is not simulated, and warns of what is only stored.
func (r *dynamodbTableResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, tableRefused, &resp.Diagnostics)
	var m dynamodbTableModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	for name, block := range map[string]types.List{"point_in_time_recovery": m.PointInTimeRecovery, "server_side_encryption": m.ServerSideEncryption} {
		if on, ok := field(block, "enabled").(types.Bool); ok && on.ValueBool() {
			resp.Diagnostics.AddAttributeWarning(path.Root(name), name+" is stored and not acted upon",
				"The simulator keeps no backups and encrypts nothing; the table is otherwise as declared.")
		}
	}
	for _, g := range elementsOf[tableGlobalIndex](ctx, m.GlobalSecondaryIndex, &resp.Diagnostics) {
		if len(g.OnDemandThroughput.Elements()) > 0 || len(g.WarmThroughput.Elements()) > 0 {
			summary, detail := refusal("throughput of the index " + g.Name.ValueString())
			resp.Diagnostics.AddAttributeError(path.Root("global_secondary_index"), summary, detail)
		}
		if g.HashKey.IsNull() && !g.KeySchema.IsUnknown() && len(g.KeySchema.Elements()) == 0 {
			resp.Diagnostics.AddAttributeError(path.Root("global_secondary_index"), "An index needs its key", "Give hash_key, or key_schema, to the index "+g.Name.ValueString()+".")
		}
	}
	if m.StreamEnabled.ValueBool() && m.StreamViewType.ValueString() == "" && !m.StreamViewType.IsUnknown() {
		resp.Diagnostics.AddAttributeError(path.Root("stream_view_type"), "stream_view_type is required when stream_enabled = true", "Say what the stream's records hold: KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES.")
	}
}

// ModifyPlan fills in what is known before anything is made.
func (r *dynamodbTableResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	region := r.planRegion(ctx, req, resp)
	r.planTags(ctx, resp)
	var m, state, given dynamodbTableModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &given)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if given.StreamViewType.IsNull() {
		m.StreamViewType = types.StringValue("")
	}
	m.StreamARN, m.StreamLabel = types.StringUnknown(), types.StringUnknown()
	if m.StreamEnabled.ValueBool() == state.StreamEnabled.ValueBool() && !m.StreamEnabled.IsUnknown() && m.StreamViewType.Equal(state.StreamViewType) && m.Name.Equal(state.Name) {
		m.StreamARN, m.StreamLabel = state.StreamARN, state.StreamLabel
	}
	for _, units := range []struct{ planned, given *types.Int64 }{{&m.ReadCapacity, &given.ReadCapacity}, {&m.WriteCapacity, &given.WriteCapacity}} {
		switch {
		case m.BillingMode.ValueString() == string(awstypes.BillingModePayPerRequest):
			if units.given.IsNull() {
				*units.planned = types.Int64Value(0)
			}
		case units.given.IsNull() && (units.planned.IsUnknown() || units.planned.ValueInt64() == 0):
			*units.planned = types.Int64Value(1)
		}
	}
	if account, err := r.clients.Account(ctx); err == nil && region != "" && !m.Name.IsUnknown() {
		m.ARN = types.StringValue("arn:aws:dynamodb:" + region + ":" + account + ":table/" + m.Name.ValueString())
		m.ID = m.Name
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// Create makes the table.
func (r *dynamodbTableResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m dynamodbTableModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	in := m.create(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.clients.DynamoDB(m.Region.ValueString())
	if _, err := client.CreateTable(ctx, in); err != nil {
		addError(&resp.Diagnostics, "Creating the table", m.Name.ValueString(), err)
		return
	}
	r.setTTL(ctx, client, &m, tableTTL{}, &resp.Diagnostics)
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// ttl is the ttl block; without one it is disabled.
func (m *dynamodbTableModel) ttl(ctx context.Context, diags *diag.Diagnostics) tableTTL {
	if list := elementsOf[tableTTL](ctx, m.TTL, diags); len(list) > 0 {
		return list[0]
	}
	return tableTTL{}
}

// setTTL brings the time to live from what it was to what is planned.
func (r *dynamodbTableResource) setTTL(ctx context.Context, client *dynamodb.Client, m *dynamodbTableModel, was tableTTL, diags *diag.Diagnostics) {
	is := m.ttl(ctx, diags)
	set := func(t tableTTL, enabled bool) {
		_, err := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: m.Name.ValueStringPointer(),
			TimeToLiveSpecification: &awstypes.TimeToLiveSpecification{AttributeName: t.AttributeName.ValueStringPointer(), Enabled: &enabled}})
		if err != nil {
			addError(diags, "Changing the time to live of the table", m.Name.ValueString(), err)
		}
	}
	if was.Enabled.ValueBool() == is.Enabled.ValueBool() && (!is.Enabled.ValueBool() || was.AttributeName.Equal(is.AttributeName)) {
		return
	}
	if was.Enabled.ValueBool() {
		set(was, false)
	}
	if is.Enabled.ValueBool() {
		set(is, true)
	}
}

// refresh reads the table; it reports whether it is there.
func (r *dynamodbTableResource) refresh(ctx context.Context, m *dynamodbTableModel, diags *diag.Diagnostics) bool {
	client := r.clients.DynamoDB(m.Region.ValueString())
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: m.Name.ValueStringPointer()})
	if isNotFound(err) {
		return false
	}
	if err != nil {
		addError(diags, "Reading the table", m.Name.ValueString(), err)
		return false
	}
	m.read(ctx, out.Table, diags)
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	ttl, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: m.Name.ValueStringPointer()})
	if err != nil {
		addError(diags, "Reading the time to live of the table", m.Name.ValueString(), err)
		return false
	}
	enabled := ttl.TimeToLiveDescription.TimeToLiveStatus == awstypes.TimeToLiveStatusEnabled
	if was := m.ttl(ctx, diags); enabled || was.Enabled.ValueBool() {
		m.TTL = objects(tableTTLType, map[string]attr.Value{"attribute_name": optionalString(ttl.TimeToLiveDescription.AttributeName, types.StringNull()), "enabled": types.BoolValue(enabled)})
	}
	tags, err := client.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: m.ARN.ValueStringPointer()})
	if err != nil {
		addError(diags, "Reading the tags of the table", m.Name.ValueString(), err)
		return false
	}
	all := map[string]string{}
	for _, t := range tags.Tags {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	m.Tags, m.TagsAll = r.readTags(all, m.Tags)
	return true
}

// Read refreshes the state; a table that is gone leaves it.
func (r *dynamodbTableResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m dynamodbTableModel
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

// Update changes what can be changed in place.
func (r *dynamodbTableResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was dynamodbTableModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.clients.DynamoDB(m.Region.ValueString())
	for _, in := range m.updates(ctx, &was, &resp.Diagnostics) {
		in.TableName = m.Name.ValueStringPointer()
		if _, err := client.UpdateTable(ctx, in); err != nil {
			addError(&resp.Diagnostics, "Changing the table", m.Name.ValueString(), err)
			return
		}
	}
	r.setTTL(ctx, client, &m, was.ttl(ctx, &resp.Diagnostics), &resp.Diagnostics)
	r.retag(ctx, client, &m, tagsOf(ctx, was.TagsAll, &resp.Diagnostics), tagsOf(ctx, m.TagsAll, &resp.Diagnostics), &resp.Diagnostics)
	if !resp.Diagnostics.HasError() && r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// updates are the calls of UpdateTable that lead from what was to what is planned. A stream whose view changes is disabled
// first.
func (m *dynamodbTableModel) updates(ctx context.Context, was *dynamodbTableModel, diags *diag.Diagnostics) []*dynamodb.UpdateTableInput {
	var list []*dynamodb.UpdateTableInput
	rest, changed := &dynamodb.UpdateTableInput{}, false
	if !m.BillingMode.Equal(was.BillingMode) || !m.ReadCapacity.Equal(was.ReadCapacity) || !m.WriteCapacity.Equal(was.WriteCapacity) {
		rest.BillingMode, rest.ProvisionedThroughput, changed = awstypes.BillingMode(m.BillingMode.ValueString()), m.throughput(m.ReadCapacity, m.WriteCapacity), true
	}
	if !m.DeletionProtectionEnabled.Equal(was.DeletionProtectionEnabled) {
		rest.DeletionProtectionEnabled, changed = m.DeletionProtectionEnabled.ValueBoolPointer(), true
	}
	if !m.TableClass.Equal(was.TableClass) {
		rest.TableClass, changed = awstypes.TableClass(m.TableClass.ValueString()), true
	}
	if updates := indexChanges(was.globals(ctx, diags), m.globals(ctx, diags)); updates != nil {
		rest.GlobalSecondaryIndexUpdates, rest.AttributeDefinitions, changed = updates, m.attributes(ctx, diags), true
	}
	if changed {
		list = append(list, rest)
	}
	on, is := was.StreamEnabled.ValueBool(), m.StreamEnabled.ValueBool()
	if on && (!is || !m.StreamViewType.Equal(was.StreamViewType)) {
		list = append(list, &dynamodb.UpdateTableInput{StreamSpecification: &awstypes.StreamSpecification{StreamEnabled: aws.Bool(false)}})
	}
	if is && (!on || !m.StreamViewType.Equal(was.StreamViewType)) {
		list = append(list, &dynamodb.UpdateTableInput{StreamSpecification: m.stream()})
	}
	return list
}

func (r *dynamodbTableResource) retag(ctx context.Context, client *dynamodb.Client, m *dynamodbTableModel, was, is map[string]string, diags *diag.Diagnostics) {
	var gone []string
	for k := range was {
		if _, ok := is[k]; !ok {
			gone = append(gone, k)
		}
	}
	var set []awstypes.Tag
	for k, v := range is {
		if old, ok := was[k]; !ok || old != v {
			set = append(set, awstypes.Tag{Key: aws.String(k), Value: aws.String(v)})
		}
	}
	var err error
	if len(gone) > 0 {
		_, err = client.UntagResource(ctx, &dynamodb.UntagResourceInput{ResourceArn: m.ARN.ValueStringPointer(), TagKeys: gone})
	}
	if err == nil && len(set) > 0 {
		_, err = client.TagResource(ctx, &dynamodb.TagResourceInput{ResourceArn: m.ARN.ValueStringPointer(), Tags: set})
	}
	if err != nil {
		addError(diags, "Tagging the table", m.Name.ValueString(), err)
	}
}

// Delete removes the table.
func (r *dynamodbTableResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m dynamodbTableModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.clients.DynamoDB(m.Region.ValueString()).DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: m.Name.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the table", m.Name.ValueString(), err)
	}
}

// ImportState imports by NAME or NAME@REGION.
func (r *dynamodbTableResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("name"), cutRegion(ctx, req, resp), resp)
}
