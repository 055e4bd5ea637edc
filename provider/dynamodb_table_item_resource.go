package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awstypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type dynamodbTableItemResource struct{ resourceBase }

func newDynamoDBTableItemResource() resource.Resource { return &dynamodbTableItemResource{} }

var (
	_ resource.ResourceWithConfigure      = &dynamodbTableItemResource{}
	_ resource.ResourceWithModifyPlan     = &dynamodbTableItemResource{}
	_ resource.ResourceWithValidateConfig = &dynamodbTableItemResource{}
	_ resource.ResourceWithImportState    = &dynamodbTableItemResource{}
)

type dynamodbTableItemModel struct {
	ID            types.String `tfsdk:"id"`
	Region        types.String `tfsdk:"region"`
	HashKey       types.String `tfsdk:"hash_key"`
	HashKeyValue  types.String `tfsdk:"hash_key_value"`
	Item          types.String `tfsdk:"item"`
	RangeKey      types.String `tfsdk:"range_key"`
	RangeKeyValue types.String `tfsdk:"range_key_value"`
	TableName     types.String `tfsdk:"table_name"`
}

// Metadata names the type.
func (r *dynamodbTableItemResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dynamodb_table_item"
}

// Schema describes lambdasim_dynamodb_table_item.
func (r *dynamodbTableItemResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	once := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An item of a DynamoDB table. Writing it is a record of the table's stream. Attributes that others add to the item are left alone.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "Table, key attributes and their values, with `|` between."}, "region": regionAttribute(),
			"hash_key":        schema.StringAttribute{Required: true, MarkdownDescription: "Attribute of the table's partition key.", PlanModifiers: once},
			"range_key":       schema.StringAttribute{Optional: true, MarkdownDescription: "Attribute of the table's sort key.", PlanModifiers: once},
			"table_name":      schema.StringAttribute{Required: true, MarkdownDescription: "Name of the table.", PlanModifiers: once},
			"item":            schema.StringAttribute{Required: true, MarkdownDescription: "The item as JSON with DynamoDB's type descriptors: `{\"id\": {\"S\": \"one\"}}`. A change of its key removes the old item."},
			"hash_key_value":  schema.StringAttribute{Computed: true, MarkdownDescription: "Value of the partition key."},
			"range_key_value": schema.StringAttribute{Computed: true, MarkdownDescription: "Value of the sort key; empty without one."},
		},
	}
}

// ValidateConfig checks the item.
func (r *dynamodbTableItemResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m dynamodbTableItemModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.Item.IsUnknown() || m.HashKey.IsUnknown() || m.RangeKey.IsUnknown() {
		return
	}
	it, err := parseItem(m.Item.ValueString())
	if err == nil {
		_, err = m.key(it)
	}
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("item"), "Not an item", err.Error())
	}
}

// key is the key of an item.
func (m *dynamodbTableItemModel) key(it item) (item, error) {
	key := item{}
	for _, name := range []types.String{m.HashKey, m.RangeKey} {
		if name.ValueString() == "" {
			continue
		}
		v, ok := it[name.ValueString()]
		if !ok {
			return nil, fmt.Errorf("the item has no attribute %s, which is part of its key", name.ValueString())
		}
		key[name.ValueString()] = v
	}
	return key, nil
}

func scalarText(v awstypes.AttributeValue) string {
	switch x := v.(type) {
	case *awstypes.AttributeValueMemberS:
		return x.Value
	case *awstypes.AttributeValueMemberN:
		return x.Value
	case *awstypes.AttributeValueMemberB:
		return string(x.Value)
	}
	return ""
}

// names fills in what follows from the item.
func (m *dynamodbTableItemModel) names(it item) {
	m.HashKeyValue, m.RangeKeyValue = types.StringValue(scalarText(it[m.HashKey.ValueString()])), types.StringValue("")
	parts := []string{m.TableName.ValueString(), m.HashKey.ValueString(), m.HashKeyValue.ValueString()}
	if m.RangeKey.ValueString() != "" {
		m.RangeKeyValue = types.StringValue(scalarText(it[m.RangeKey.ValueString()]))
		parts = append(parts, m.RangeKey.ValueString(), m.RangeKeyValue.ValueString())
	}
	m.ID = types.StringValue(strings.Join(parts, "|"))
}

