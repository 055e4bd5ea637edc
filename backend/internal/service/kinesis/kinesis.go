package kinesis

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of streams (Kinesis quotas).
const (
	maxShards                  = 500 // open ones of an account in a region
	shardsOnDemand             = 4
	minRetention, maxRetention = 24, 8760 // hours
	maxTags                    = 50
)

// API serves Kinesis.
type API struct {
	Store *Store
	Clock *clock.Clock
}

// Service is Kinesis for the wire.
func (a *API) Service() wire.Service {
	return wire.Service{API: wire.KinesisAPI(), Fault: toAWS, Operations: map[string]wire.Operation{
		"CreateStream": on(a.createStream, wire.Also(func(ctx context.Context, in *kinesis.CreateStreamInput) []wire.Need {
			if !wire.Tagged(in) {
				return nil
			}
			return []wire.Need{{Action: "kinesis:AddTagsToStream", Resource: resource(ctx, nil, in.StreamName)}} // API: CreateStream
		})),
		"DeleteStream":          on(a.deleteStream),
		"DescribeStream":        on(a.describeStream),
		"DescribeStreamSummary": on(a.describeStreamSummary),
		"ListStreams":           wire.Op(a.listStreams, wire.Unbound[kinesis.ListStreamsInput]()),
		"ListShards": wire.Op(a.listShards, wire.Resource(func(ctx context.Context, in *kinesis.ListShardsInput) string {
			if in.NextToken == nil {
				return resource(ctx, in.StreamARN, in.StreamName)
			}
			if p, err := parseShardPage(*in.NextToken); err == nil {
				return p.Stream
			}
			return "*"
		})),
		"SplitShard":                    on(a.splitShard),
		"MergeShards":                   on(a.mergeShards),
		"UpdateShardCount":              on(a.updateShardCount),
		"UpdateStreamMode":              on(a.updateStreamMode),
		"StartStreamEncryption":         on(a.startEncryption),
		"StopStreamEncryption":          on(a.stopEncryption),
		"EnableEnhancedMonitoring":      on(a.enableMonitoring),
		"DisableEnhancedMonitoring":     on(a.disableMonitoring),
		"IncreaseStreamRetentionPeriod": on(a.increaseRetention),
		"DecreaseStreamRetentionPeriod": on(a.decreaseRetention),
		"AddTagsToStream":               on(a.addTags),
		"RemoveTagsFromStream":          on(a.removeTags),
		"ListTagsForStream":             on(a.listTags),
		"PutRecord":                     on(a.putRecord),
		"PutRecords":                    on(a.putRecords),
		"GetShardIterator":              on(a.getShardIterator),
		"GetRecords": wire.Op(a.getRecords, wire.Resource(func(ctx context.Context, in *kinesis.GetRecordsInput) string {
			if it, err := parseIterator(*in.ShardIterator); err == nil {
				return it.Stream
			}
			return "*"
		})),
	}}
}

// on is an operation on the stream that its input names by StreamARN or StreamName.
func on[I, O any](f func(context.Context, *I) (*O, error), options ...wire.Option[I]) wire.Operation {
	return wire.Op(f, append([]wire.Option[I]{wire.Resource(func(ctx context.Context, in *I) string {
		return resource(ctx, text(in, "StreamARN"), text(in, "StreamName"))
	})}, options...)...)
}

// text is a member of an input that is a text; nil where it has none.
func text(in any, member string) *string {
	v := reflect.ValueOf(in).Elem().FieldByName(member)
	if !v.IsValid() {
		return nil
	}
	value, _ := v.Interface().(*string)
	return value
}

func resource(ctx context.Context, streamARN, name *string) string {
	if streamARN != nil {
		return *streamARN
	}
	call := wire.CallFrom(ctx)
	return arn.KinesisStream(call.Region, call.Account, aws.ToString(name))
}

func toAWS(_ context.Context, _ string, err error) *wire.Error {
	switch fault.KindOf(err) {
	case fault.NotFound:
		return wire.Errorf(http.StatusBadRequest, "ResourceNotFoundException", "%v", err)
	case fault.Exists:
		return wire.Errorf(http.StatusBadRequest, "ResourceInUseException", "%v", err)
	case fault.Invalid, fault.Unsupported:
		return wire.Errorf(http.StatusBadRequest, "InvalidArgumentException", "%v", err)
	case fault.Denied:
		return wire.Errorf(http.StatusBadRequest, "AccessDeniedException", "%v", err)
	}
	return nil
}

