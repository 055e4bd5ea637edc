package agenda

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// settleBatch is how many settled items one transaction writes at most.
const settleBatch = 500

// settlePause is how long settled items gather, in real time: each transaction costs the same for one as for many.
const settlePause = 2 * time.Millisecond

// settled is what has become of an item: its row goes, or is written anew. Without an item it is where an automatic clock
// has come to.
type settled struct {
	item  Item
	again bool
	clock time.Time
}

// settle keeps the last word on each item of the batch.
func settle(ctx context.Context, tx *postgres.Tx, batch []settled) error {
	last := map[int64]settled{}
	var stands time.Time
	for _, s := range batch {
		if s.item.ID == 0 {
			stands = s.clock
			continue
		}
		last[s.item.ID] = s
	}
	if !stands.IsZero() {
		if err := writeClock(ctx, tx, stands); err != nil {
			return err
		}
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

// insertBatches writes what several callers put, and hands it over once it is committed: also what a caller put who no
// longer waits.
func (a *Agenda) insertBatches(batches [][]Item) postgres.Statement {
	var all []Item
	for _, b := range batches {
		all = append(all, b...)
	}
	return postgres.Statement{SQL: insertItems, Args: columns(all), After: func() { a.send(func() { a.add(all...) }) }}
}

const insertItems = `
	INSERT INTO agenda.items (id, kind, lane, account, due, attempt, background, body)
	SELECT * FROM unnest(@ids::bigint[], @kinds::text[], @lanes::text[], @accounts::text[], @dues::timestamptz[],
		@attempts::int[], @background::boolean[], @bodies::bytea[])`

func insert(ctx context.Context, tx *postgres.Tx, items []Item) error {
	_, err := tx.Exec(ctx, insertItems, columns(items))
	return err
}

// columns are the arguments of insertItems.
func columns(items []Item) pgx.NamedArgs {
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
	return pgx.NamedArgs{"ids": ids, "kinds": kinds, "lanes": lanes, "accounts": accounts, "dues": dues,
		"attempts": attempts, "background": background, "bodies": bodies}
}

// load reads what is unfinished, in the order in which it falls due. The first bodies come with it, up to so many bytes.
func load(ctx context.Context, db *postgres.DB, bodies int) ([]Item, error) {
	found, err := db.Query(ctx, `
		SELECT id, kind, lane, account, due, attempt, background,
			CASE WHEN sum(octet_length(body)) OVER (ORDER BY due, id ROWS UNBOUNDED PRECEDING) <= @bodies THEN body END
		FROM agenda.items ORDER BY due, id`, pgx.NamedArgs{"bodies": bodies})
	if err != nil {
		return nil, err
	}
	words := map[string]string{}
	word := func(s *string) {
		if known, ok := words[*s]; ok {
			*s = known
			return
		}
		words[*s] = *s
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (it Item, err error) {
		err = row.Scan(&it.ID, &it.Kind, &it.Lane, &it.Account, &it.Due, &it.Attempt, &it.Background, &it.Body)
		it.away = it.Body == nil
		word(&it.Kind)
		word(&it.Lane)
		word(&it.Account)
		return it, err
	})
}

// fetch reads the body of an item that memory had no room for; false when there is no such item any more. An item that was
// put back is written behind, so that comes first.
func (a *Agenda) fetch(ctx context.Context, it *Item) (bool, error) {
	if err := a.rows.Flush(ctx); err != nil {
		return false, err
	}
	err := a.db.QueryRow(ctx, `SELECT body FROM agenda.items WHERE id = $1`, it.ID).Scan(&it.Body)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	it.away = false
	return err == nil, err
}

func deleteAccount(ctx context.Context, tx *postgres.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM agenda.items WHERE @account = '' OR account = @account`, pgx.NamedArgs{"account": account})
	return err
}
