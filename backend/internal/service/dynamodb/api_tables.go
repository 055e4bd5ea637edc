package dynamodb

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

var tableName = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

const maxTags = 50

func (a *API) createTable(ctx context.Context, in *dynamodb.CreateTableInput) (*dynamodb.CreateTableOutput, error) {
	if err := refuse("CreateTable", map[string]bool{
		"GlobalTableSettingsReplicationMode": in.GlobalTableSettingsReplicationMode != "", "GlobalTableSourceArn": in.GlobalTableSourceArn != nil,
		"ResourcePolicy": in.ResourcePolicy != nil, "VectorIndexes": len(in.VectorIndexes) > 0, "WarmThroughput": in.WarmThroughput != nil,
		"SSESpecification": in.SSESpecification != nil && aws.ToBool(in.SSESpecification.Enabled),
	}); err != nil {
		return nil, err
	}
	d, err := defined(in)
	if err != nil {
		return nil, err
	}
	d.UUID = a.IDs.UUID()
	call := wire.CallFrom(ctx)
	name := *in.TableName
	if p, of, _, ok := splitTable(name); ok && p.Account == call.Account && p.Region == call.Region {
		name = of
	}
	switch n := len(name); {
	case n < 3 || n > 255:
		return nil, invalid("TableName must be at least 3 characters long and at most 255 characters long")
	case !tableName.MatchString(name):
		return nil, wire.Validation(wire.Pattern("tableName", name, "[a-zA-Z0-9_.-]+"))
	}
	t := &table{account: call.Account, region: call.Region, name: name, definition: *d}
	if err := a.Store.create(ctx, t); err != nil {
		return nil, err
	}
	out := t.describe(0, 0)
	out.TableStatus = types.TableStatusCreating
	for i := range out.GlobalSecondaryIndexes {
		out.GlobalSecondaryIndexes[i].IndexStatus = types.IndexStatusCreating
	}
	return &dynamodb.CreateTableOutput{TableDescription: out}, nil
}

