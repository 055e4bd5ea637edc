package events

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

const (
	kindTick     = "events.tick"
	ruleSchedule = "EVENTS-SCHEDULE"
)

// schedule says when a rule fires: the first instant after the given one; false for never again.
type schedule interface {
	next(after time.Time) (time.Time, bool)
}

var (
	rateForm = regexp.MustCompile(`^rate\((\d+) (minute|minutes|hour|hours|day|days)\)$`)
	units    = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
)

// parseSchedule reads rate(…) and cron(…), as the user guide has them.
func parseSchedule(text string) (schedule, error) {
	if inner, ok := strings.CutPrefix(text, "cron("); ok && strings.HasSuffix(inner, ")") {
		return parseCron(strings.TrimSuffix(inner, ")"))
	}
	m := rateForm.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("%q is neither rate(N UNIT) nor cron(MINUTES HOURS DAY MONTH WEEKDAY YEAR)", text)
	}
	n, err := strconv.ParseInt(m[1], 10, 32)
	if err != nil || n < 1 || (n == 1) == strings.HasSuffix(m[2], "s") {
		return nil, fmt.Errorf("%q: a rate is a number from 1, and its unit is plural unless it is 1", text)
	}
	return rate(time.Duration(n) * units[strings.TrimSuffix(m[2], "s")]), nil
}

// rate fires again and again, counted from when the rule was made or enabled.
type rate time.Duration

func (r rate) next(after time.Time) (time.Time, bool) { return after.Add(time.Duration(r)), true }

// turn is the body of the agenda item of a schedule.
type turn struct {
	Rule ruleKey   `json:"rule"`
	Turn string    `json:"turn"`
	At   time.Time `json:"at"` // the tick's instant, also where it could only be run later
}

// reschedule makes what was planned for a rule void, and plans anew.
func (a *API) reschedule(ctx context.Context, tx *postgres.Tx, r *rule) error {
	r.turn = a.IDs.UUID()
	if r.schedule == "" || !r.enabled() {
		return nil
	}
	s, err := parseSchedule(r.schedule)
	if err != nil {
		return err
	}
	at, ok := s.next(tx.Now)
	if !ok {
		return nil
	}
	return a.Agenda.Put(ctx, tx, agenda.Item{Kind: kindTick, Lane: r.arn(), Account: r.Account, Due: at, Background: true, Body: []byte(plain(turn{r.ruleKey, r.turn, at}))})
}

// tick fires a rule. Its targets are served at once, without an item of their own: a tick that is run twice after a crash fires
// twice, as it may on AWS.
func (a *API) tick(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	var t turn
	if err := json.Unmarshal(item.Body, &t); err != nil {
		return agenda.Done(), err
	}
	r, err := a.rule(ctx, t.Rule)
	switch {
	case fault.Is(err, fault.NotFound):
		return agenda.Done(), nil
	case err != nil:
		return agenda.Done(), err
	case r.turn != t.Turn:
		return agenda.Done(), nil
	}
	if err := a.fire(ctx, r, t.At); err != nil {
		return agenda.Done(), err
	}
	s, err := parseSchedule(r.schedule)
	if err != nil {
		return agenda.Done(), err
	}
	next, ok := s.next(t.At)
	for now := a.Clock.Now(); ok && !a.Clock.IsVirtual() && next.Before(now); { // the backend did not run meanwhile
		next, ok = s.next(next)
	}
	if !ok {
		return agenda.Done(), nil
	}
	return agenda.Again(next, 0, []byte(plain(turn{t.Rule, t.Turn, next}))), nil
}

// fire sends the event of a schedule to a rule's targets.
func (a *API) fire(ctx context.Context, r *rule, at time.Time) error {
	e := &event{Version: "0", ID: a.IDs.UUID(), DetailType: "Scheduled Event", Source: "aws.events", Account: r.Account, Time: instant(at), Region: r.Region,
		Resources: []string{r.arn()}, Detail: json.RawMessage("{}")}
	text := e.text()
	for _, t := range r.targets {
		d := a.deliveryOf(r, t, text, "the schedule "+r.schedule+" fires", "rule "+r.Name+", target "+*t.Id, "")
		steps := d.opening()
		steps[0].Rule = ruleSchedule
		a.Trace.Add(d.Header, steps...)
		again, err := a.attempt(ctx, &d)
		if err != nil {
			return err
		}
		if !again.IsZero() {
			if err := a.Agenda.Enqueue(ctx, d.item(again)); err != nil {
				return err
			}
		}
	}
	return nil
}
