package dynamodb

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
)

// Limits of reading.
const (
	maxPage = 1 << 20 // bytes that a page of Query or Scan looks at
	chunk   = 300     // rows that are read at once
)

// span is which items a Query or Scan goes through: those of a table or of an index, of one partition key or of a segment,
// within bounds of the sort key, after a cursor.
type span struct {
	table      *table
	index      *index // nil for the table itself
	hash       *position
	low, high  []byte // of the sort key: low ≤ sort < high; high nil: no bound
	from, to   int64  // of the places, without a partition key: from ≤ place < to; to 0: no bound
	cursor     *row   // begin after this one
	descending bool
}

// row is where an item was found.
type row struct {
	place, itemPlace               int64
	hash, sort, itemHash, itemSort []byte
	item                           expression.Item
}

// rows reads the next so many rows of a span.
func (s *Store) rows(ctx context.Context, sp *span, limit int) ([]row, error) {
	args := pgx.NamedArgs{"tbl": sp.table.id, "limit": limit}
	columns, order := "place, hash, sort", []string{"place", "hash", "sort"}
	from := `dynamodb.items e`
	if sp.index != nil {
		order = append(order, "item_hash", "item_sort")
		columns = "e.place, e.hash, e.sort, e.item_place, e.item_hash, e.item_sort"
		from = `dynamodb.entries e JOIN dynamodb.items i ON i.tbl = e.tbl AND i.place = e.item_place AND i.hash = e.item_hash AND i.sort = e.item_sort`
		args["idx"] = sp.index.N
	}
	where := []string{"e.tbl = @tbl"}
	if sp.index != nil {
		where = append(where, "e.idx = @idx")
	}
	if sp.hash != nil {
		where = append(where, "e.place = @place AND e.hash = @hash AND e.sort >= @low")
		args["place"], args["hash"], args["low"] = sp.hash.place, sp.hash.hash, nonNil(sp.low)
		if sp.high != nil {
			where, args["high"] = append(where, "e.sort < @high"), sp.high
		}
	} else {
		where, args["from"] = append(where, "e.place >= @from"), sp.from
		if sp.to > 0 {
			where, args["to"] = append(where, "e.place < @to"), sp.to
		}
	}
	direction, beyond := "", " > "
	if sp.descending {
		direction, beyond = " DESC", " < "
	}
	if c := sp.cursor; c != nil {
		at := "(e.place, e.hash, e.sort)" + beyond + "(@cplace, @chash, @csort)"
		if sp.index != nil {
			at = "(e.place, e.hash, e.sort, e.item_hash, e.item_sort)" + beyond + "(@cplace, @chash, @csort, @citemhash, @citemsort)"
		}
		where = append(where, at)
		args["cplace"], args["chash"], args["csort"] = c.place, nonNil(c.hash), nonNil(c.sort)
		args["citemhash"], args["citemsort"] = nonNil(c.itemHash), nonNil(c.itemSort)
	}
	for i := range order {
		order[i] = "e." + order[i] + direction
	}
	found, err := s.db.Query(ctx, `SELECT `+columns+`, body FROM `+from+` WHERE `+strings.Join(where, " AND ")+
		` ORDER BY `+strings.Join(order, ", ")+` LIMIT @limit`, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(r pgx.CollectableRow) (out row, err error) {
		var body []byte
		if sp.index != nil {
			err = r.Scan(&out.place, &out.hash, &out.sort, &out.itemPlace, &out.itemHash, &out.itemSort, &body)
		} else {
			err = r.Scan(&out.place, &out.hash, &out.sort, &body)
		}
		if err == nil {
			out.item, err = expression.DecodeItem(body)
		}
		return out, err
	})
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// page is what a Query or Scan found.
type page struct {
	items   []expression.Item
	scanned int
	bytes   int
	last    expression.Item // key of the last item that was looked at, where there may be more
}

// read goes through a span until so many items have been looked at (0: no limit), or 1 MB.
func (s *Store) page(ctx context.Context, sp *span, limit int, filter *expression.Condition, whole bool) (*page, error) {
	p := &page{}
	for {
		n := chunk
		if limit > 0 {
			n = min(n, limit-p.scanned)
		}
		rows, err := s.rows(ctx, sp, n)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			r := &rows[i]
			item := r.item
			if sp.index != nil && !whole {
				item = sp.table.project(sp.index, item)
			}
			p.scanned++
			p.bytes += expression.ItemSize(item)
			if filter.Holds(item) {
				p.items = append(p.items, item)
			}
			sp.cursor = r
			if p.bytes >= maxPage || p.scanned == limit {
				p.last = sp.keyOf(r.item)
				return p, nil
			}
		}
		if len(rows) < n {
			return p, nil
		}
	}
}

// keyOf is the key under which a page can be continued: of the table, and of the index where there is one.
func (sp *span) keyOf(item expression.Item) expression.Item {
	key := sp.table.keyItem(item)
	if sp.index != nil {
		for _, name := range sp.index.Keys.names() {
			key[name] = item[name]
		}
	}
	return key
}

// start sets the cursor to a key that an earlier page has given.
func (sp *span) start(key expression.Item) error {
	names := sp.table.Keys.names()
	if sp.index != nil {
		for _, name := range sp.index.Keys.names() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	own, ok := sp.table.positionOf(sp.table.Keys, key)
	if !ok || len(key) != len(names) {
		return invalid("The provided starting key is invalid")
	}
	at := own
	if sp.index != nil {
		if at, ok = sp.table.positionOf(sp.index.Keys, key); !ok {
			return invalid("The provided starting key is invalid")
		}
	}
	switch {
	case sp.hash == nil:
	case !bytes.Equal(at.hash, sp.hash.hash):
		return invalid("The provided starting key is outside query boundaries based on provided conditions")
	case bytes.Compare(at.sort, sp.low) < 0 || sp.high != nil && bytes.Compare(at.sort, sp.high) >= 0:
		return invalid("The provided starting key does not match the range key predicate")
	}
	sp.cursor = &row{place: at.place, hash: at.hash, sort: at.sort, itemPlace: own.place, itemHash: own.hash, itemSort: own.sort}
	return nil
}

// bound narrows the sort keys by a condition.
func (sp *span) bound(c expression.KeyCondition) {
	after := func(v expression.Value) []byte { return append(v.Sortable(), 0) }
	v := c.Values[0]
	switch c.Operator {
	case "=":
		sp.low, sp.high = v.Sortable(), after(v)
	case "<":
		sp.high = v.Sortable()
	case "<=":
		sp.high = after(v)
	case ">":
		sp.low = after(v)
	case ">=":
		sp.low = v.Sortable()
	case "between":
		sp.low, sp.high = v.Sortable(), after(c.Values[1])
	case "begins_with":
		sp.low, sp.high = v.Sortable(), beyond(v.Sortable())
	}
}

// beyond is the first byte string after all that begin with a prefix; nil where there is none.
func beyond(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			next := slices.Clone(prefix[:i+1])
			next[i]++
			return next
		}
	}
	return nil
}
