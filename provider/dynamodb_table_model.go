package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awstypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// elementsOf are the elements of a list or set of blocks as Go structs.
func elementsOf[T any](ctx context.Context, v interface {
	IsNull() bool
	IsUnknown() bool
	ElementsAs(ctx context.Context, target any, allowUnhandled bool) diag.Diagnostics
}, diags *diag.Diagnostics) []T {
	var out []T
	if !v.IsNull() && !v.IsUnknown() {
		diags.Append(v.ElementsAs(ctx, &out, false)...)
	}
	return out
}

func keySchema(hash, sort string) []awstypes.KeySchemaElement {
	list := []awstypes.KeySchemaElement{{AttributeName: &hash, KeyType: awstypes.KeyTypeHash}}
	if sort != "" {
		list = append(list, awstypes.KeySchemaElement{AttributeName: &sort, KeyType: awstypes.KeyTypeRange})
	}
	return list
}

func (m *dynamodbTableModel) attributes(ctx context.Context, diags *diag.Diagnostics) []awstypes.AttributeDefinition {
	var out []awstypes.AttributeDefinition
	for _, a := range elementsOf[tableAttribute](ctx, m.Attribute, diags) {
		out = append(out, awstypes.AttributeDefinition{AttributeName: a.Name.ValueStringPointer(), AttributeType: awstypes.ScalarAttributeType(a.Type.ValueString())})
	}
	return out
}

// throughput is the provisioned throughput; nil for a table that is paid by request.
func (m *dynamodbTableModel) throughput(read, write types.Int64) *awstypes.ProvisionedThroughput {
	if m.BillingMode.ValueString() != string(awstypes.BillingModeProvisioned) {
		return nil
	}
	return &awstypes.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(max(1, read.ValueInt64())), WriteCapacityUnits: aws.Int64(max(1, write.ValueInt64()))}
}

func projectionOf(kind types.String, names []string) *awstypes.Projection {
	p := &awstypes.Projection{ProjectionType: awstypes.ProjectionType(kind.ValueString())}
	if len(names) > 0 {
		p.NonKeyAttributes = names
	}
	return p
}

// globals are the global indexes for CreateTable, by name.
func (m *dynamodbTableModel) globals(ctx context.Context, diags *diag.Diagnostics) map[string]awstypes.GlobalSecondaryIndex {
	out := map[string]awstypes.GlobalSecondaryIndex{}
	for _, g := range elementsOf[tableGlobalIndex](ctx, m.GlobalSecondaryIndex, diags) {
		keys := keySchema(g.HashKey.ValueString(), g.RangeKey.ValueString())
		if given := elementsOf[tableKey](ctx, g.KeySchema, diags); len(given) > 0 {
			keys = nil
			for _, k := range given {
				keys = append(keys, awstypes.KeySchemaElement{AttributeName: k.AttributeName.ValueStringPointer(), KeyType: awstypes.KeyType(k.KeyType.ValueString())})
			}
		}
		out[g.Name.ValueString()] = awstypes.GlobalSecondaryIndex{IndexName: g.Name.ValueStringPointer(), KeySchema: keys,
			Projection:            projectionOf(g.ProjectionType, elementsOf[string](ctx, g.NonKeyAttributes, diags)),
			ProvisionedThroughput: m.throughput(g.ReadCapacity, g.WriteCapacity)}
	}
	return out
}

func (m *dynamodbTableModel) stream() *awstypes.StreamSpecification {
	if !m.StreamEnabled.ValueBool() {
		return nil
	}
	return &awstypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: awstypes.StreamViewType(m.StreamViewType.ValueString())}
}

// create is the request that makes the table.
func (m *dynamodbTableModel) create(ctx context.Context, diags *diag.Diagnostics) *dynamodb.CreateTableInput {
	in := &dynamodb.CreateTableInput{TableName: m.Name.ValueStringPointer(), AttributeDefinitions: m.attributes(ctx, diags),
		KeySchema: keySchema(m.HashKey.ValueString(), m.RangeKey.ValueString()), BillingMode: awstypes.BillingMode(m.BillingMode.ValueString()),
		ProvisionedThroughput: m.throughput(m.ReadCapacity, m.WriteCapacity), DeletionProtectionEnabled: m.DeletionProtectionEnabled.ValueBoolPointer(),
		StreamSpecification: m.stream(), TableClass: awstypes.TableClass(m.TableClass.ValueString())}
	for k, v := range tagsOf(ctx, m.TagsAll, diags) {
		in.Tags = append(in.Tags, awstypes.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	for _, g := range m.globals(ctx, diags) {
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, g)
	}
	for _, l := range elementsOf[tableLocalIndex](ctx, m.LocalSecondaryIndex, diags) {
		in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, awstypes.LocalSecondaryIndex{IndexName: l.Name.ValueStringPointer(),
			KeySchema: keySchema(m.HashKey.ValueString(), l.RangeKey.ValueString()), Projection: projectionOf(l.ProjectionType, elementsOf[string](ctx, l.NonKeyAttributes, diags))})
	}
	return in
}

