package logs

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cloudwatchlogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

var groupName = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)

// retentions are the numbers of days that PutRetentionPolicy takes.
var retentions = []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// maxGroups is how many groups or streams a list has at most.
const maxGroups = 50

func (a *API) createGroup(ctx context.Context, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	call := wire.CallFrom(ctx)
	switch {
	case !groupName.MatchString(*in.LogGroupName):
		return nil, wire.Validation(wire.Pattern("logGroupName", *in.LogGroupName, `[\.\-_/#A-Za-z0-9]+`))
	case in.KmsKeyId != nil:
		return nil, unsupported("CreateLogGroup", "kmsKeyId")
	}
	class := in.LogGroupClass
	if class == "" {
		class = types.LogGroupClassStandard
	}
	return &cloudwatchlogs.CreateLogGroupOutput{}, a.Store.CreateGroup(ctx, &logs.LogGroup{Account: call.Account, Region: call.Region, Name: *in.LogGroupName,
		Class: string(class), Protected: aws.ToBool(in.DeletionProtectionEnabled), Tags: in.Tags})
}

func (a *API) deleteGroup(ctx context.Context, in *cloudwatchlogs.DeleteLogGroupInput) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
	account, region, name := place(ctx, in.LogGroupName)
	return &cloudwatchlogs.DeleteLogGroupOutput{}, a.Store.DeleteGroup(ctx, account, region, name)
}

func pageSize(n *int32, most int) (int, error) {
	switch size := int(aws.ToInt32(n)); {
	case n == nil:
		return most, nil
	case size < 1:
		return 0, wire.Validation(wire.AtLeast("limit", size, 1))
	case size > most:
		return 0, wire.Validation(wire.AtMost("limit", size, most))
	default:
		return size, nil
	}
}

func (a *API) describeGroups(ctx context.Context, in *cloudwatchlogs.DescribeLogGroupsInput) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	switch {
	case len(in.AccountIdentifiers) > 0 || aws.ToBool(in.IncludeLinkedAccounts):
		return nil, unsupported("DescribeLogGroups", "accountIdentifiers and includeLinkedAccounts")
	case len(in.LogGroupIdentifiers) > 0:
		return nil, unsupported("DescribeLogGroups", "logGroupIdentifiers")
	case in.LogGroupNamePattern != nil && in.LogGroupNamePrefix != nil:
		return nil, fault.New(fault.Invalid, "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	limit, err := pageSize(in.Limit, maxGroups)
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	list, err := a.Store.Groups(ctx, call.Account, call.Region, aws.ToString(in.LogGroupNamePrefix), aws.ToString(in.LogGroupNamePattern), aws.ToString(in.NextToken), limit+1)
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{}}
	for i, g := range list {
		if i == limit {
			out.NextToken = &list[i-1].Name
			break
		}
		if in.LogGroupClass == "" || string(in.LogGroupClass) == g.Class {
			out.LogGroups = append(out.LogGroups, shown(g))
		}
	}
	return out, nil
}

func shown(g *logs.LogGroup) types.LogGroup {
	group := arn.LogGroup(g.Region, g.Account, g.Name)
	out := types.LogGroup{Arn: aws.String(group + ":*"), LogGroupArn: &group, LogGroupName: &g.Name, LogGroupClass: types.LogGroupClass(g.Class),
		CreationTime: aws.Int64(g.Created.UnixMilli()), MetricFilterCount: aws.Int32(0), StoredBytes: &g.Bytes, DeletionProtectionEnabled: &g.Protected}
	if g.Retention > 0 {
		out.RetentionInDays = aws.Int32(int32(g.Retention))
	}
	return out
}

func (a *API) change(ctx context.Context, nameOrARN *string, change func(*logs.LogGroup) error) error {
	account, region, name := place(ctx, nameOrARN)
	return a.Store.ChangeGroup(ctx, account, region, name, change)
}

func (a *API) putRetention(ctx context.Context, in *cloudwatchlogs.PutRetentionPolicyInput) (*cloudwatchlogs.PutRetentionPolicyOutput, error) {
	if !slices.Contains(retentions, *in.RetentionInDays) {
		return nil, fault.New(fault.Invalid, "retentionInDays is %d: want one of %v", *in.RetentionInDays, retentions)
	}
	return &cloudwatchlogs.PutRetentionPolicyOutput{}, a.change(ctx, in.LogGroupName, func(g *logs.LogGroup) error {
		g.Retention = int(*in.RetentionInDays)
		return nil
	})
}

func (a *API) deleteRetention(ctx context.Context, in *cloudwatchlogs.DeleteRetentionPolicyInput) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error) {
	return &cloudwatchlogs.DeleteRetentionPolicyOutput{}, a.change(ctx, in.LogGroupName, func(g *logs.LogGroup) error {
		g.Retention = 0
		return nil
	})
}

func (a *API) protect(ctx context.Context, in *cloudwatchlogs.PutLogGroupDeletionProtectionInput) (*cloudwatchlogs.PutLogGroupDeletionProtectionOutput, error) {
	return &cloudwatchlogs.PutLogGroupDeletionProtectionOutput{}, a.change(ctx, in.LogGroupIdentifier, func(g *logs.LogGroup) error {
		g.Protected = aws.ToBool(in.DeletionProtectionEnabled)
		return nil
	})
}

func (a *API) tag(ctx context.Context, in *cloudwatchlogs.TagResourceInput) (*cloudwatchlogs.TagResourceOutput, error) {
	return &cloudwatchlogs.TagResourceOutput{}, a.change(ctx, in.ResourceArn, func(g *logs.LogGroup) error {
		maps.Copy(g.Tags, in.Tags)
		return nil
	})
}

func (a *API) untag(ctx context.Context, in *cloudwatchlogs.UntagResourceInput) (*cloudwatchlogs.UntagResourceOutput, error) {
	return &cloudwatchlogs.UntagResourceOutput{}, a.change(ctx, in.ResourceArn, func(g *logs.LogGroup) error {
		for _, key := range in.TagKeys {
			delete(g.Tags, key)
		}
		return nil
	})
}

func (a *API) listTags(ctx context.Context, in *cloudwatchlogs.ListTagsForResourceInput) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	account, region, name := place(ctx, in.ResourceArn)
	g, err := a.Store.Group(ctx, account, region, name)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.ListTagsForResourceOutput{Tags: g.Tags}, nil
}
