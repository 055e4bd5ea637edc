package pull

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

const ruleTumbling = "PULL-TUMBLING-WINDOW"

const (
	// maxState is how large the state of a window may be; with a larger one it ends early.
	maxState = 1 << 20
	// lateness is how long a window is kept open after its end, for records that were written before it and are not there yet.
	lateness = time.Second
)

// tumbling is a tumbling window of a lane: the records that arrived from its start until before its end. It is invoked for batch
// by batch, each time with the state that the time before has answered, and once more at its end.
//
//	open ──batch, with the state──▶ open ──a later record, its end, the shard's end──▶ closing ──last invocation──▶ gone
//	                                  └─────────────── state over 1 MB ──────────────────▲ (early)
type tumbling struct {
	Start, End time.Time
	From       string          // the checkpoint before its first record
	State      json.RawMessage // as the function has answered it; nil until then
	Closing    bool            // its last invocation is due
	Early      bool            // because of its state
}

// closes is when a window without further records has ended.
func (w *tumbling) closes() time.Time { return w.End.Add(lateness) }

func (w *tumbling) String() string {
	const layout = "15:04:05"
	return "the window " + w.Start.Format(layout) + " to " + w.End.Format(layout)
}

// tumblingAt is the window in which an instant lies: they follow one another from 1970 on.
func tumblingAt(at time.Time, seconds int, from string) *tumbling {
	n := at.Unix() / int64(seconds) * int64(seconds)
	start := time.Unix(n, 0).UTC()
	return &tumbling{Start: start, End: start.Add(time.Duration(seconds) * time.Second), From: from}
}

// within is cut for a lane with tumbling windows: a batch holds records of one window. It opens the window where there is none.
// over says that the records begin with those of a later one: the window has ended.
func (l *lane) within(m *EventSourceMapping, n int, full bool) (_ int, _, over bool) {
	if m.TumblingWindowInSeconds == 0 && l.window == nil {
		return n, full, false
	}
	first := l.buffer[0].Arrival
	if w := l.window; w != nil && (!first.Before(w.End) || m.TumblingWindowInSeconds == 0) && !l.retrying() {
		return 0, false, true
	}
	if l.window == nil {
		l.window = tumblingAt(first, m.TumblingWindowInSeconds, l.checkpoint)
	}
	for i := range l.buffer[:n] {
		if !l.buffer[i].Arrival.Before(l.window.End) {
			return max(i, 1), true, false
		}
	}
	return n, full || n < len(l.buffer), false
}

// closeWindow makes the last invocation of a lane's window the next thing that it does. A window for which the function has never
// succeeded has none.
func (p *Poller) closeWindow(r *round) (batch []Record, ok bool, err error) {
	l := r.l
	l.forget()
	if l.window.State == nil {
		l.window = nil
		p.next(&r.m, l, p.Clock.Now())
		return nil, false, nil
	}
	l.window.Closing, r.final = true, true
	return nil, true, nil
}

// waitWindow is called when a lane has no records: an open window ends when its time has come, or when the shard has ended. It
// reports whether the lane has one.
func (p *Poller) waitWindow(r *round) (closes, waits bool) {
	m, l := &r.m, r.l
	switch w := l.window; {
	case w == nil:
		return false, false
	case m.TumblingWindowInSeconds == 0, r.end != "" && !l.retrying(), !w.closes().After(p.Clock.Now()):
		return true, false
	default:
		p.next(m, l, w.closes())
		return false, true
	}
}

// stateOf reads the state that the function has answered; false where it has none.
func stateOf(answer []byte) (json.RawMessage, bool) {
	var response map[string]json.RawMessage // not a struct: the name's letters must match exactly
	if json.Unmarshal(answer, &response) != nil {
		return nil, false
	}
	state := bytes.TrimSpace(response["state"])
	return state, len(state) > 0 && state[0] == '{'
}

// noState is why an invocation of a window counts as failed though the function has not.
const noState = "the function's answer has no state, which it must have with a tumbling window: "

// keep takes the state of a window that the function has answered.
func (w *tumbling) keep(state json.RawMessage) {
	if w.State = state; len(state) > maxState {
		w.Closing, w.Early = true, true
	}
}

