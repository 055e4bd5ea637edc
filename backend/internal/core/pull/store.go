package pull

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

const mappingColumns = `uuid, account, region, source_arn, function, config, enabled, modified, last_result, reason, tags`

func scanMapping(row pgx.CollectableRow) (*EventSourceMapping, error) {
	m := &EventSourceMapping{}
	err := row.Scan(&m.UUID, &m.Account, &m.Region, &m.EventSourceARN, &m.FunctionARN, &m.Config, &m.Enabled, &m.LastModified,
		&m.LastResult, &m.Reason, &m.Tags)
	m.LastModified = m.LastModified.UTC()
	m.rest()
	return m, err
}

func errNoMapping() error {
	return fault.New(fault.NotFound, "The resource you requested does not exist.")
}

func insertMapping(ctx context.Context, tx *postgres.Tx, m *EventSourceMapping) error {
	_, err := tx.Exec(ctx, `INSERT INTO pull.mappings (`+mappingColumns+`)
		VALUES (@uuid, @account, @region, @source, @function, @config, @enabled, @modified, @result, @reason, @tags)`,
		pgx.NamedArgs{"uuid": m.UUID, "account": m.Account, "region": m.Region, "source": m.EventSourceARN, "function": m.FunctionARN,
			"config": m.Config, "enabled": m.Enabled, "modified": m.LastModified, "result": m.LastResult, "reason": m.Reason, "tags": m.Tags})
	return err
}

func updateMapping(ctx context.Context, tx *postgres.Tx, m *EventSourceMapping) error {
	done, err := tx.Exec(ctx, `UPDATE pull.mappings SET function = @function, config = @config, enabled = @enabled, modified = @modified,
		reason = @reason, tags = @tags WHERE uuid = @uuid`,
		pgx.NamedArgs{"uuid": m.UUID, "function": m.FunctionARN, "config": m.Config, "enabled": m.Enabled, "modified": m.LastModified,
			"reason": m.Reason, "tags": m.Tags})
	if err == nil && done.RowsAffected() == 0 {
		return errNoMapping()
	}
	return err
}

// laneRow is what a lane must remember.
type laneRow struct {
	uuid string
	place
	checkpoint string // everything up to this sequence number is done; empty: nothing
	failures   int    // attempts at the batch that is tried again
	ends       []string
	due        *time.Time
	header     *trace.Header
	window     *tumbling // the open one; nil for none
}

// settled is a lane after a batch, and the mapping's last result where that has changed.
type settled struct {
	laneRow
	factor int // the mapping's, when the lane began: under another one the row is another lane's
	result string
}

func loadLanes(ctx context.Context, db *postgres.DB) ([]laneRow, error) {
	rows, err := db.Query(ctx, `SELECT uuid, shard, part, checkpoint, failures, ends, due, header, tumbling FROM pull.lanes ORDER BY uuid, shard, part`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l laneRow, err error) {
		var header []byte
		var ends string
		if err = row.Scan(&l.uuid, &l.shard, &l.part, &l.checkpoint, &l.failures, &ends, &l.due, &header, &l.window); err == nil && header != nil {
			l.header = &trace.Header{}
			err = json.Unmarshal(header, l.header)
		}
		l.ends = strings.Fields(ends)
		return l, err
	})
}

// insertLanes makes lanes of a mapping, unless it is gone.
func insertLanes(ctx context.Context, tx *postgres.Tx, rows []laneRow) error {
	for _, l := range rows {
		_, err := tx.Exec(ctx, `INSERT INTO pull.lanes (uuid, shard, part, checkpoint, failures)
			SELECT uuid, @shard, @part, @checkpoint, 0 FROM pull.mappings WHERE uuid = @uuid ON CONFLICT DO NOTHING`,
			pgx.NamedArgs{"uuid": l.uuid, "shard": l.shard, "part": l.part, "checkpoint": l.checkpoint})
		if err != nil {
			return err
		}
	}
	return nil
}

// saveLanes writes what has become of batches.
func saveLanes(ctx context.Context, tx *postgres.Tx, lanes []settled) error {
	n := len(lanes)
	uuids, shards, checkpoints, ends := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	parts, failures, factors := make([]int32, n), make([]int32, n), make([]int32, n)
	dues, headers, windows := make([]*time.Time, n), make([]*string, n), make([]*string, n)
	results := map[string]string{}
	for i, l := range lanes {
		uuids[i], shards[i], parts[i], checkpoints[i] = l.uuid, l.shard, int32(l.part), l.checkpoint
		failures[i], ends[i], dues[i], factors[i] = int32(l.failures), strings.Join(l.ends, " "), l.due, int32(l.factor)
		if l.header != nil {
			headers[i] = textOf(l.header)
		}
		if l.window != nil {
			windows[i] = textOf(l.window)
		}
		if l.result != "" {
			results[l.uuid] = l.result
		}
	}
	_, err := tx.Exec(ctx, `UPDATE pull.lanes l SET checkpoint = n.checkpoint, failures = n.failures, ends = n.ends, due = n.due, header = n.header::jsonb,
			tumbling = n.tumbling::jsonb
		FROM unnest(@uuids::text[], @shards::text[], @parts::int[], @checkpoints::text[], @failures::int[], @ends::text[],
			@dues::timestamptz[], @headers::text[], @windows::text[], @factors::int[])
			AS n(uuid, shard, part, checkpoint, failures, ends, due, header, tumbling, factor)
		JOIN pull.mappings m ON m.uuid = n.uuid AND greatest((m.config->>'ParallelizationFactor')::int, 1) = n.factor
		WHERE l.uuid = n.uuid AND l.shard = n.shard AND l.part = n.part`,
		pgx.NamedArgs{"uuids": uuids, "shards": shards, "parts": parts, "checkpoints": checkpoints, "failures": failures, "ends": ends,
			"dues": dues, "headers": headers, "windows": windows, "factors": factors})
	if err != nil {
		return err
	}
	return saveResults(ctx, tx, results)
}

// textOf is a value as JSON.
func textOf(v any) *string {
	b, err := json.Marshal(v)
	if err != nil { // texts, numbers and times
		panic(err)
	}
	text := string(b)
	return &text
}

// saveResults writes the last results of mappings.
func saveResults(ctx context.Context, tx *postgres.Tx, results map[string]string) error {
	for _, uuid := range slices.Sorted(maps.Keys(results)) {
		if _, err := tx.Exec(ctx, `UPDATE pull.mappings SET last_result = @result WHERE uuid = @uuid`,
			pgx.NamedArgs{"uuid": uuid, "result": results[uuid]}); err != nil {
			return err
		}
	}
	return nil
}

// deleteLanes removes the lanes of a mapping and returns where they were.
func deleteLanes(ctx context.Context, tx *postgres.Tx, uuid string) ([]laneRow, error) {
	rows, err := tx.Query(ctx, `WITH gone AS (DELETE FROM pull.lanes WHERE uuid = $1 RETURNING shard, part, checkpoint, tumbling)
		SELECT shard, part, checkpoint, tumbling FROM gone ORDER BY shard, part`, uuid)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l laneRow, err error) {
		l.uuid = uuid
		err = row.Scan(&l.shard, &l.part, &l.checkpoint, &l.window)
		return l, err
	})
}
