package kinesis

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// modesPerDay is how often a stream's mode may be changed in 24 hours (API reference, StreamModeDetails).
const modesPerDay = 2

// updateStreamMode changes who decides about the number of shards. The shards stay.
func (a *API) updateStreamMode(ctx context.Context, in *kinesis.UpdateStreamModeInput) (*kinesis.UpdateStreamModeOutput, error) {
	mode := in.StreamModeDetails.StreamMode
	switch {
	case !slices.Contains(mode.Values(), mode):
		return nil, wire.Validation(wire.Enum("streamModeDetails.streamMode", string(mode), texts(mode.Values())))
	case in.WarmThroughputMiBps != nil:
		return nil, fault.New(fault.Unsupported, "lambdasim does not simulate WarmThroughputMiBps of kinesis:UpdateStreamMode yet")
	}
	st, err := a.find(ctx, in.StreamARN, nil)
	if err != nil {
		return nil, err
	}
	_, err = a.Store.change(ctx, st, func(st *stream, now time.Time) error {
		if st.Mode == mode {
			return nil
		}
		if st.ModeChanges = within(st.ModeChanges, now); len(st.ModeChanges) >= modesPerDay {
			return wire.Errorf(http.StatusBadRequest, "LimitExceededException", "The mode of the stream %s under account %s has been changed %d times in the last 24 hours, and cannot be changed more often.",
				st.name, st.account, modesPerDay)
		}
		st.Mode, st.ModeChanges = mode, append(st.ModeChanges, now)
		return nil
	})
	return &kinesis.UpdateStreamModeOutput{}, err
}

// encryption is what a stream says of its encryption. Nothing is encrypted.
func (st *stream) encryption() types.EncryptionType {
	if st.KeyID == "" {
		return types.EncryptionTypeNone
	}
	return types.EncryptionTypeKms
}

// shownEncryption is encryption for what says nothing where there is none.
func (st *stream) shownEncryption() types.EncryptionType {
	if st.KeyID == "" {
		return ""
	}
	return types.EncryptionTypeKms
}

func (st *stream) keyID() *string {
	if st.KeyID == "" {
		return nil
	}
	return &st.KeyID
}

// kms holds the members of StartStreamEncryption and its opposite to what they may be.
func kms(kind types.EncryptionType, key string) error {
	if kind != types.EncryptionTypeKms {
		return wire.Validation(wire.Enum("encryptionType", string(kind), texts(kind.Values())))
	}
	if key == "" {
		return wire.Validation(wire.MinLength("keyId", key, 1))
	}
	return nil
}

func (a *API) startEncryption(ctx context.Context, in *kinesis.StartStreamEncryptionInput) (*kinesis.StartStreamEncryptionOutput, error) {
	if err := kms(in.EncryptionType, *in.KeyId); err != nil {
		return nil, err
	}
	return &kinesis.StartStreamEncryptionOutput{}, a.setKey(ctx, in.StreamARN, in.StreamName, *in.KeyId)
}

func (a *API) stopEncryption(ctx context.Context, in *kinesis.StopStreamEncryptionInput) (*kinesis.StopStreamEncryptionOutput, error) {
	if err := kms(in.EncryptionType, *in.KeyId); err != nil {
		return nil, err
	}
	return &kinesis.StopStreamEncryptionOutput{}, a.setKey(ctx, in.StreamARN, in.StreamName, "")
}

func (a *API) setKey(ctx context.Context, streamARN, name *string, key string) error {
	st, err := a.find(ctx, streamARN, name)
	if err != nil {
		return err
	}
	_, err = a.Store.change(ctx, st, func(st *stream, _ time.Time) error {
		st.KeyID = key
		return nil
	})
	return err
}

// monitoring is the stream's shard-level metrics. None is measured.
func (st *stream) monitoring() []types.EnhancedMetrics {
	return []types.EnhancedMetrics{{ShardLevelMetrics: append([]types.MetricsName{}, st.Metrics...)}}
}

// setMetrics changes the shard-level metrics, and returns those of before and of now.
func (a *API) setMetrics(ctx context.Context, streamARN, name *string, given []types.MetricsName, edit func(now, given []types.MetricsName) []types.MetricsName) (st *stream, before []types.MetricsName, err error) {
	for _, m := range given {
		if !slices.Contains(m.Values(), m) {
			return nil, nil, wire.Validation(wire.Enum("shardLevelMetrics", string(m), texts(m.Values())))
		}
	}
	if slices.Contains(given, types.MetricsNameAll) {
		given = slices.DeleteFunc(types.MetricsNameAll.Values(), func(m types.MetricsName) bool { return m == types.MetricsNameAll })
	}
	if st, err = a.find(ctx, streamARN, name); err != nil {
		return nil, nil, err
	}
	st, err = a.Store.change(ctx, st, func(st *stream, _ time.Time) error {
		before = st.Metrics
		st.Metrics = edit(st.Metrics, given)
		return nil
	})
	return st, before, err
}

func (a *API) enableMonitoring(ctx context.Context, in *kinesis.EnableEnhancedMonitoringInput) (*kinesis.EnableEnhancedMonitoringOutput, error) {
	st, before, err := a.setMetrics(ctx, in.StreamARN, in.StreamName, in.ShardLevelMetrics, func(now, given []types.MetricsName) []types.MetricsName {
		all := append(slices.Clone(now), given...)
		slices.SortFunc(all, func(x, y types.MetricsName) int { return strings.Compare(string(x), string(y)) })
		return slices.Compact(all)
	})
	if err != nil {
		return nil, err
	}
	return &kinesis.EnableEnhancedMonitoringOutput{StreamName: &st.name, StreamARN: aws.String(st.arn()), CurrentShardLevelMetrics: before, DesiredShardLevelMetrics: st.Metrics}, nil
}

func (a *API) disableMonitoring(ctx context.Context, in *kinesis.DisableEnhancedMonitoringInput) (*kinesis.DisableEnhancedMonitoringOutput, error) {
	st, before, err := a.setMetrics(ctx, in.StreamARN, in.StreamName, in.ShardLevelMetrics, func(now, given []types.MetricsName) []types.MetricsName {
		return slices.DeleteFunc(slices.Clone(now), func(m types.MetricsName) bool { return slices.Contains(given, m) })
	})
	if err != nil {
		return nil, err
	}
	return &kinesis.DisableEnhancedMonitoringOutput{StreamName: &st.name, StreamARN: aws.String(st.arn()), CurrentShardLevelMetrics: before, DesiredShardLevelMetrics: st.Metrics}, nil
}
