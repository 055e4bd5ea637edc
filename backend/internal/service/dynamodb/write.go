package dynamodb

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// call is what one request writes: groups that succeed or fail one by one, each as a whole.
type call struct {
	groups []*group
	token  *token // of TransactWriteItems
	parent int64  // the delivery that the call follows from; 0 for none
	err    error  // of the token
}

// group is operations of which either all are done or none.
type group struct{ ops []*op }

// err is why the group was not done: the first operation's refusal.
func (g *group) err() error {
	for _, o := range g.ops {
		if o.err != nil {
			return o.err
		}
	}
	return nil
}

// verb is what an operation does.
type verb int

const (
	put verb = iota
	update
	remove
	check  // changes nothing
	expire // removes what has expired, as the service does
)

// op is one operation on one item. The last four are filled in by the flush.
type op struct {
	verb      verb
	table     *table
	at        position
	item      expression.Item    // the new item of a put; the key of the others
	update    *expression.Update // nil: the item is made if it isn't there
	condition *expression.Condition
	ifThere   bool // an update that makes no item

	was, is expression.Item // nil: there is none
	size    int             // bytes of the larger of the two
	err     error
}

// errCondition is a condition that doesn't hold.
var errCondition = fault.New(fault.Precondition, "The conditional request failed")

// spot is a partition of a table.
type spot struct {
	table int64
	n     int
}

func (x spot) compare(y spot) int {
	return cmp.Or(cmp.Compare(x.table, y.table), cmp.Compare(x.n, y.n))
}

// cell is an item while a flush works on it.
type cell struct {
	table    *table
	at       position
	was, now expression.Item
}

// flush is one transaction of the writer.
type flush struct {
	tx     *postgres.Tx
	tables map[int64]*table
	last   map[spot]int64
	times  map[spot]time.Time
	tips   map[spot]*tip
	rolls  []roll
	cells  map[cellKey]*cell
	order  []*cell
	record []record
	parent int64 // of the call that is run
	// touched are the partitions that got records, with their tables.
	touched map[spot]*table
}

// cellKey tells items apart.
type cellKey struct {
	table      int64
	hash, sort string
}

func (o *op) cellKey() cellKey { return cellKey{o.table.id, string(o.at.hash), string(o.at.sort)} }

func (o *op) spot(t *table) spot { return spot{o.table.id, share(o.at.place, t.Partitions)} }

// flush commits what several calls write.
func (s *Store) flush(ctx context.Context, tx *postgres.Tx, calls []*call) error {
	f := &flush{tx: tx, tables: map[int64]*table{}, last: map[spot]int64{}, times: map[spot]time.Time{}, tips: map[spot]*tip{}, cells: map[cellKey]*cell{},
		touched: map[spot]*table{}}
	var ops []*op
	for _, c := range calls {
		for _, g := range c.groups {
			ops = append(ops, g.ops...)
		}
	}
	if err := f.lock(ctx, ops); err != nil {
		return err
	}
	if err := f.load(ctx, ops); err != nil {
		return err
	}
	for _, c := range calls {
		done := false
		if c.token != nil {
			var err error
			if done, c.err, err = c.token.used(ctx, tx); err != nil {
				return err
			}
		}
		if done || c.err != nil {
			continue
		}
		f.parent = c.parent
		for _, g := range c.groups {
			f.run(g)
		}
		if c.token != nil && c.groups[0].err() == nil {
			if err := c.token.keep(ctx, tx); err != nil {
				return err
			}
		}
	}
	if err := f.write(ctx); err != nil {
		return err
	}
	tx.AfterCommit(func() { s.written(f) })
	return nil
}

// lock locks the partitions, in one order, so that two flushers never wait for each other, and reads the definitions of
// their tables as they are now.
func (f *flush) lock(ctx context.Context, ops []*op) error {
	want := map[spot]bool{}
	for _, o := range ops {
		want[o.spot(o.table)] = true
	}
	spots := make([]spot, 0, len(want))
	for at := range want {
		spots = append(spots, at)
	}
	ids, ns := make([]int64, len(spots)), make([]int, len(spots))
	for i, at := range spots {
		ids[i], ns[i] = at.table, at.n
	}
	rows, err := f.tx.Query(ctx, `SELECT tbl, n, last, at, shard, first, since FROM dynamodb.partitions
		WHERE (tbl, n) IN (SELECT * FROM unnest(@tables::bigint[], @ns::int[])) ORDER BY tbl, n FOR UPDATE`, pgx.NamedArgs{"tables": ids, "ns": ns})
	if err != nil {
		return err
	}
	var at spot
	var last int64
	var newest time.Time
	var open tip
	if _, err = pgx.ForEachRow(rows, []any{&at.table, &at.n, &last, &newest, &open.n, &open.first, &open.since}, func() error {
		of := open
		f.last[at], f.times[at], f.tips[at] = last, newest.UTC(), &of
		return nil
	}); err != nil {
		return err
	}
	if rows, err = f.tx.Query(ctx, `SELECT `+tableColumns+` FROM dynamodb.tables WHERE id = ANY($1)`, ids); err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, scanTable)
	for _, t := range list {
		f.tables[t.id] = t
	}
	return err
}