func (a *API) describeTable(ctx context.Context, in *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
	t, err := a.wholeTable(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	items, bytes, err := a.Store.counted(ctx, t, 0)
	if err != nil {
		return nil, err
	}
	out := t.describe(items, bytes)
	for i := range t.Indexes {
		if items, bytes, err = a.Store.counted(ctx, t, t.Indexes[i].N); err != nil {
			return nil, err
		}
		t.countIndex(out, &t.Indexes[i], items, bytes)
	}
	return &dynamodb.DescribeTableOutput{Table: out}, nil
}

func (a *API) deleteTable(ctx context.Context, in *dynamodb.DeleteTableInput) (*dynamodb.DeleteTableOutput, error) {
	t, err := a.wholeTable(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	if t.Protected {
		return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	if err := a.Store.remove(ctx, t); err != nil {
		return nil, err
	}
	out := t.describe(0, 0)
	out.TableStatus = types.TableStatusDeleting
	return &dynamodb.DeleteTableOutput{TableDescription: out}, nil
}

func (a *API) listTables(ctx context.Context, in *dynamodb.ListTablesInput) (*dynamodb.ListTablesOutput, error) {
	call := wire.CallFrom(ctx)
	limit, err := limited(in.Limit, 100)
	if err != nil {
		return nil, err
	}
	names, err := a.Store.names(ctx, call.Account, call.Region, aws.ToString(in.ExclusiveStartTableName), limit+1)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.ListTablesOutput{TableNames: names}
	if len(names) > limit {
		out.TableNames, out.LastEvaluatedTableName = names[:limit], aws.String(names[limit-1])
	}
	return out, nil
}

// describeLimits answers AWS's defaults; they are not enforced.
func (a *API) describeLimits(context.Context, *dynamodb.DescribeLimitsInput) (*dynamodb.DescribeLimitsOutput, error) {
	return &dynamodb.DescribeLimitsOutput{AccountMaxReadCapacityUnits: aws.Int64(80000), AccountMaxWriteCapacityUnits: aws.Int64(80000),
		TableMaxReadCapacityUnits: aws.Int64(40000), TableMaxWriteCapacityUnits: aws.Int64(40000)}, nil
}

func (a *API) updateTimeToLive(ctx context.Context, in *dynamodb.UpdateTimeToLiveInput) (*dynamodb.UpdateTimeToLiveOutput, error) {
	t, err := a.wholeTable(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	name := *in.TimeToLiveSpecification.AttributeName
	if n := len(name); n < 1 || n > 255 {
		return nil, wire.Validation(wire.MinLength("timeToLiveSpecification.attributeName", name, 1))
	}
	if err := a.Store.setTTL(ctx, t, name, *in.TimeToLiveSpecification.Enabled); err != nil {
		return nil, err
	}
	return &dynamodb.UpdateTimeToLiveOutput{TimeToLiveSpecification: in.TimeToLiveSpecification}, nil
}

func (a *API) describeTimeToLive(ctx context.Context, in *dynamodb.DescribeTimeToLiveInput) (*dynamodb.DescribeTimeToLiveOutput, error) {
	t, err := a.wholeTable(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	d := &types.TimeToLiveDescription{TimeToLiveStatus: types.TimeToLiveStatusDisabled}
	if t.TTL != "" {
		d.TimeToLiveStatus, d.AttributeName = types.TimeToLiveStatusEnabled, &t.TTL
	}
	return &dynamodb.DescribeTimeToLiveOutput{TimeToLiveDescription: d}, nil
}

// describeContinuousBackups says that there are none: backups are not simulated.
func (a *API) describeContinuousBackups(ctx context.Context, in *dynamodb.DescribeContinuousBackupsInput) (*dynamodb.DescribeContinuousBackupsOutput, error) {
	if _, err := a.wholeTable(ctx, in.TableName); err != nil {
		return nil, wire.Errorf(http.StatusBadRequest, "TableNotFoundException", "Table not found: %s", aws.ToString(in.TableName))
	}
	return &dynamodb.DescribeContinuousBackupsOutput{ContinuousBackupsDescription: &types.ContinuousBackupsDescription{
		ContinuousBackupsStatus:        types.ContinuousBackupsStatusEnabled,
		PointInTimeRecoveryDescription: &types.PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: types.PointInTimeRecoveryStatusDisabled},
	}}, nil
}

// retag changes the tags of the table of an ARN.
func (a *API) retag(ctx context.Context, resourceARN *string, change func(map[string]string)) error {
	p, name, below, ok := splitTable(aws.ToString(resourceARN))
	if !ok || below != "" {
		return invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", aws.ToString(resourceARN))
	}
	t, err := a.Store.get(ctx, p.Account, p.Region, name)
	if err != nil {
		return err
	}
	_, err = a.Store.change(ctx, t, func(_ context.Context, _ *postgres.Tx, t *table, _ map[int]int64) error {
		tags := maps.Clone(t.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		change(tags)
		if len(tags) > maxTags {
			return invalid("One or more parameter values were invalid: Too many tags: a resource has at most %d", maxTags)
		}
		t.Tags = tags
		return nil
	})
	return err
}

func (a *API) tagResource(ctx context.Context, in *dynamodb.TagResourceInput) (*dynamodb.TagResourceOutput, error) {
	return &dynamodb.TagResourceOutput{}, a.retag(ctx, in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, tagsOf(in.Tags)) })
}

func (a *API) untagResource(ctx context.Context, in *dynamodb.UntagResourceInput) (*dynamodb.UntagResourceOutput, error) {
	return &dynamodb.UntagResourceOutput{}, a.retag(ctx, in.ResourceArn, func(tags map[string]string) {
		maps.DeleteFunc(tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
	})
}

func tagsOf(in []types.Tag) map[string]string {
	tags := map[string]string{}
	for _, t := range in {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags
}

func (a *API) listTags(ctx context.Context, in *dynamodb.ListTagsOfResourceInput) (*dynamodb.ListTagsOfResourceOutput, error) {
	p, name, below, ok := splitTable(aws.ToString(in.ResourceArn))
	if !ok || below != "" {
		return nil, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", aws.ToString(in.ResourceArn))
	}
	t, err := a.Store.get(ctx, p.Account, p.Region, name)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.ListTagsOfResourceOutput{Tags: []types.Tag{}}
	for _, k := range slices.Sorted(maps.Keys(t.Tags)) {
		out.Tags = append(out.Tags, types.Tag{Key: aws.String(k), Value: aws.String(t.Tags[k])})
	}
	return out, nil
}

// dropIndex removes an index's entries.
func (t *table) dropIndex(ctx context.Context, tx *postgres.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM dynamodb.entries WHERE tbl = @tbl AND idx = @idx`, pgx.NamedArgs{"tbl": t.id, "idx": n})
	return err
}