// event is the payload of a batch, or of the last invocation of a window, which has no records.
func (m *EventSourceMapping) event(l *lane, batch []Record, v *function.Version) []byte {
	body := payload(batch, func(r *Record) json.RawMessage { return r.Event(v.Role) })
	w := l.window
	if w == nil {
		return body
	}
	type span struct {
		Start string `json:"start"`
		End   string `json:"end"`
	}
	about := struct {
		Window span            `json:"window"`
		State  json.RawMessage `json:"state"`
		Shard  string          `json:"shardId"`
		Source string          `json:"eventSourceARN"`
		Final  bool            `json:"isFinalInvokeForWindow"`
		Early  bool            `json:"isWindowTerminatedEarly"`
	}{span{w.Start.Format(time.RFC3339), w.End.Format(time.RFC3339)}, w.State, l.shard, m.EventSourceARN, w.Closing, w.Early}
	if about.State == nil {
		about.State = json.RawMessage("{}")
	}
	var rest bytes.Buffer
	encoder := json.NewEncoder(&rest)
	encoder.SetEscapeHTML(false)                  // the state comes back as it was
	if err := encoder.Encode(about); err != nil { // texts, booleans, and what was JSON
		panic(err)
	}
	body[len(body)-1] = ','
	return append(body, bytes.TrimSpace(rest.Bytes())[1:]...)
}

// openFinal begins the delivery of the last invocation of a window.
func (p *Poller) openFinal(m *EventSourceMapping, l *lane, steps ...trace.Step) trace.Header {
	return p.openDelivery(m, fmt.Sprintf("the end of %s in %s", l.window, l.lies(m)), steps...)
}

// finalStep says what the last invocation of a window is for.
func (w *tumbling) finalStep() trace.Step {
	reason := "the last invocation of " + w.String() + ", with its state and without records"
	if w.Early {
		reason += fmt.Sprintf("; it ends early: the state has %d bytes, over %d", len(w.State), maxState)
	}
	return trace.Step{Kind: trace.Batched, Rule: ruleTumbling, Reason: reason}
}

// judgeWindow decides what becomes of a window after its last invocation, and reports whether it is done.
func (p *Poller) judgeWindow(m *EventSourceMapping, l *lane, out *invoke.Outcome) bool {
	w, why := l.window, ""
	if !out.Failed() {
		if _, ok := stateOf(out.Payload); ok {
			p.Trace.Settle(*l.header, trace.Succeeded, trace.Step{At: l.free, Kind: trace.Settled, Rule: ruleTumbling,
				Reason: "the function succeeded; " + w.String() + " is done, and its state is dropped"})
			l.window = nil
			l.done(l.checkpoint)
			return true
		}
		why = noState
	}
	if m.MaximumRetryAttempts == Infinite || l.failures < m.MaximumRetryAttempts {
		due := l.free.Add(pause(l.failures))
		p.Trace.Add(*l.header, trace.Step{At: l.free, Kind: trace.Retried, Rule: ruleTumbling,
			Reason: fmt.Sprintf("%sthe same again in %s, at %s; the shard waits", why, pause(l.failures), due.Format(time.RFC3339))})
		l.due = &due
		l.failures++
		return false
	}
	p.dropWindow(l, trace.DroppedForGood, trace.Step{At: l.free, Kind: trace.Settled, Rule: ruleRetry,
		Reason: fmt.Sprintf("%sgiven up after %d attempts; the state of %s is lost", why, l.failures+1, w)})
	return false
}

// dropWindow gives up the last invocation of a window.
func (p *Poller) dropWindow(l *lane, outcome trace.Outcome, step trace.Step) {
	p.Trace.Settle(*l.header, outcome, step)
	l.window = nil
	l.done(l.checkpoint)
}

// tooOld gives up the last invocation of a window that has failed, when the records of its end are older than the mapping's
// MaximumRecordAgeInSeconds. It reports whether it did.
func (p *Poller) tooOld(ctx context.Context, r *round) (bool, error) {
	m, l := &r.m, r.l
	if m.MaximumRecordAgeInSeconds == Infinite || l.header == nil || l.failures == 0 ||
		l.window.End.Add(time.Duration(m.MaximumRecordAgeInSeconds)*time.Second).After(p.Clock.Now()) {
		return false, nil
	}
	p.dropWindow(l, trace.Expired, trace.Step{Kind: trace.Settled, Rule: ruleAge,
		Reason: fmt.Sprintf("older than the mapping's MaximumRecordAgeInSeconds of %d; the state of the window is lost", m.MaximumRecordAgeInSeconds)})
	return true, p.save(ctx, m, l, "")
}
