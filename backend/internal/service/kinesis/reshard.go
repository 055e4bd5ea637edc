package kinesis

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of UpdateShardCount (API reference).
const (
	maxTarget      = 10000
	scalingsPerDay = 10
)

// resharding changes the shards of a stream, of which it has a copy of its own that nobody writes to meanwhile.
type resharding struct {
	*stream
	now  time.Time
	next int // the number of the next new shard
	made []int
}

// close ends a shard: the sequence after its last record is its end.
func (x *resharding) close(h *shard) {
	h.closed = &x.now
	h.end++
}

// add opens a shard.
func (x *resharding) add(of span, parent int, adjacent *int) {
	h := shard{n: x.next, span: of, parent: &parent, adjacent: adjacent, opened: x.now}
	x.next++
	x.made = append(x.made, h.n)
	x.shards = append(x.shards, h)
	x.arrange()
}

// split replaces an open shard by two, of which the second begins at a hash key.
func (x *resharding) split(n int, at hashKey) {
	h := x.shard(n)
	x.close(h)
	low, high := span{h.low, at.plus(-1)}, span{at, h.high}
	x.add(low, n, nil)
	x.add(high, n, nil)
}

// merge replaces two open shards by one; the second's keys follow the first's.
func (x *resharding) merge(first, second int) {
	h, g := x.shard(first), x.shard(second)
	x.close(h)
	x.close(g)
	x.add(span{h.low, g.high}, first, &second)
}

// scale splits and merges until the stream has so many open shards of the same width. A shard that reaches over the end of one of
// those is split there; then what lies within one of them is merged, two by two.
func (x *resharding) scale(target int) {
	for n := range target {
		want := even(n, target)
		for {
			i := slices.IndexFunc(x.open, func(h *shard) bool { return h.holds(want.low) && h.low != want.low })
			if i < 0 {
				break
			}
			x.split(x.open[i].n, want.low)
		}
	}
	for n := range target {
		want := even(n, target)
		for {
			i := slices.IndexFunc(x.open, func(h *shard) bool { return h.low == want.low })
			if x.open[i].high == want.high {
				break
			}
			x.merge(x.open[i].n, x.open[i+1].n)
		}
	}
}

// reshard changes a stream's shards. No record is written meanwhile; those that waited go to the new shards.
func (s *Store) reshard(ctx context.Context, st *stream, change func(x *resharding) error) error {
	var x *resharding
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		now, err := lockStream(ctx, tx, st)
		if err != nil {
			return err
		}
		x = &resharding{stream: now, now: tx.Now, next: now.shards[len(now.shards)-1].n + 1} // the one with the highest number is open
		before := len(x.shards)
		if err := change(x); err != nil {
			return err
		}
		if err := checkShardQuota(ctx, tx, x, before); err != nil {
			return err
		}
		return x.save(ctx, tx)
	})
	if err != nil {
		return err
	}
	s.forget(st.arn())
	for _, n := range x.made {
		s.wake(st.arn(), shardID(n))
	}
	s.trimLater(x.stream, x.now)
	return nil
}

// lockStream reads a stream while nobody writes to it.
func lockStream(ctx context.Context, tx *postgres.Tx, st *stream) (*stream, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM kinesis.streams WHERE id = $1 FOR UPDATE`, st.id); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `SELECT FROM kinesis.shards WHERE stream = $1 ORDER BY shard FOR UPDATE`, st.id); err != nil {
		return nil, err
	}
	return load(ctx, tx, st.account, st.region, st.name)
}

// checkShardQuota refuses more open shards than an account may have in a region.
func checkShardQuota(ctx context.Context, tx *postgres.Tx, x *resharding, before int) error {
	open := x.openShards()
	was := 0
	for _, h := range x.shards[:before] {
		if h.closed == nil || h.closed.Equal(x.now) {
			was++
		}
	}
	if open <= was {
		return nil
	}
	count, err := countShards(ctx, tx, x.account, x.region)
	if err != nil || count+open-was <= maxShards {
		return err
	}
	return wire.Errorf(http.StatusBadRequest, "LimitExceededException", "This request would exceed the shard limit for the account %s in %s. Current shard count for the account: %d. Limit: %d. "+
		"Number of additional shards that would have resulted from this request: %d. Refer to the AWS Service Limits page "+
		"(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits.", x.account, x.region, count, maxShards, open-was)
}

// countShards counts the open shards of an account in a region.
func countShards(ctx context.Context, tx *postgres.Tx, account, region string) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM kinesis.shards s JOIN kinesis.streams t ON t.id = s.stream
		WHERE t.account = @account AND t.region = @region AND s.closed IS NULL`, pgx.NamedArgs{"account": account, "region": region}).Scan(&n)
	return n, err
}

// save writes the shards that were closed and opened, and the stream's configuration.
func (x *resharding) save(ctx context.Context, tx *postgres.Tx) error {
	for i := range x.shards {
		h := &x.shards[i]
		switch {
		case slices.Contains(x.made, h.n):
			if _, err := tx.Exec(ctx, `INSERT INTO kinesis.shards (stream, shard, last, low, high, parent, adjacent, opened, closed)
				VALUES (@stream, @shard, @last, @low, @high, @parent, @adjacent, @opened, @closed)`,
				pgx.NamedArgs{"stream": x.id, "shard": h.n, "last": h.end, "low": h.low.String(), "high": h.high.String(), "parent": h.parent,
					"adjacent": h.adjacent, "opened": h.opened, "closed": h.closed}); err != nil {
				return err
			}
		case h.closed != nil && h.closed.Equal(x.now):
			if _, err := tx.Exec(ctx, `UPDATE kinesis.shards SET closed = @now, last = @last WHERE stream = @stream AND shard = @shard AND closed IS NULL`,
				pgx.NamedArgs{"stream": x.id, "shard": h.n, "last": h.end, "now": x.now}); err != nil {
				return err
			}
		}
	}
	_, err := tx.Exec(ctx, `UPDATE kinesis.streams SET config = @config WHERE id = @id`, pgx.NamedArgs{"id": x.id, "config": x.config})
	return err
}

