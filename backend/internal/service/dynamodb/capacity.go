package dynamodb

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Sizes of capacity units, in bytes (developer guide, read and write capacity).
const (
	readUnit  = 4 << 10
	writeUnit = 1 << 10
)

// units is how many write units an operation takes: one for each KiB of the larger image, one at least. Secondary indexes'
// share is not counted.
func (o *op) units() float64 { return float64(max(1, (o.size+writeUnit-1)/writeUnit)) }

// readUnits is how many read units so many bytes take: one for each 4 KiB, half of it where the read need not be consistent.
func readUnits(bytes int, consistent *bool) float64 {
	units := float64(max(1, (bytes+readUnit-1)/readUnit))
	if !aws.ToBool(consistent) {
		units /= 2
	}
	return units
}

func consumed(asked types.ReturnConsumedCapacity, t *table, x *index, units float64) *types.ConsumedCapacity {
	if asked != types.ReturnConsumedCapacityTotal && asked != types.ReturnConsumedCapacityIndexes {
		return nil
	}
	c := &types.ConsumedCapacity{TableName: &t.name, CapacityUnits: &units}
	if asked == types.ReturnConsumedCapacityIndexes {
		zero := 0.0
		switch {
		case x == nil:
			c.Table = &types.Capacity{CapacityUnits: &units}
		case x.Global:
			c.Table, c.GlobalSecondaryIndexes = &types.Capacity{CapacityUnits: &zero}, map[string]types.Capacity{x.Name: {CapacityUnits: &units}}
		default:
			c.Table, c.LocalSecondaryIndexes = &types.Capacity{CapacityUnits: &zero}, map[string]types.Capacity{x.Name: {CapacityUnits: &units}}
		}
	}
	return c
}

func writeCapacity(asked types.ReturnConsumedCapacity, t *table, units float64) *types.ConsumedCapacity {
	return consumed(asked, t, nil, units)
}

func readCapacity(asked types.ReturnConsumedCapacity, t *table, x *index, bytes int, consistent *bool) *types.ConsumedCapacity {
	return consumed(asked, t, x, readUnits(bytes, consistent))
}
