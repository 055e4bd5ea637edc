package backend_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// simQueue is a queue of the world, with every message that it took.
type simQueue struct {
	arn, url, dead string
	fifo           bool
	most           int // receives before a message goes to the dead-letter queue
	messages       []*message
}

// message is a message that was accepted.
type message struct {
	id, name, group string
	kind            string // a: filters let it through
	sent            time.Time

	received  int       // as it said when it was received last
	hidden    time.Time // until then
	processed bool      // it was deleted, once what follows is over:
	until     time.Time // the end of the run, before which it is not deleted
	sure      bool      // the deletion is committed
	perhaps   bool      // it was processed before a crash, which may have come before the deletion
	failed    bool      // its function failed with it
}

// queueModel is the reference for the mapping of a queue.
type queueModel struct {
	w       *randomWorld
	m       *simMapping
	configs []timed
	role    bool
	may     bool      // the function has concurrency
	trouble bool      // something has kept messages from being run, which counts as received all the same
	ends    []spanned // of runs
}

// spanned is a run that takes time.
type spanned struct{ from, to time.Time }

func newQueueModel(w *randomWorld, m *simMapping) *queueModel {
	return &queueModel{w: w, m: m, role: true, may: true}
}

func (q *queueModel) config() simConfig { return q.configs[len(q.configs)-1].simConfig }

// happen takes notice of what is no run.
func (q *queueModel) happen(h happening, at int) {
	switch {
	case h.what == aConfig && h.mapping == q.m:
		q.configs = append(q.configs, timed{h.config, at})
	case h.what == aRole:
		q.role = h.may
		for _, m := range q.m.queue.messages { // when its run ends, it may not be deleted
			if m.processed && !h.may && m.until.After(h.at) {
				m.processed, m.perhaps = false, true
			}
		}
		q.trouble = q.trouble || !h.may
	case h.what == aReserve && h.function == q.m.function:
		q.may = h.may
		q.trouble = q.trouble || !h.may
	case h.what == aDrain:
		for _, m := range q.m.queue.messages {
			m.sure = m.sure || m.processed && !m.until.After(h.at)
		}
	case h.what == aCrash, h.what == aStop:
		q.ends = nil
		for _, m := range q.m.queue.messages {
			if m.processed && !m.sure {
				m.processed, m.perhaps = false, true
			}
		}
	}
}

func (q *queueModel) fail(h happening, format string, args ...any) {
	var names []string
	for _, i := range h.run.items {
		names = append(names, i.name)
	}
	q.w.t.Errorf("%s from %s, %v, at %s, %+v: %s", q.m.function, q.m.queue.arn, names, h.at.Format(time.TimeOnly), q.config(), fmt.Sprintf(format, args...))
}

// run holds a batch against the rules, and applies those for what becomes of it.
func (q *queueModel) run(h happening, dead []string) {
	var batch []*message
	c := q.config()
	for _, item := range h.run.items {
		i := slices.IndexFunc(q.m.queue.messages, func(m *message) bool { return m.id == item.id })
		if i < 0 {
			q.fail(h, "%s was never sent", item.name)
			return
		}
		m := q.m.queue.messages[i]
		batch = append(batch, m)
		switch {
		case m.processed && (m.sure || !h.at.Before(m.until)):
			q.fail(h, "%s was processed, and comes again", m.name)
		case h.at.Before(m.hidden):
			q.fail(h, "%s comes again at %s, before its visibility timeout is over", m.name, h.at)
		case item.receives <= m.received:
			q.fail(h, "%s is received for the %dth time, after the %dth", m.name, item.receives, m.received)
		case item.receives > q.m.queue.most:
			q.fail(h, "%s is received for the %dth time, though %d are allowed", m.name, item.receives, q.m.queue.most)
		case q.verdict(m) == kept:
			q.fail(h, "no filter lets %s through", m.name)
		}
		if m.received > 0 {
			q.w.count["message again"]++
		}
		m.received, m.hidden = item.receives, h.at.Add(simVisibility)
		if c.window > 0 {
			m.hidden = h.at // it was received when the window began
		}
	}
	q.groups(h, batch, dead)
	switch {
	case len(batch) > int(c.batch):
		q.fail(h, "it is too large")
	case !c.enabled || !q.role || !q.may:
		q.fail(h, "nothing may run")
	}
	q.settle(h, batch)
	q.concurrent(h)
}

