package agenda

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// settleBatch is how many settled items one transaction writes at most.
const settleBatch = 500

// settled is what has become of an item: its row goes, or is written anew.
type settled struct {
	item  Item
	again bool
}

// settle keeps the last word on each item of the batch.
func settle(ctx context.Context, tx *postgres.Tx, batch []settled) error {
	last := map[int64]settled{}
	for _, s := range batch {
		last[s.item.ID] = s
	}
	var gone, ids []int64
	var dues []time.Time
	var attempts []int32
	var bodies [][]byte
	for id, s := range last {
		if !s.again {
			gone = append(gone, id)
			continue
		}
		ids, dues = append(ids, id), append(dues, s.item.Due)
		attempts, bodies = append(attempts, int32(s.item.Attempt)), append(bodies, s.item.Body)
	}
	if len(gone) > 0 {
		if _, err := tx.Exec(ctx, `DELETE FROM agenda.items WHERE id = ANY(@ids)`, pgx.NamedArgs{"ids": gone}); err != nil {
			return err
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		UPDATE agenda.items i SET due = n.due, attempt = n.attempt, body = n.body
		FROM unnest(@ids::bigint[], @dues::timestamptz[], @attempts::int[], @bodies::bytea[]) AS n(id, due, attempt, body)
		WHERE i.id = n.id`,
		pgx.NamedArgs{"ids": ids, "dues": dues, "attempts": attempts, "bodies": bodies})
	return err
}

func insertBatches(ctx context.Context, tx *postgres.Tx, batches [][]Item) error {
	var all []Item
	for _, b := range batches {
		all = append(all, b...)
	}
	return insert(ctx, tx, all)
}

func insert(ctx context.Context, tx *postgres.Tx, items []Item) error {
	n := len(items)
	ids, kinds, lanes, accounts := make([]int64, n), make([]string, n), make([]string, n), make([]string, n)
	dues, attempts := make([]time.Time, n), make([]int32, n)
	background, bodies := make([]bool, n), make([][]byte, n)
	for i, it := range items {
		ids[i], kinds[i], lanes[i], accounts[i] = it.ID, it.Kind, it.Lane, it.Account
		dues[i], attempts[i], background[i] = it.Due, int32(it.Attempt), it.Background
		if bodies[i] = it.Body; it.Body == nil {
			bodies[i] = []byte{}
		}
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO agenda.items (id, kind, lane, account, due, attempt, background, body)
		SELECT * FROM unnest(@ids::bigint[], @kinds::text[], @lanes::text[], @accounts::text[], @dues::timestamptz[],
			@attempts::int[], @background::boolean[], @bodies::bytea[])`,
		pgx.NamedArgs{"ids": ids, "kinds": kinds, "lanes": lanes, "accounts": accounts, "dues": dues,
			"attempts": attempts, "background": background, "bodies": bodies})
	return err
}

func load(ctx context.Context, db *postgres.DB) ([]Item, error) {
	found, err := db.Query(ctx, `SELECT id, kind, lane, account, due, attempt, background, body FROM agenda.items ORDER BY id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (it Item, err error) {
		err = row.Scan(&it.ID, &it.Kind, &it.Lane, &it.Account, &it.Due, &it.Attempt, &it.Background, &it.Body)
		return it, err
	})
}

func deleteAccount(ctx context.Context, tx *postgres.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM agenda.items WHERE @account = '' OR account = @account`, pgx.NamedArgs{"account": account})
	return err
}
