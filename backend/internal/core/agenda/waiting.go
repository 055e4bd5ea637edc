package agenda

import (
	"container/heap"
	"time"
)

// queues hold what is not yet due: the work, and apart from it what an automatic clock does not follow.
type queues struct{ work, background waiting }

func (q *queues) push(it Item) {
	if it.Background {
		heap.Push(&q.background, it)
	} else {
		heap.Push(&q.work, it)
	}
}

// first is the queue whose head comes first; nil when both are empty.
func (q *queues) first() *waiting {
	switch {
	case len(q.work) == 0 && len(q.background) == 0:
		return nil
	case len(q.background) == 0:
		return &q.work
	case len(q.work) == 0 || before(q.background[0], q.work[0]):
		return &q.background
	}
	return &q.work
}

// popDue takes out the item that comes first, if it is due.
func (q *queues) popDue(now time.Time) (Item, bool) {
	w := q.first()
	if w == nil || (*w)[0].Due.After(now) {
		return Item{}, false
	}
	return heap.Pop(w).(Item), true
}

// earliest returns the due instant of the next item, with or without background items.
func (q *queues) earliest(background bool) (time.Time, bool) {
	w := &q.work
	if background {
		w = q.first()
	}
	if w == nil || len(*w) == 0 {
		return time.Time{}, false
	}
	return (*w)[0].Due, true
}

// drop takes out the items for which f holds.
func (q *queues) drop(f func(*Item) bool) {
	for _, w := range []*waiting{&q.work, &q.background} {
		*w = dropped(*w, f)
		heap.Init(w)
	}
}

// dropped is the list without the items for which f holds.
func dropped(list []Item, f func(*Item) bool) []Item {
	kept := list[:0]
	for i := range list {
		if !f(&list[i]) {
			kept = append(kept, list[i])
		}
	}
	clear(list[len(kept):])
	return kept
}

// waiting is a heap of items by due instant, then arrival.
type waiting []Item

func before(x, y Item) bool {
	if !x.Due.Equal(y.Due) {
		return x.Due.Before(y.Due)
	}
	return x.seq < y.seq
}

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return before(w[i], w[j]) }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)        { *w = append(*w, x.(Item)) }
func (w *waiting) Pop() any {
	old := *w
	it := old[len(old)-1]
	old[len(old)-1] = Item{} // or its body would be held
	*w = old[:len(old)-1]
	return it
}