// load reads the items that the operations are about.
func (f *flush) load(ctx context.Context, ops []*op) error {
	var tables, places []int64
	var hashes, sorts [][]byte
	for _, o := range ops {
		t := f.tables[o.table.id]
		key := o.cellKey()
		if t == nil || f.cells[key] != nil {
			continue
		}
		c := &cell{table: t, at: o.at}
		f.cells[key] = c
		f.order = append(f.order, c)
		tables, places = append(tables, t.id), append(places, o.at.place)
		hashes, sorts = append(hashes, o.at.hash), append(sorts, o.at.sort)
	}
	rows, err := f.tx.Query(ctx, `SELECT k.i, i.body FROM unnest(@tables::bigint[], @places::bigint[], @hashes::bytea[], @sorts::bytea[])
		WITH ORDINALITY AS k(tbl, place, hash, sort, i) JOIN dynamodb.items i USING (tbl, place, hash, sort)`,
		pgx.NamedArgs{"tables": tables, "places": places, "hashes": hashes, "sorts": sorts})
	if err != nil {
		return err
	}
	var n int
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&n, &body}, func() error {
		item, err := expression.DecodeItem(body)
		f.order[n-1].was, f.order[n-1].now = item, item
		return err
	})
	return err
}

// run does a group, or refuses it as a whole.
func (f *flush) run(g *group) {
	refused := false
	for _, o := range g.ops {
		o.was, o.is, o.err = nil, nil, nil
		t := f.tables[o.table.id]
		if t == nil {
			o.err = fault.New(fault.NotFound, "Requested resource not found")
		} else {
			o.was = f.cells[o.cellKey()].now
			o.is, o.err = o.evaluate(t, f.tx.Now)
		}
		if o.err != nil {
			refused = true
		}
	}
	if refused {
		return
	}
	for _, o := range g.ops {
		c := f.cells[o.cellKey()]
		o.size = max(expression.ItemSize(o.was), expression.ItemSize(o.is))
		if same(o.was, o.is) {
			continue
		}
		f.append(o, c)
		c.now = o.is
	}
}

// same reports whether a write changes nothing: neither is there, or both are equal.
func same(was, is expression.Item) bool {
	return (was == nil) == (is == nil) && expression.ItemEqual(was, is)
}

// evaluate is what the item becomes.
func (o *op) evaluate(t *table, now time.Time) (expression.Item, error) {
	if !o.condition.Holds(o.was) {
		return nil, errCondition
	}
	switch o.verb {
	case check:
		return o.was, nil
	case remove:
		return nil, nil
	case expire:
		if at := t.expiry(o.was, now); at == nil || *at > now.Unix() {
			return o.was, nil // it has been written since
		}
		return nil, nil
	case put:
		return o.item, t.checkItem(o.item)
	}
	item := o.was
	if item == nil {
		if o.ifThere {
			return nil, nil
		}
		item = o.item
	}
	if o.update == nil {
		return item, nil
	}
	item, err := o.update.Apply(item)
	if err != nil {
		return nil, err
	}
	for _, v := range item {
		if err := v.Check(); err != nil {
			return nil, err
		}
	}
	if expression.ItemSize(item) > maxItem {
		return nil, invalid("Item size to update has exceeded the maximum allowed size")
	}
	return item, t.checkIndexKeys(item)
}

// write stores what has changed.
func (f *flush) write(ctx context.Context) error {
	var batch pgx.Batch
	f.writeItems(&batch)
	f.writeEntries(&batch)
	f.writeRecords(&batch)
	if batch.Len() == 0 {
		return nil
	}
	return f.tx.SendBatch(ctx, &batch).Close()
}

func (f *flush) changed() []*cell {
	return slices.DeleteFunc(slices.Clone(f.order), func(c *cell) bool { return same(c.was, c.now) })
}

