package kinesis

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Pages of shards (API reference, ListShards).
const (
	shardsPerPage = 1000
	maxPerPage    = 10000
	tokenLives    = 300 * time.Second
)

// shardPage is what a token of ListShards says; clients see it as opaque text.
type shardPage struct {
	Stream string                `json:"s"`
	After  int                   `json:"a"`
	Type   types.ShardFilterType `json:"f,omitempty"`
	At     *time.Time            `json:"t,omitempty"`
	Issued time.Time             `json:"i"`
}

func (p shardPage) String() string {
	text, err := json.Marshal(p)
	if err != nil { // plain values
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(text)
}

func parseShardPage(s string) (p shardPage, err error) {
	text, err := base64.StdEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		err = fault.New(fault.Invalid, "NextToken is invalid.")
	}
	return p, err
}

// firstPage reads where ListShards begins, and its filter.
func (a *API) firstPage(ctx context.Context, in *kinesis.ListShardsInput) (p shardPage, err error) {
	now := a.Clock.Now()
	if in.NextToken != nil {
		if in.StreamName != nil || in.StreamARN != nil || in.ExclusiveStartShardId != nil || in.StreamCreationTimestamp != nil {
			return p, fault.New(fault.Invalid, "NextToken and StreamName cannot be provided together.")
		}
		if p, err = parseShardPage(*in.NextToken); err == nil && now.Sub(p.Issued) > tokenLives {
			err = wire.Errorf(http.StatusBadRequest, "ExpiredNextTokenException", "NextToken has expired: it is good for %d seconds.", tokenLives/time.Second)
		}
		return p, err
	}
	if in.StreamName == nil && in.StreamARN == nil {
		return p, fault.New(fault.Invalid, "Either NextToken or StreamName should be provided.")
	}
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return p, err
	}
	if in.StreamCreationTimestamp != nil && in.StreamCreationTimestamp.Unix() != st.created.Unix() {
		return p, notFound(st.account, st.name)
	}
	p = shardPage{Stream: st.arn(), After: -1}
	after := in.ExclusiveStartShardId
	if f := in.ShardFilter; f != nil {
		if p.Type, p.At = f.Type, f.Timestamp; f.Type == types.ShardFilterTypeAfterShardId {
			p.Type, after = "", f.ShardId
			if after == nil {
				return p, fault.New(fault.Invalid, "ShardFilter of type AFTER_SHARD_ID needs a ShardId.")
			}
		} else if f.ShardId != nil {
			return p, fault.New(fault.Invalid, "ShardId of a ShardFilter can only be used with the type AFTER_SHARD_ID.")
		}
		timed := p.Type == types.ShardFilterTypeAtTimestamp || p.Type == types.ShardFilterTypeFromTimestamp
		switch {
		case timed != (p.At != nil):
			return p, fault.New(fault.Invalid, "Timestamp of a ShardFilter must be given with the types AT_TIMESTAMP and FROM_TIMESTAMP, and with no other.")
		case p.Type != "" && !slices.Contains(p.Type.Values(), p.Type):
			return p, wire.Validation(wire.Enum("shardFilter.type", string(p.Type), texts(p.Type.Values())))
		}
	}
	if after != nil {
		n, ok := shardNumber(*after)
		if !ok {
			return p, fault.New(fault.Invalid, "Shard %s in stream %s under account %s does not exist", *after, st.name, st.account)
		}
		p.After = n
	}
	return p, nil
}

func texts[T ~string](values []T) (list []string) {
	for _, v := range values {
		list = append(list, string(v))
	}
	return list
}

// passes reports whether a filter of ListShards lets a shard through.
func (p *shardPage) passes(st *stream, h *shard, now time.Time) bool {
	until := func(at time.Time) bool { return h.closed == nil || !h.closed.Before(at) }
	switch p.Type {
	case types.ShardFilterTypeAtLatest:
		return h.closed == nil
	case types.ShardFilterTypeAtTrimHorizon:
		at := st.horizon(now)
		if at.Before(st.created) {
			at = st.created
		}
		return !h.opened.After(at) && until(at)
	case types.ShardFilterTypeAtTimestamp:
		return !h.opened.After(*p.At) && until(*p.At)
	case types.ShardFilterTypeFromTimestamp:
		return until(*p.At)
	}
	return true // FROM_TRIM_HORIZON
}

func (a *API) listShards(ctx context.Context, in *kinesis.ListShardsInput) (*kinesis.ListShardsOutput, error) {
	p, err := a.firstPage(ctx, in)
	if err != nil {
		return nil, err
	}
	st, err := a.Store.byARN(ctx, p.Stream)
	if err != nil {
		return nil, err
	}
	limit := shardsPerPage
	if in.MaxResults != nil {
		if n := int(*in.MaxResults); n < 1 || n > maxPerPage {
			return nil, wire.Validation(wire.AtMost("maxResults", n, maxPerPage))
		}
		limit = min(limit, int(*in.MaxResults))
	}
	out := &kinesis.ListShardsOutput{Shards: []types.Shard{}}
	now := a.Clock.Now()
	for _, h := range st.listed(now) {
		if h.n <= p.After || !p.passes(st, h, now) {
			continue
		}
		if len(out.Shards) == limit {
			p.After, _ = shardNumber(*out.Shards[limit-1].ShardId)
			p.Issued = now
			out.NextToken = aws.String(p.String())
			break
		}
		out.Shards = append(out.Shards, st.describe(h))
	}
	return out, nil
}