// ModifyPlan fills in the region and what follows from the item; an item that means the same is no change.
func (r *dynamodbTableItemResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	r.planRegion(ctx, req, resp)
	var m, was dynamodbTableItemModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &m)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	}
	if resp.Diagnostics.HasError() || m.Item.IsUnknown() || m.HashKey.IsUnknown() || m.RangeKey.IsUnknown() || m.TableName.IsUnknown() {
		return
	}
	it, err := parseItem(m.Item.ValueString())
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("item"), "Not an item", err.Error())
		return
	}
	m.names(it)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// Create puts the item. One that is there already is not overwritten.
func (r *dynamodbTableItemResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m dynamodbTableItemModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.create(ctx, &m, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func (r *dynamodbTableItemResource) create(ctx context.Context, m *dynamodbTableItemModel, diags *diag.Diagnostics) {
	it, err := parseItem(m.Item.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("item"), "Not an item", err.Error())
		return
	}
	_, err = r.clients.DynamoDB(m.Region.ValueString()).PutItem(ctx, &dynamodb.PutItemInput{TableName: m.TableName.ValueStringPointer(), Item: it,
		ConditionExpression: aws.String("attribute_not_exists(#key)"), ExpressionAttributeNames: map[string]string{"#key": m.HashKey.ValueString()}})
	if err != nil {
		addError(diags, "Writing the item", m.ID.ValueString(), err)
		return
	}
	m.names(it)
}

// Read refreshes the state: the attributes that the configuration has. An item that is gone leaves the state.
func (r *dynamodbTableItemResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m dynamodbTableItemModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	was, err := parseItem(m.Item.ValueString())
	if err != nil {
		resp.Diagnostics.AddError("Reading the item "+m.ID.ValueString(), err.Error())
		return
	}
	key, err := m.key(was)
	if err != nil {
		resp.Diagnostics.AddError("Reading the item "+m.ID.ValueString(), err.Error())
		return
	}
	out, err := r.clients.DynamoDB(m.Region.ValueString()).GetItem(ctx, &dynamodb.GetItemInput{TableName: m.TableName.ValueStringPointer(), Key: key, ConsistentRead: aws.Bool(true)})
	if isNotFound(err) || err == nil && out.Item == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the item", m.ID.ValueString(), err)
		return
	}
	is := out.Item
	maps.DeleteFunc(is, func(name string, _ awstypes.AttributeValue) bool { _, ours := was[name]; return !ours })
	if !sameItem(was, is) {
		m.Item = types.StringValue(itemText(is, true))
	}
	m.names(is)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update writes the attributes that have changed; an item whose key has changed is made anew.
func (r *dynamodbTableItemResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, old dynamodbTableItemModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &old)...)
	if resp.Diagnostics.HasError() {
		return
	}
	is, err1 := parseItem(m.Item.ValueString())
	was, err2 := parseItem(old.Item.ValueString())
	if err1 != nil || err2 != nil {
		resp.Diagnostics.AddAttributeError(path.Root("item"), "Not an item", fmt.Sprint(err1, err2))
		return
	}
	newKey, err1 := m.key(is)
	oldKey, err2 := old.key(was)
	if err1 != nil || err2 != nil {
		resp.Diagnostics.AddAttributeError(path.Root("item"), "Not an item", fmt.Sprint(err1, err2))
		return
	}
	client := r.clients.DynamoDB(m.Region.ValueString())
	var err error
	if !sameItem(newKey, oldKey) {
		if r.create(ctx, &m, &resp.Diagnostics); resp.Diagnostics.HasError() {
			return
		}
		_, err = client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: m.TableName.ValueStringPointer(), Key: oldKey})
	} else if in := itemUpdate(was, is, newKey); in != nil {
		in.TableName, in.Key = m.TableName.ValueStringPointer(), newKey
		_, err = client.UpdateItem(ctx, in)
	}
	if err != nil {
		addError(&resp.Diagnostics, "Changing the item", m.ID.ValueString(), err)
		return
	}
	m.names(is)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// itemUpdate is the update that leads from one item to another; nil where there is nothing to do.