// read takes what DescribeTable says.
func (m *dynamodbTableModel) read(ctx context.Context, d *awstypes.TableDescription, diags *diag.Diagnostics) {
	m.ID, m.Name, m.ARN = types.StringPointerValue(d.TableName), types.StringPointerValue(d.TableName), types.StringPointerValue(d.TableArn)
	m.BillingMode, m.TableClass = types.StringValue("PROVISIONED"), types.StringValue("STANDARD")
	if d.BillingModeSummary != nil {
		m.BillingMode = types.StringValue(string(d.BillingModeSummary.BillingMode))
	}
	if d.TableClassSummary != nil {
		m.TableClass = types.StringValue(string(d.TableClassSummary.TableClass))
	}
	m.DeletionProtectionEnabled = types.BoolValue(aws.ToBool(d.DeletionProtectionEnabled))
	m.ReadCapacity, m.WriteCapacity = types.Int64PointerValue(d.ProvisionedThroughput.ReadCapacityUnits), types.Int64PointerValue(d.ProvisionedThroughput.WriteCapacityUnits)
	hash, sort := keysOf(d.KeySchema)
	m.HashKey, m.RangeKey = types.StringValue(hash), optionalString(&sort, m.RangeKey)
	m.StreamARN, m.StreamLabel = types.StringValue(aws.ToString(d.LatestStreamArn)), types.StringValue(aws.ToString(d.LatestStreamLabel))
	enabled := d.StreamSpecification != nil
	if enabled || !m.StreamEnabled.IsNull() {
		m.StreamEnabled = types.BoolValue(enabled)
	}
	m.StreamViewType = types.StringValue("")
	if enabled {
		m.StreamViewType = types.StringValue(string(d.StreamSpecification.StreamViewType))
	}
	var list []attr.Value
	for _, a := range d.AttributeDefinitions {
		list = append(list, types.ObjectValueMust(tableAttributeType, map[string]attr.Value{"name": types.StringPointerValue(a.AttributeName), "type": types.StringValue(string(a.AttributeType))}))
	}
	m.Attribute = types.SetValueMust(types.ObjectType{AttrTypes: tableAttributeType}, list)
	m.readGlobals(ctx, d.GlobalSecondaryIndexes, diags)
	list = []attr.Value{}
	for _, l := range d.LocalSecondaryIndexes {
		_, sort := keysOf(l.KeySchema)
		names := types.ListNull(types.StringType)
		if l.Projection.NonKeyAttributes != nil {
			names = types.ListValueMust(types.StringType, stringValues(l.Projection.NonKeyAttributes))
		}
		list = append(list, types.ObjectValueMust(tableLocalType, map[string]attr.Value{"name": types.StringPointerValue(l.IndexName), "non_key_attributes": names,
			"projection_type": types.StringValue(string(l.Projection.ProjectionType)), "range_key": types.StringValue(sort)}))
	}
	m.LocalSecondaryIndex = types.SetValueMust(types.ObjectType{AttrTypes: tableLocalType}, list)
}

// keysOf are the names of a key schema; sort is "" where there is none.
func keysOf(list []awstypes.KeySchemaElement) (hash, sort string) {
	for _, k := range list {
		if k.KeyType == awstypes.KeyTypeHash {
			hash = aws.ToString(k.AttributeName)
		} else {
			sort = aws.ToString(k.AttributeName)
		}
	}
	return hash, sort
}

func stringValues(list []string) []attr.Value {
	out := make([]attr.Value, len(list))
	for i, s := range list {
		out[i] = types.StringValue(s)
	}
	return out
}

