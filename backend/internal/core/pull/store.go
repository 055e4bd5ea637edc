package pull

import (
	"context"
	"encoding/json"
	"errors"
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
	_, err := tx.Exec(ctx, `UPDATE pull.mappings SET function = @function, config = @config, enabled = @enabled, modified = @modified,
		reason = @reason, tags = @tags WHERE uuid = @uuid`,
		pgx.NamedArgs{"uuid": m.UUID, "function": m.FunctionARN, "config": m.Config, "enabled": m.Enabled, "modified": m.LastModified,
			"reason": m.Reason, "tags": m.Tags})
	return err
}

func lockMapping(ctx context.Context, tx *postgres.Tx, account, region, uuid string) (*EventSourceMapping, error) {
	rows, err := tx.Query(ctx, `SELECT `+mappingColumns+` FROM pull.mappings
		WHERE uuid = @uuid AND account = @account AND region = @region FOR UPDATE`,
		pgx.NamedArgs{"uuid": uuid, "account": account, "region": region})
	if err != nil {
		return nil, err
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanMapping)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoMapping()
	}
	return m, err
}

// laneRow is what a lane must remember.
type laneRow struct {
	uuid, shard string
	checkpoint  string
	failures    int
	last        string
	due         *time.Time
	header      *trace.Header
}

func loadLanes(ctx context.Context, db *postgres.DB) ([]laneRow, error) {
	rows, err := db.Query(ctx, `SELECT uuid, shard, checkpoint, failures, last, due, header FROM pull.lanes ORDER BY uuid, shard`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l laneRow, err error) {
		var header []byte
		if err = row.Scan(&l.uuid, &l.shard, &l.checkpoint, &l.failures, &l.last, &l.due, &header); err == nil && header != nil {
			l.header = &trace.Header{}
			err = json.Unmarshal(header, l.header)
		}
		return l, err
	})
}

func insertLane(ctx context.Context, tx *postgres.Tx, l laneRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO pull.lanes (uuid, shard, checkpoint, failures, last) VALUES (@uuid, @shard, @checkpoint, 0, '')`,
		pgx.NamedArgs{"uuid": l.uuid, "shard": l.shard, "checkpoint": l.checkpoint})
	return err
}

// saveLane writes what has become of a batch, and the mapping's last result with it.
func saveLane(ctx context.Context, tx *postgres.Tx, l laneRow, result string) error {
	var header any
	if l.header != nil {
		header = l.header
	}
	if _, err := tx.Exec(ctx, `UPDATE pull.lanes SET checkpoint = @checkpoint, failures = @failures, last = @last, due = @due, header = @header
		WHERE uuid = @uuid AND shard = @shard`,
		pgx.NamedArgs{"uuid": l.uuid, "shard": l.shard, "checkpoint": l.checkpoint, "failures": l.failures, "last": l.last,
			"due": l.due, "header": header}); err != nil {
		return err
	}
	return saveResult(ctx, tx, l.uuid, result)
}

func saveResult(ctx context.Context, tx *postgres.Tx, uuid, result string) error {
	_, err := tx.Exec(ctx, `UPDATE pull.mappings SET last_result = @result WHERE uuid = @uuid AND last_result <> @result`,
		pgx.NamedArgs{"uuid": uuid, "result": result})
	return err
}