var streamName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,128}$`)

// find finds the stream of an operation, which names it or gives its ARN.
func (a *API) find(ctx context.Context, streamARN, name *string) (*stream, error) {
	call := wire.CallFrom(ctx)
	if streamARN != nil {
		st, err := a.Store.byARN(ctx, *streamARN)
		if err == nil && name != nil && *name != st.name {
			return nil, fault.New(fault.Invalid, "StreamARN and StreamName name different streams.")
		}
		return st, err
	}
	if name == nil {
		return nil, fault.New(fault.Invalid, "Either StreamName or StreamARN must be given.")
	}
	return a.Store.get(ctx, call.Account, call.Region, *name)
}

func (a *API) createStream(ctx context.Context, in *kinesis.CreateStreamInput) (*kinesis.CreateStreamOutput, error) {
	call := wire.CallFrom(ctx)
	shards, mode := int(aws.ToInt32(in.ShardCount)), types.StreamModeProvisioned
	if in.StreamModeDetails != nil {
		mode = in.StreamModeDetails.StreamMode
	}
	switch {
	case !streamName.MatchString(*in.StreamName):
		return nil, wire.Validation(wire.Pattern("streamName", *in.StreamName, `[a-zA-Z0-9_.-]+`))
	case !slices.Contains(mode.Values(), mode):
		return nil, wire.Validation(wire.Enum("streamModeDetails.streamMode", string(mode), texts(mode.Values())))
	case in.WarmThroughputMiBps != nil || in.MaxRecordSizeInKiB != nil:
		return nil, fault.New(fault.Unsupported, "lambdasim does not simulate WarmThroughputMiBps and MaxRecordSizeInKiB of kinesis:CreateStream yet")
	case mode == types.StreamModeOnDemand && in.ShardCount != nil:
		return nil, wire.Errorf(http.StatusBadRequest, "ValidationException", "ShardCount must not be given for a stream with StreamMode ON_DEMAND")
	case mode == types.StreamModeOnDemand:
		shards = shardsOnDemand
	case in.ShardCount == nil:
		return nil, wire.Errorf(http.StatusBadRequest, "ValidationException", "ShardCount is required for a stream with StreamMode PROVISIONED")
	case shards < 1:
		return nil, wire.Validation(wire.AtLeast("shardCount", shards, 1))
	case shards > maxShards:
		return nil, wire.Errorf(http.StatusBadRequest, "LimitExceededException", "This request would exceed the shard limit of %d for the account %s", maxShards, call.Account)
	}
	tags := in.Tags
	if tags == nil {
		tags = map[string]string{}
	}
	return &kinesis.CreateStreamOutput{}, a.Store.create(ctx, &stream{account: call.Account, region: call.Region, name: *in.StreamName,
		retention: minRetention, tags: tags, config: config{Mode: mode}}, shards)
}

func (a *API) deleteStream(ctx context.Context, in *kinesis.DeleteStreamInput) (*kinesis.DeleteStreamOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	return &kinesis.DeleteStreamOutput{}, a.Store.remove(ctx, st)
}

// Pages of DescribeStream (API reference).
const shardsDescribed, mostDescribed = 100, 10000

func (a *API) describeStream(ctx context.Context, in *kinesis.DescribeStreamInput) (*kinesis.DescribeStreamOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	limit, after := shardsDescribed, -1
	if in.Limit != nil {
		if limit = int(*in.Limit); limit < 1 || limit > mostDescribed {
			return nil, wire.Validation(wire.AtMost("limit", limit, mostDescribed))
		}
		limit = min(limit, shardsDescribed) // "the maximum number of shards to return in a single call is 100"
	}
	if in.ExclusiveStartShardId != nil {
		after, _ = shardNumber(*in.ExclusiveStartShardId)
	}
	out := &types.StreamDescription{StreamName: &st.name, StreamARN: aws.String(st.arn()), StreamStatus: types.StreamStatusActive, HasMoreShards: aws.Bool(false),
		RetentionPeriodHours: aws.Int32(int32(st.retention)), StreamCreationTimestamp: &st.created, EncryptionType: st.encryption(), KeyId: st.keyID(),
		EnhancedMonitoring: st.monitoring(), Shards: []types.Shard{}, StreamModeDetails: &types.StreamModeDetails{StreamMode: st.Mode}}
	for _, h := range st.listed(a.Clock.Now()) {
		if h.n <= after {
			continue
		}
		if len(out.Shards) == limit {
			out.HasMoreShards = aws.Bool(true)
			break
		}
		out.Shards = append(out.Shards, st.describe(h))
	}
	return &kinesis.DescribeStreamOutput{StreamDescription: out}, nil
}

func (a *API) describeStreamSummary(ctx context.Context, in *kinesis.DescribeStreamSummaryInput) (*kinesis.DescribeStreamSummaryOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	return &kinesis.DescribeStreamSummaryOutput{StreamDescriptionSummary: &types.StreamDescriptionSummary{
		StreamName: &st.name, StreamARN: aws.String(st.arn()), StreamStatus: types.StreamStatusActive, OpenShardCount: aws.Int32(int32(st.openShards())),
		RetentionPeriodHours: aws.Int32(int32(st.retention)), StreamCreationTimestamp: &st.created, EncryptionType: st.encryption(), KeyId: st.keyID(),
		EnhancedMonitoring: st.monitoring(), ConsumerCount: aws.Int32(0), StreamModeDetails: &types.StreamModeDetails{StreamMode: st.Mode},
	}}, nil
}

func (a *API) listStreams(ctx context.Context, in *kinesis.ListStreamsInput) (*kinesis.ListStreamsOutput, error) {
	call := wire.CallFrom(ctx)
	names, err := a.Store.names(ctx, call.Account, call.Region)
	if err != nil {
		return nil, err
	}
	after := aws.ToString(in.ExclusiveStartStreamName)
	if in.NextToken != nil {
		after = *in.NextToken
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n <= after })
	out := &kinesis.ListStreamsOutput{StreamNames: names, HasMoreStreams: aws.Bool(false)}
	limit := 100
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	if len(names) > limit {
		out.StreamNames, out.HasMoreStreams, out.NextToken = names[:limit], aws.Bool(true), aws.String(names[limit-1])
	}
	for _, n := range out.StreamNames {
		out.StreamSummaries = append(out.StreamSummaries, types.StreamSummary{StreamName: aws.String(n),
			StreamARN: aws.String(arn.KinesisStream(call.Region, call.Account, n)), StreamStatus: types.StreamStatusActive})
	}
	return out, nil
}

// setRetention changes for how long records are kept. Those that have become too old by it are deleted at once.
func (a *API) setRetention(ctx context.Context, st *stream, hours *int32, up bool) error {
	n := int(aws.ToInt32(hours))
	now, err := a.Store.change(ctx, st, func(st *stream, _ time.Time) error {
		switch {
		case n < minRetention:
			return fault.New(fault.Invalid, "Minimum allowed retention period is %d hours. Requested retention period (%d hours) is too short.", minRetention, n)
		case n > maxRetention:
			return fault.New(fault.Invalid, "Maximum allowed retention period is %d hours. Requested retention period (%d hours) is too long.", maxRetention, n)
		case up && n < st.retention:
			return fault.New(fault.Invalid, "Requested retention period (%d hours) for stream %s can not be shorter than existing retention period (%d hours). Use DecreaseRetentionPeriod API.", n, st.name, st.retention)
		case !up && n > st.retention:
			return fault.New(fault.Invalid, "Requested retention period (%d hours) for stream %s can not be longer than existing retention period (%d hours). Use IncreaseRetentionPeriod API.", n, st.name, st.retention)
		}
		st.retention = n
		return nil
	})
	if err == nil && !up {
		a.Store.trimLater(now, now.horizon(a.Clock.Now()))
	}
	return err
}

func (a *API) increaseRetention(ctx context.Context, in *kinesis.IncreaseStreamRetentionPeriodInput) (*kinesis.IncreaseStreamRetentionPeriodOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	return &kinesis.IncreaseStreamRetentionPeriodOutput{}, a.setRetention(ctx, st, in.RetentionPeriodHours, true)
}

func (a *API) decreaseRetention(ctx context.Context, in *kinesis.DecreaseStreamRetentionPeriodInput) (*kinesis.DecreaseStreamRetentionPeriodOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	return &kinesis.DecreaseStreamRetentionPeriodOutput{}, a.setRetention(ctx, st, in.RetentionPeriodHours, false)
}

func (a *API) addTags(ctx context.Context, in *kinesis.AddTagsToStreamInput) (*kinesis.AddTagsToStreamOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	_, err = a.Store.change(ctx, st, func(st *stream, _ time.Time) error {
		maps.Copy(st.tags, in.Tags)
		if len(st.tags) > maxTags {
			return fault.New(fault.Invalid, "Failed to add tags to stream %s under account %s because a given stream cannot have more than %d tags associated with it.", st.name, st.account, maxTags)
		}
		return nil
	})
	return &kinesis.AddTagsToStreamOutput{}, err
}

func (a *API) removeTags(ctx context.Context, in *kinesis.RemoveTagsFromStreamInput) (*kinesis.RemoveTagsFromStreamOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	_, err = a.Store.change(ctx, st, func(st *stream, _ time.Time) error {
		maps.DeleteFunc(st.tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
		return nil
	})
	return &kinesis.RemoveTagsFromStreamOutput{}, err
}

func (a *API) listTags(ctx context.Context, in *kinesis.ListTagsForStreamInput) (*kinesis.ListTagsForStreamOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	out := &kinesis.ListTagsForStreamOutput{Tags: []types.Tag{}, HasMoreTags: aws.Bool(false)}
	for _, k := range slices.SortedFunc(maps.Keys(st.tags), strings.Compare) {
		out.Tags = append(out.Tags, types.Tag{Key: aws.String(k), Value: aws.String(st.tags[k])})
	}
	return out, nil
}