// readGlobals takes the global indexes. What was not given and says nothing stays so.
func (m *dynamodbTableModel) readGlobals(ctx context.Context, indexes []awstypes.GlobalSecondaryIndexDescription, diags *diag.Diagnostics) {
	was := map[string]tableGlobalIndex{}
	for _, g := range elementsOf[tableGlobalIndex](ctx, m.GlobalSecondaryIndex, diags) {
		was[g.Name.ValueString()] = g
	}
	var list []attr.Value
	for _, g := range indexes {
		name := aws.ToString(g.IndexName)
		old, known := was[name]
		hash, sort := keysOf(g.KeySchema)
		v := map[string]attr.Value{"name": types.StringValue(name), "projection_type": types.StringValue(string(g.Projection.ProjectionType)),
			"hash_key": types.StringValue(hash), "range_key": optionalString(&sort, old.RangeKey),
			"read_capacity":      givenUnits(g.ProvisionedThroughput.ReadCapacityUnits, old.ReadCapacity),
			"write_capacity":     givenUnits(g.ProvisionedThroughput.WriteCapacityUnits, old.WriteCapacity),
			"non_key_attributes": types.SetNull(types.StringType), "key_schema": types.ListValueMust(types.ObjectType{AttrTypes: tableKeyType}, nil),
			"on_demand_throughput": types.ListValueMust(types.ObjectType{AttrTypes: tableOnDemandType}, nil), "warm_throughput": types.ListValueMust(types.ObjectType{AttrTypes: tableWarmType}, nil)}
		if g.Projection.NonKeyAttributes != nil {
			v["non_key_attributes"] = types.SetValueMust(types.StringType, stringValues(g.Projection.NonKeyAttributes))
		}
		if known && len(old.KeySchema.Elements()) > 0 {
			var keys []attr.Value
			for _, k := range g.KeySchema {
				keys = append(keys, types.ObjectValueMust(tableKeyType, map[string]attr.Value{"attribute_name": types.StringPointerValue(k.AttributeName), "key_type": types.StringValue(string(k.KeyType))}))
			}
			v["key_schema"] = types.ListValueMust(types.ObjectType{AttrTypes: tableKeyType}, keys)
			v["hash_key"], v["range_key"] = types.StringNull(), types.StringNull()
		}
		list = append(list, types.ObjectValueMust(tableGlobalType, v))
	}
	m.GlobalSecondaryIndex = types.SetValueMust(types.ObjectType{AttrTypes: tableGlobalType}, list)
}

// givenUnits leaves units that were not given so, unless somebody has set them.
func givenUnits(api *int64, was types.Int64) types.Int64 {
	if was.IsNull() && aws.ToInt64(api) <= 1 {
		return was
	}
	return types.Int64PointerValue(api)
}

// indexChanges are the updates that lead from one set of global indexes to another: an index that differs in more than its
// throughput is removed and made again.
func indexChanges(was, is map[string]awstypes.GlobalSecondaryIndex) []awstypes.GlobalSecondaryIndexUpdate {
	same := func(x, y awstypes.GlobalSecondaryIndex) bool {
		xh, xs := keysOf(x.KeySchema)
		yh, ys := keysOf(y.KeySchema)
		a, b := slices.Sorted(slices.Values(x.Projection.NonKeyAttributes)), slices.Sorted(slices.Values(y.Projection.NonKeyAttributes))
		return xh == yh && xs == ys && x.Projection.ProjectionType == y.Projection.ProjectionType && strings.Join(a, "\n") == strings.Join(b, "\n")
	}
	var gone, made, changed []awstypes.GlobalSecondaryIndexUpdate
	for name, x := range was {
		y, kept := is[name]
		switch {
		case !kept || !same(x, y):
			gone = append(gone, awstypes.GlobalSecondaryIndexUpdate{Delete: &awstypes.DeleteGlobalSecondaryIndexAction{IndexName: &name}})
		case y.ProvisionedThroughput != nil && (x.ProvisionedThroughput == nil || *x.ProvisionedThroughput.ReadCapacityUnits != *y.ProvisionedThroughput.ReadCapacityUnits ||
			*x.ProvisionedThroughput.WriteCapacityUnits != *y.ProvisionedThroughput.WriteCapacityUnits):
			changed = append(changed, awstypes.GlobalSecondaryIndexUpdate{Update: &awstypes.UpdateGlobalSecondaryIndexAction{IndexName: &name, ProvisionedThroughput: y.ProvisionedThroughput}})
		}
	}
	for name, y := range is {
		if x, had := was[name]; !had || !same(x, y) {
			made = append(made, awstypes.GlobalSecondaryIndexUpdate{Create: &awstypes.CreateGlobalSecondaryIndexAction{IndexName: &name, KeySchema: y.KeySchema,
				Projection: y.Projection, ProvisionedThroughput: y.ProvisionedThroughput}})
		}
	}
	return slices.Concat(gone, made, changed)
}
