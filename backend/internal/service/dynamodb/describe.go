package dynamodb

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// describe is the table as the API answers it.
func (t *table) describe(items, bytes int64) *types.TableDescription {
	out := &types.TableDescription{TableName: &t.name, TableArn: aws.String(t.arn()), TableId: &t.UUID, TableStatus: types.TableStatusActive,
		CreationDateTime: &t.created, ItemCount: &items, TableSizeBytes: &bytes, KeySchema: t.Keys.schema(),
		DeletionProtectionEnabled: &t.Protected, ProvisionedThroughput: t.Throughput.describe(),
		WarmThroughput: t.warm()}
	for _, a := range t.Attributes {
		out.AttributeDefinitions = append(out.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String(a.Name), AttributeType: types.ScalarAttributeType(a.Type)})
	}
	if t.Billing == onDemand {
		out.BillingModeSummary = &types.BillingModeSummary{BillingMode: types.BillingModePayPerRequest, LastUpdateToPayPerRequestDateTime: &t.created}
	}
	if t.OnDemandMax != nil {
		out.OnDemandThroughput = &types.OnDemandThroughput{MaxReadRequestUnits: &t.OnDemandMax.Read, MaxWriteRequestUnits: &t.OnDemandMax.Write}
	}
	if t.Class != string(types.TableClassStandard) {
		out.TableClassSummary = &types.TableClassSummary{TableClass: types.TableClass(t.Class)}
	}
	if t.Stream != nil {
		out.LatestStreamArn, out.LatestStreamLabel = aws.String(t.streamARN()), &t.Stream.Label
		if t.Stream.Enabled {
			out.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewType(t.Stream.View)}
		}
	}
	for _, x := range t.Indexes {
		projection := &types.Projection{ProjectionType: types.ProjectionType(x.Projection), NonKeyAttributes: x.NonKey}
		name, arn := aws.String(x.Name), aws.String(t.arn()+"/index/"+x.Name)
		if x.Global {
			out.GlobalSecondaryIndexes = append(out.GlobalSecondaryIndexes, types.GlobalSecondaryIndexDescription{IndexName: name, IndexArn: arn,
				IndexStatus: types.IndexStatusActive, KeySchema: x.Keys.schema(), Projection: projection, ItemCount: aws.Int64(0), IndexSizeBytes: aws.Int64(0),
				ProvisionedThroughput: x.Throughput.describe()})
		} else {
			out.LocalSecondaryIndexes = append(out.LocalSecondaryIndexes, types.LocalSecondaryIndexDescription{IndexName: name, IndexArn: arn,
				KeySchema: x.Keys.schema(), Projection: projection, ItemCount: aws.Int64(0), IndexSizeBytes: aws.Int64(0)})
		}
	}
	return out
}

// warm is the throughput that a new table stands ready for (developer guide, warm throughput).
func (t *table) warm() *types.TableWarmThroughputDescription {
	read, write := t.Throughput.Read, t.Throughput.Write
	if t.Billing == onDemand {
		read, write = 12000, 4000
	}
	return &types.TableWarmThroughputDescription{ReadUnitsPerSecond: &read, WriteUnitsPerSecond: &write, Status: types.TableStatusActive}
}

// countIndex fills in how much an index holds.
func (t *table) countIndex(out *types.TableDescription, x *index, items, bytes int64) {
	for i := range out.GlobalSecondaryIndexes {
		if g := &out.GlobalSecondaryIndexes[i]; *g.IndexName == x.Name {
			g.ItemCount, g.IndexSizeBytes = &items, &bytes
		}
	}
	for i := range out.LocalSecondaryIndexes {
		if l := &out.LocalSecondaryIndexes[i]; *l.IndexName == x.Name {
			l.ItemCount, l.IndexSizeBytes = &items, &bytes
		}
	}
}

func (k keys) schema() []types.KeySchemaElement {
	list := []types.KeySchemaElement{{AttributeName: aws.String(k.Hash), KeyType: types.KeyTypeHash}}
	if k.Range != "" {
		list = append(list, types.KeySchemaElement{AttributeName: aws.String(k.Range), KeyType: types.KeyTypeRange})
	}
	return list
}

func (t throughput) describe() *types.ProvisionedThroughputDescription {
	return &types.ProvisionedThroughputDescription{ReadCapacityUnits: &t.Read, WriteCapacityUnits: &t.Write, NumberOfDecreasesToday: aws.Int64(0)}
}