// groups holds a batch against the order of its groups: what was sent before is processed, filtered, or dead.
func (q *queueModel) groups(h happening, batch []*message, dead []string) {
	for i, m := range batch {
		if m.group == "" {
			continue
		}
		for _, earlier := range q.m.queue.messages {
			if earlier == m {
				break
			}
			if earlier.group != m.group || slices.Contains(batch[:i], earlier) || earlier.processed || earlier.perhaps || slices.Contains(dead, earlier.name) || q.verdict(earlier) != let {
				continue
			}
			q.fail(h, "%s comes before %s, which was sent to its group before", m.name, earlier.name)
		}
	}
}

// settle applies the rules: what the function did not fail with is deleted, where the role may.
func (q *queueModel) settle(h happening, batch []*message) {
	failed := map[string]bool{}
	for _, m := range batch {
		failed[m.id] = h.run.failed
	}
	if q.config().report && !h.run.failed {
		for _, id := range reported(h.run.answer) {
			if _, known := failed[id]; !known {
				for _, m := range batch {
					failed[m.id] = true
				}
				break
			}
			failed[id] = true
		}
	}
	for _, m := range batch {
		m.failed = m.failed || failed[m.id]
		if !failed[m.id] {
			m.processed, m.sure, m.until = true, false, h.at.Add(h.run.takes)
		}
	}
}

func reported(answer []byte) (ids []string) {
	var in struct {
		Failures []struct {
			ID string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if json.Unmarshal(answer, &in) != nil {
		return []string{""}
	}
	for _, f := range in.Failures {
		ids = append(ids, f.ID)
	}
	return ids
}

// concurrent holds the number of runs at a time against the mapping's MaximumConcurrency.
func (q *queueModel) concurrent(h happening) {
	q.ends = append(q.ends, spanned{h.at, h.at.Add(h.run.takes)})
	n := 0
	for _, s := range q.ends {
		if s.to.After(h.at) {
			n++
		}
	}
	if n > 1 {
		q.w.count["batches side by side"]++
	}
	if most := int(q.config().concurrency); most > 0 && n > most {
		q.fail(h, "%d batches are at work, though the mapping allows %d", n, most)
	}
}

// verdict is what the filters say of a message, over the time since it was sent.
func (q *queueModel) verdict(m *message) filtering {
	with, without := 0, 0
	for _, c := range q.configs {
		if c.filter && m.kind != "a" {
			without++
		} else {
			with++
		}
	}
	switch {
	case without == 0:
		return let
	case with == 0:
		return kept
	}
	return perhaps
}

// end holds what was not received against the rules.
func (q *queueModel) end(dead []string) {
	if len(q.configs) == 0 {
		return
	}
	for _, m := range q.m.queue.messages {
		isDead := slices.Contains(dead, m.name)
		switch {
		case m.processed && isDead && q.w.count["crash"] == 0:
			q.w.t.Errorf("%s was processed by %s, and is in the dead-letter queue", m.name, q.m.function)
		case m.processed, m.perhaps:
		case isDead && (m.failed || q.trouble):
			q.w.count["dead letter"]++
		case isDead:
			q.w.t.Errorf("%s is in the dead-letter queue, though nothing failed", m.name)
		case q.verdict(m) != let:
			q.w.count["message filtered"]++
		default:
			q.w.t.Errorf("%s was accepted by %s and never processed by %s", m.name, strings.TrimPrefix(q.m.queue.arn, "arn:aws:sqs:us-east-1:"), q.m.function)
		}
	}
}