// writeItems puts and deletes items.
func (f *flush) writeItems(batch *pgx.Batch) {
	var put, gone columns
	var bodies [][]byte
	var sizes []int
	var expires []*int64
	for _, c := range f.changed() {
		if c.now == nil {
			gone.add(c.table.id, 0, c.at)
			continue
		}
		put.add(c.table.id, 0, c.at)
		bodies = append(bodies, expression.EncodeItem(c.now))
		sizes = append(sizes, expression.ItemSize(c.now))
		expires = append(expires, c.table.expiry(c.now, f.tx.Now))
	}
	if len(put.tables) > 0 {
		args := put.args()
		args["bodies"], args["sizes"], args["expires"] = bodies, sizes, expires
		batch.Queue(`INSERT INTO dynamodb.items (tbl, place, hash, sort, body, size, expires)
			SELECT * FROM unnest(@tables::bigint[], @places::bigint[], @hashes::bytea[], @sorts::bytea[], @bodies::bytea[], @sizes::int[], @expires::bigint[])
			ON CONFLICT (tbl, place, hash, sort) DO UPDATE SET body = excluded.body, size = excluded.size, expires = excluded.expires`, args)
	}
	if len(gone.tables) > 0 {
		batch.Queue(`DELETE FROM dynamodb.items WHERE (tbl, place, hash, sort) IN
			(SELECT * FROM unnest(@tables::bigint[], @places::bigint[], @hashes::bytea[], @sorts::bytea[]))`, gone.args())
	}
}

// writeEntries moves items within secondary indexes.
func (f *flush) writeEntries(batch *pgx.Batch) {
	var put, gone entries
	for _, c := range f.changed() {
		for _, x := range c.table.Indexes {
			was, had := c.table.positionOf(x.Keys, c.was)
			now, has := c.table.positionOf(x.Keys, c.now)
			if had == has && slices.Equal(was.hash, now.hash) && slices.Equal(was.sort, now.sort) {
				continue
			}
			if had {
				gone.add(c.table.id, x.N, was, c.at)
			}
			if has {
				put.add(c.table.id, x.N, now, c.at)
			}
		}
	}
	if len(gone.tables) > 0 {
		batch.Queue(`DELETE FROM dynamodb.entries WHERE (tbl, idx, place, hash, sort, item_hash, item_sort) IN
			(SELECT tbl, idx, place, hash, sort, item_hash, item_sort FROM `+entryRows+`)`, gone.args())
	}
	if len(put.tables) > 0 {
		batch.Queue(insertEntries, put.args())
	}
}

const (
	entryRows = `unnest(@tables::bigint[], @indexes::int[], @places::bigint[], @hashes::bytea[], @sorts::bytea[], @itemplaces::bigint[], @itemhashes::bytea[], @itemsorts::bytea[])
		AS e(tbl, idx, place, hash, sort, item_place, item_hash, item_sort)`
	insertEntries = `INSERT INTO dynamodb.entries (tbl, idx, place, hash, sort, item_place, item_hash, item_sort) SELECT * FROM ` + entryRows
)

// columns are positions as arrays, for unnest.
type columns struct {
	tables, places []int64
	indexes        []int
	hashes, sorts  [][]byte
}

func (c *columns) add(table int64, index int, p position) {
	c.tables, c.indexes, c.places = append(c.tables, table), append(c.indexes, index), append(c.places, p.place)
	c.hashes, c.sorts = append(c.hashes, p.hash), append(c.sorts, p.sort)
}

func (c *columns) args() pgx.NamedArgs {
	return pgx.NamedArgs{"tables": c.tables, "indexes": c.indexes, "places": c.places, "hashes": c.hashes, "sorts": c.sorts}
}

// entries are positions in indexes, with the items that stand there.
type entries struct {
	columns
	items columns
}

func (e *entries) add(table int64, index int, at, item position) {
	e.columns.add(table, index, at)
	e.items.add(table, 0, item)
}

func (e *entries) args() pgx.NamedArgs {
	args := e.columns.args()
	args["itemplaces"], args["itemhashes"], args["itemsorts"] = e.items.places, e.items.hashes, e.items.sorts
	return args
}

// write commits a call and returns after the commit.
func (s *Store) write(ctx context.Context, c *call) error {
	c.parent = trace.ParentOf(wire.CallFrom(ctx).Cause())
	return s.writer.Add(ctx, c)
}

// one writes a single operation.
func (s *Store) one(ctx context.Context, o *op) error {
	if err := s.write(ctx, &call{groups: []*group{{ops: []*op{o}}}}); err != nil {
		return err
	}
	return o.err
}
