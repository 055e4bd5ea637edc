package dynamodb

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

func (a *API) updateTable(ctx context.Context, in *dynamodb.UpdateTableInput) (*dynamodb.UpdateTableOutput, error) {
	if err := refuse("UpdateTable", map[string]bool{
		"ReplicaUpdates": len(in.ReplicaUpdates) > 0, "GlobalTableWitnessUpdates": len(in.GlobalTableWitnessUpdates) > 0, "MultiRegionConsistency": in.MultiRegionConsistency != "",
		"SSESpecification": in.SSESpecification != nil && aws.ToBool(in.SSESpecification.Enabled), "WarmThroughput": in.WarmThroughput != nil,
		"VectorIndexUpdates": len(in.VectorIndexUpdates) > 0, "GlobalTableSettingsReplicationMode": in.GlobalTableSettingsReplicationMode != "",
		"DisassociationProtectionEnabled": in.DisassociationProtectionEnabled != nil,
	}); err != nil {
		return nil, err
	}
	if in.BillingMode == "" && in.ProvisionedThroughput == nil && in.StreamSpecification == nil && in.DeletionProtectionEnabled == nil && in.TableClass == "" &&
		in.OnDemandThroughput == nil && in.GlobalSecondaryIndexUpdates == nil && in.SSESpecification == nil {
		return nil, invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	}
	t, err := a.wholeTable(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	now, err := a.Store.change(ctx, t, func(ctx context.Context, tx *postgres.Tx, t *table, last map[int]int64) error {
		if err := t.rebill(in); err != nil {
			return err
		}
		if in.DeletionProtectionEnabled != nil {
			t.Protected = *in.DeletionProtectionEnabled
		}
		if in.TableClass != "" {
			t.Class = string(in.TableClass)
		}
		if err := a.Store.changeStream(ctx, tx, t, in.StreamSpecification, last); err != nil {
			return err
		}
		return t.changeIndexes(ctx, tx, in)
	})
	if err != nil {
		return nil, err
	}
	items, bytes, err := a.Store.counted(ctx, now, 0)
	if err != nil {
		return nil, err
	}
	out := now.describe(items, bytes)
	out.TableStatus = types.TableStatusUpdating
	return &dynamodb.UpdateTableOutput{TableDescription: out}, nil
}

// rebill changes the billing mode or the throughput. They are stored.
func (t *table) rebill(in *dynamodb.UpdateTableInput) error {
	if in.BillingMode != "" || in.ProvisionedThroughput != nil {
		mode := in.BillingMode
		if mode == "" {
			mode = types.BillingMode(t.Billing)
		}
		given := in.ProvisionedThroughput
		if given == nil && mode == types.BillingModeProvisioned && t.Billing == provisioned {
			given = &types.ProvisionedThroughput{ReadCapacityUnits: &t.Throughput.Read, WriteCapacityUnits: &t.Throughput.Write}
		}
		billing, units, err := billed(mode, given)
		if err != nil {
			return err
		}
		if in.ProvisionedThroughput != nil && billing == t.Billing && units == t.Throughput && in.BillingMode == "" && len(in.GlobalSecondaryIndexUpdates) == 0 {
			return invalid("The provisioned throughput for the table will not change. The requested value equals the current value. "+
				"Current ReadCapacityUnits provisioned for the table: %d. Requested ReadCapacityUnits: %d. "+
				"Current WriteCapacityUnits provisioned for the table: %d. Requested WriteCapacityUnits: %d. "+
				"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.", units.Read, units.Read, units.Write, units.Write)
		}
		t.Billing, t.Throughput = billing, units
		if billing == onDemand {
			for i := range t.Indexes {
				t.Indexes[i].Throughput = throughput{}
			}
		}
	}
	if in.OnDemandThroughput != nil {
		most, err := t.onDemand(in.OnDemandThroughput)
		if err != nil {
			return err
		}
		t.OnDemandMax = most
	}
	return nil
}

// changeStream enables or disables the table's stream. Each enabling is a new stream.
func (s *Store) changeStream(ctx context.Context, tx *postgres.Tx, t *table, in *types.StreamSpecification, last map[int]int64) error {
	if in == nil {
		return nil
	}
	st, err := streamOf(in)
	enabled := t.Stream != nil && t.Stream.Enabled
	switch {
	case err != nil:
		return err
	case st != nil && enabled:
		return invalid("Table already has an enabled stream: TableName: %s", t.name)
	case st == nil && !enabled:
		return invalid("Table does not have a stream to disable: TableName: %s", t.name)
	case st == nil:
		return s.closeStream(ctx, tx, t)
	}
	t.Stream = st
	return openStream(ctx, tx, t, last)
}

// changeIndexes makes, changes and removes global secondary indexes.
func (t *table) changeIndexes(ctx context.Context, tx *postgres.Tx, in *dynamodb.UpdateTableInput) error {
	given, err := attributesOf(in.AttributeDefinitions)
	if err != nil {
		return err
	}
	for _, a := range given {
		if have := t.typeOf(a.Name); have == "" {
			t.Attributes = append(t.Attributes, a)
		} else if have != a.Type {
			return invalid("One or more parameter values were invalid: the type of the key attribute %s cannot be changed from %s to %s", a.Name, have, a.Type)
		}
	}
	for _, u := range in.GlobalSecondaryIndexUpdates {
		if err := t.changeIndex(ctx, tx, u); err != nil {
			return err
		}
	}
	t.Attributes = slices.DeleteFunc(t.Attributes, func(a attribute) bool { // those of indexes that are gone
		return !slices.Contains(t.Keys.names(), a.Name) && !slices.ContainsFunc(t.Indexes, func(x index) bool { return slices.Contains(x.Keys.names(), a.Name) })
	})
	return nil
}

func (t *table) changeIndex(ctx context.Context, tx *postgres.Tx, u types.GlobalSecondaryIndexUpdate) error {
	find := func(name *string) (*index, error) {
		x := t.index(aws.ToString(name))
		if x == nil || !x.Global {
			return nil, fault.New(fault.NotFound, "Requested resource not found: the table %s has no index %s", t.name, aws.ToString(name))
		}
		return x, nil
	}
	switch {
	case u.Create != nil:
		c := u.Create
		if t.index(aws.ToString(c.IndexName)) != nil {
			return invalid("Attempting to create an index which already exists")
		}
		if err := t.addGlobal(types.GlobalSecondaryIndex{IndexName: c.IndexName, KeySchema: c.KeySchema, Projection: c.Projection,
			ProvisionedThroughput: c.ProvisionedThroughput, OnDemandThroughput: c.OnDemandThroughput, WarmThroughput: c.WarmThroughput}); err != nil {
			return err
		}
		return t.fillIndex(ctx, tx, t.index(*c.IndexName))
	case u.Delete != nil:
		x, err := find(u.Delete.IndexName)
		if err != nil {
			return err
		}
		n := x.N
		t.Indexes = slices.DeleteFunc(t.Indexes, func(x index) bool { return x.N == n })
		return t.dropIndex(ctx, tx, n)
	case u.Update != nil:
		x, err := find(u.Update.IndexName)
		switch {
		case err != nil:
			return err
		case u.Update.OnDemandThroughput != nil || u.Update.WarmThroughput != nil:
			return unsupported("OnDemandThroughput and WarmThroughput of the index "+x.Name, "UpdateTable")
		case u.Update.ProvisionedThroughput != nil:
			if err := checkThroughput(u.Update.ProvisionedThroughput); err != nil {
				return err
			}
			x.Throughput = throughput{*u.Update.ProvisionedThroughput.ReadCapacityUnits, *u.Update.ProvisionedThroughput.WriteCapacityUnits}
		}
		return nil
	}
	return invalid("One or more parameter values were invalid: One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null")
}