func itemUpdate(was, is, key item) *dynamodb.UpdateItemInput {
	in := &dynamodb.UpdateItemInput{ExpressionAttributeNames: map[string]string{}, ExpressionAttributeValues: item{}}
	var set, gone []string
	for i, name := range slices.Sorted(maps.Keys(is)) {
		old, had := was[name]
		if _, isKey := key[name]; isKey || had && sameItem(item{name: old}, item{name: is[name]}) {
			continue
		}
		ref := fmt.Sprintf("%d", i)
		set = append(set, "#s"+ref+" = :s"+ref)
		in.ExpressionAttributeNames["#s"+ref], in.ExpressionAttributeValues[":s"+ref] = name, is[name]
	}
	for i, name := range slices.Sorted(maps.Keys(was)) {
		if _, kept := is[name]; !kept {
			ref := fmt.Sprintf("#r%d", i)
			gone = append(gone, ref)
			in.ExpressionAttributeNames[ref] = name
		}
	}
	text := ""
	if set != nil {
		text = "SET " + strings.Join(set, ", ")
	} else {
		in.ExpressionAttributeValues = nil
	}
	if gone != nil {
		text += " REMOVE " + strings.Join(gone, ", ")
	}
	if text == "" {
		return nil
	}
	in.UpdateExpression = &text
	return in
}

// Delete removes the item.
func (r *dynamodbTableItemResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m dynamodbTableItemModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	it, err := parseItem(m.Item.ValueString())
	var key item
	if err == nil {
		key, err = m.key(it)
	}
	if err != nil {
		resp.Diagnostics.AddError("Deleting the item "+m.ID.ValueString(), err.Error())
		return
	}
	_, err = r.clients.DynamoDB(m.Region.ValueString()).DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: m.TableName.ValueStringPointer(), Key: key})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the item", m.ID.ValueString(), err)
	}
}

// ImportState imports by TABLE|HASH_KEY|VALUE, or TABLE|HASH_KEY|VALUE|RANGE_KEY|VALUE, in the provider's region; the types
// are the table's.
func (r *dynamodbTableItemResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	parts := strings.Split(req.ID, "|")
	if len(parts) != 3 && len(parts) != 5 {
		resp.Diagnostics.AddError("Not an item's id", fmt.Sprintf("%q: want TABLE|HASH_KEY|VALUE or TABLE|HASH_KEY|VALUE|RANGE_KEY|VALUE.", req.ID))
		return
	}
	out, err := r.clients.DynamoDB(r.clients.Region).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &parts[0]})
	if err != nil {
		addError(&resp.Diagnostics, "Reading the table", parts[0], err)
		return
	}
	key := map[string]any{}
	for i := 1; i < len(parts); i += 2 {
		for _, a := range out.Table.AttributeDefinitions {
			if aws.ToString(a.AttributeName) == parts[i] {
				key[parts[i]] = map[string]any{string(a.AttributeType): parts[i+1]}
			}
		}
		if key[parts[i]] == nil {
			resp.Diagnostics.AddError("Not a key of the table", fmt.Sprintf("%s is no key attribute of the table %s.", parts[i], parts[0]))
			return
		}
	}
	m := dynamodbTableItemModel{ID: types.StringValue(req.ID), Region: types.StringValue(r.clients.Region), TableName: types.StringValue(parts[0]), HashKey: types.StringValue(parts[1])}
	if len(parts) == 5 {
		m.RangeKey = types.StringValue(parts[3])
	}
	found, err := r.item(ctx, parts[0], key)
	if err != nil {
		addError(&resp.Diagnostics, "Reading the item", req.ID, err)
		return
	}
	m.Item = types.StringValue(itemText(found, true))
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// item reads an item whose key is given as the item argument gives it. One that is not there is its key alone: reading it
// says so.
func (r *dynamodbTableItemResource) item(ctx context.Context, table string, key map[string]any) (item, error) {
	text, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	parsed, err := parseItem(string(text))
	if err != nil {
		return nil, err
	}
	out, err := r.clients.DynamoDB(r.clients.Region).GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: parsed, ConsistentRead: aws.Bool(true)})
	if err != nil || out.Item == nil {
		return parsed, err
	}
	return out.Item, nil
}