// provisioned refuses to change the shards of a stream whose shards are Kinesis's own business.
func (x *resharding) provisioned(operation string) error {
	if x.Mode == types.StreamModeOnDemand {
		return wire.Errorf(http.StatusBadRequest, "ValidationException", "%s is only supported for data streams with the provisioned capacity mode: the stream %s under account %s is in ON_DEMAND mode.",
			operation, x.name, x.account)
	}
	return nil
}

// openShard finds a shard that is to be split or merged.
func (x *resharding) openShard(id string) (*shard, error) {
	n, ok := shardNumber(id)
	h := x.shard(n)
	switch {
	case !ok || h == nil || x.expired(h, x.now):
		return nil, fault.New(fault.NotFound, "Could not find shard %s in stream %s under account %s.", id, x.name, x.account)
	case h.closed != nil:
		return nil, fault.New(fault.Invalid, "Shard %s in stream %s under account %s has already been merged or split, and thus is not eligible for merging or splitting.", id, x.name, x.account)
	}
	return h, nil
}

func (a *API) splitShard(ctx context.Context, in *kinesis.SplitShardInput) (*kinesis.SplitShardOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	at, ok := parseHashKey(*in.NewStartingHashKey)
	if !ok {
		return nil, wire.Validation(wire.Pattern("newStartingHashKey", *in.NewStartingHashKey, `0|([1-9]\d{0,38})`))
	}
	return &kinesis.SplitShardOutput{}, a.Store.reshard(ctx, st, func(x *resharding) error {
		if err := x.provisioned("SplitShard"); err != nil {
			return err
		}
		h, err := x.openShard(*in.ShardToSplit)
		if err != nil {
			return err
		}
		if at.big().Cmp(h.low.plus(1).big()) <= 0 || at.compare(h.high) >= 0 {
			return fault.New(fault.Invalid, "NewStartingHashKey %s used in SplitShard() on shard %s in stream %s under account %s is not both greater than one plus the shard's StartingHashKey %s and less than the shard's EndingHashKey %s.",
				*in.NewStartingHashKey, *in.ShardToSplit, x.name, x.account, h.low, h.high)
		}
		x.split(h.n, at)
		return nil
	})
}

func (a *API) mergeShards(ctx context.Context, in *kinesis.MergeShardsInput) (*kinesis.MergeShardsOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	return &kinesis.MergeShardsOutput{}, a.Store.reshard(ctx, st, func(x *resharding) error {
		if err := x.provisioned("MergeShards"); err != nil {
			return err
		}
		first, err := x.openShard(*in.ShardToMerge)
		if err != nil {
			return err
		}
		second, err := x.openShard(*in.AdjacentShardToMerge)
		if err != nil {
			return err
		}
		if first.n == second.n || first.high.compare(second.low) >= 0 || first.high.plus(1) != second.low {
			return fault.New(fault.Invalid, "Shards %s and %s in stream %s under account %s are not an adjacent pair of shards eligible for merging",
				*in.ShardToMerge, *in.AdjacentShardToMerge, x.name, x.account)
		}
		x.merge(first.n, second.n)
		return nil
	})
}

func (a *API) updateShardCount(ctx context.Context, in *kinesis.UpdateShardCountInput) (*kinesis.UpdateShardCountOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	target := int(*in.TargetShardCount)
	if target < 1 {
		return nil, wire.Validation(wire.AtLeast("targetShardCount", target, 1))
	}
	if in.ScalingType != types.ScalingTypeUniformScaling {
		return nil, wire.Validation(wire.Enum("scalingType", string(in.ScalingType), []string{"UNIFORM_SCALING"}))
	}
	var current int
	err = a.Store.reshard(ctx, st, func(x *resharding) error {
		if err := x.provisioned("UpdateShardCount"); err != nil {
			return err
		}
		current = x.openShards()
		if err := x.mayScale(current, target); err != nil {
			return err
		}
		x.Scalings = append(within(x.Scalings, x.now), x.now)
		if target != current {
			x.scale(target)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &kinesis.UpdateShardCountOutput{StreamName: &st.name, StreamARN: aws.String(st.arn()), CurrentShardCount: aws.Int32(int32(current)),
		TargetShardCount: in.TargetShardCount}, nil
}

// mayScale holds a new count to the limits of UpdateShardCount. The text on the number of scalings is ours.
func (x *resharding) mayScale(current, target int) error {
	limit := func(text string, args ...any) error {
		return wire.Errorf(http.StatusBadRequest, "LimitExceededException", text, args...)
	}
	const counts = "Current open shard count: %d Target shard count: %d"
	switch {
	case target > maxTarget:
		return limit("Target shard count or number of open shards cannot be greater than %d. "+counts, maxTarget, current, target)
	case target > 2*current:
		return limit("UpdateShardCount cannot scale up over double your current open shard count. "+counts, current, target)
	case 2*target < current:
		return limit("UpdateShardCount cannot scale down below half your current open shard count. "+counts, current, target)
	case len(within(x.Scalings, x.now)) >= scalingsPerDay:
		return limit("UpdateShardCount has been called %d times for the stream %s under account %s in the last 24 hours, and cannot be called more often.", scalingsPerDay, x.name, x.account)
	}
	return nil
}

// within are the instants of the last 24 hours.
func within(list []time.Time, now time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(list), func(at time.Time) bool { return !at.After(now.Add(-24 * time.Hour)) })
}
