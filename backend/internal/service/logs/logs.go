// Package logs is Amazon CloudWatch Logs, as far as functions need it: log groups that modules declare, and reading what
// functions wrote.
//
// Groups and events are core/logs's; Lambda writes there. A group is there when somebody makes it, or when a function first
// writes to it. Making one that a function has written to is refused as in AWS. What is older than a
// retention says, on the simulator's clock, is gone.
//
// A subscription filter calls a function, asynchronously, with what another one wrote, as far as its pattern lets it through.
// CloudWatch Logs is checked to have permission when the filter is put, and at every call. What one invocation wrote is one
// event; AWS may put that of several together.
//
// Writing events from outside, other destinations than functions, and queries are not simulated and are refused by name.
//
// Source: the API reference and the user guide of CloudWatch Logs.
package logs

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cloudwatchlogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// API serves CloudWatch Logs.
type API struct {
	Store      *logs.Store
	Dispatcher *push.Dispatcher // of what subscriptions let through
}

// Service is CloudWatch Logs for the wire.
func (a *API) Service() wire.Service {
	operations := map[string]wire.Operation{
		"CreateLogGroup": wire.Op(a.createGroup, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.CreateLogGroupInput) string {
			return resource(ctx, in.LogGroupName)
		}), wire.Also(func(ctx context.Context, in *cloudwatchlogs.CreateLogGroupInput) []wire.Need {
			if !wire.Tagged(in) {
				return nil
			}
			return []wire.Need{{Action: "logs:TagResource", Resource: group(ctx, in.LogGroupName)}} // API: CreateLogGroup
		})),
		"DeleteLogGroup": wire.Op(a.deleteGroup, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.DeleteLogGroupInput) string {
			return resource(ctx, in.LogGroupName)
		})),
		"DescribeLogGroups": wire.Op(a.describeGroups, wire.Resource(func(ctx context.Context, _ *cloudwatchlogs.DescribeLogGroupsInput) string {
			return resource(ctx, nil)
		})),
		"PutRetentionPolicy": wire.Op(a.putRetention, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.PutRetentionPolicyInput) string {
			return resource(ctx, in.LogGroupName)
		})),
		"DeleteRetentionPolicy": wire.Op(a.deleteRetention, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.DeleteRetentionPolicyInput) string {
			return resource(ctx, in.LogGroupName)
		})),
		"PutLogGroupDeletionProtection": wire.Op(a.protect, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.PutLogGroupDeletionProtectionInput) string {
			return resource(ctx, in.LogGroupIdentifier)
		})),
		"TagResource": wire.Op(a.tag, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.TagResourceInput) string {
			return group(ctx, in.ResourceArn)
		})),
		"UntagResource": wire.Op(a.untag, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.UntagResourceInput) string {
			return group(ctx, in.ResourceArn)
		})),
		"ListTagsForResource": wire.Op(a.listTags, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.ListTagsForResourceInput) string {
			return group(ctx, in.ResourceArn)
		})),
		"DescribeLogStreams": wire.Op(a.describeStreams, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.DescribeLogStreamsInput) string {
			return resource(ctx, either(in.LogGroupName, in.LogGroupIdentifier))
		})),
		"GetLogEvents": wire.Op(a.getEvents, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.GetLogEventsInput) string {
			return resource(ctx, either(in.LogGroupName, in.LogGroupIdentifier)) + aws.ToString(in.LogStreamName)
		})),
		"FilterLogEvents": wire.Op(a.filterEvents, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput) string {
			return resource(ctx, either(in.LogGroupName, in.LogGroupIdentifier))
		})),
	}
	maps.Copy(operations, a.subscriptions())
	return wire.Service{API: wire.LogsAPI(), Fault: toAWS, Operations: operations}
}

func either(name, identifier *string) *string {
	if name != nil {
		return name
	}
	return identifier
}

// resource is the ARN on which operations on a group are authorized: that of its streams, without a stream's name where the
// operation names none. So refusals of the real service show it; policies name it with :* after the group's ARN.
func resource(ctx context.Context, nameOrARN *string) string {
	return group(ctx, nameOrARN) + ":log-stream:"
}

// group is the ARN of a group as it is tagged by: without :* at the end. That of another account or region stays theirs.
func group(ctx context.Context, nameOrARN *string) string {
	account, region, name := place(ctx, nameOrARN)
	return arn.LogGroup(region, account, name)
}

// place is the account, the region and the name of a group that is named, or whose ARN is given, with or without :* at its end.
func place(ctx context.Context, nameOrARN *string) (account, region, name string) {
	call := wire.CallFrom(ctx)
	account, region = call.Account, call.Region
	if nameOrARN == nil {
		return account, region, ""
	}
	parsed, err := arn.Parse(*nameOrARN)
	if err != nil {
		return account, region, *nameOrARN
	}
	return account, region, strings.TrimSuffix(strings.TrimPrefix(parsed.Resource, "log-group:"), ":*")
}

func toAWS(_ context.Context, _ string, err error) *wire.Error {
	code := ""
	switch fault.KindOf(err) {
	case fault.NotFound:
		code = "ResourceNotFoundException"
	case fault.Exists:
		code = "ResourceAlreadyExistsException"
	case fault.Invalid, fault.Unsupported:
		code = "InvalidParameterException"
	case fault.TooLarge:
		code = "LimitExceededException"
	case fault.Denied:
		code = "AccessDeniedException"
	default:
		return nil
	}
	e := wire.Errorf(http.StatusBadRequest, code, "%v", err)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.NotFound && f.Detail != "" {
		e.Headers = map[string]string{wire.HeaderDetail: f.Detail}
	}
	return e
}

func unsupported(operation, what string) error {
	return fault.New(fault.Unsupported, "lambdasim does not simulate %s of logs:%s yet", what, operation)
}
