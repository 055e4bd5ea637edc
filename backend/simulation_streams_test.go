package backend_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// simStream is a stream of the world, with every record that it took.
type simStream struct {
	arn, name string
	table     bool
	records   []*record
	parents   map[string][]string // of shards that came by a split or a merge
	next      map[string]*string  // of the table's: up to where each shard was followed
	followed  int                 // changes that were found
}

// record is a record that was accepted.
type record struct {
	shard, seq, key, name string
	kind                  string // a: filters let it through
	arrival               time.Time
	order                 int // how much had happened when it came
}

// follow reads what the table's stream says, and holds it against the changes that were made: each is told once, the changes of
// a key in their order, none that changed nothing.
func (w *randomWorld) follow() {
	t, ctx, s := w.t, w.t.Context(), w.streams[len(w.streams)-1]
	out, err := w.bundle.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &s.arn})
	must(t, err)
	for _, shard := range out.StreamDescription.Shards {
		id := *shard.ShardId
		if shard.ParentShardId != nil {
			s.parents[id] = []string{*shard.ParentShardId}
		}
		in := &dynamodbstreams.GetShardIteratorInput{StreamArn: &s.arn, ShardId: &id, ShardIteratorType: "TRIM_HORIZON"}
		if after := s.next[id]; after != nil {
			in.ShardIteratorType, in.SequenceNumber = "AFTER_SEQUENCE_NUMBER", after
		}
		it, err := w.bundle.streams.GetShardIterator(ctx, in)
		must(t, err)
		got, err := w.bundle.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: it.ShardIterator})
		must(t, err)
		for _, r := range got.Records {
			s.next[id] = r.Dynamodb.SequenceNumber
			w.told(s, id, r)
		}
	}
	for _, c := range w.changes {
		if !c.told {
			t.Errorf("the table's stream doesn't tell of %s %s (%q, before %q)", c.event, c.key, c.name, c.old)
		}
	}
}

// told finds the change that a record tells.
func (w *randomWorld) told(s *simStream, shard string, r streamtypes.Record) {
	text := func(image map[string]streamtypes.AttributeValue, name string) string {
		v, _ := image[name].(*streamtypes.AttributeValueMemberS)
		if v == nil {
			return ""
		}
		return v.Value
	}
	key := text(r.Dynamodb.Keys, "k")
	i := slices.IndexFunc(w.changes, func(c change) bool { return c.key == key && !c.told })
	if i < 0 {
		w.t.Errorf("the table's stream tells of %s %s more often than it happened", r.EventName, key)
		return
	}
	c := &w.changes[i]
	c.told = true
	name := c.name
	if c.event == "REMOVE" {
		name = ""
	}
	if string(r.EventName) != c.event || text(r.Dynamodb.NewImage, "n") != name || text(r.Dynamodb.OldImage, "n") != c.old {
		w.t.Errorf("the table's stream tells %s %s as %s with %v and %v", c.event, key, r.EventName, r.Dynamodb.NewImage, r.Dynamodb.OldImage)
	}
	kind := "a"
	if c.event == "REMOVE" {
		kind = "b"
	}
	s.records = append(s.records, &record{shard: shard, seq: aws.ToString(r.Dynamodb.SequenceNumber), key: key, name: c.name, kind: kind, arrival: c.at, order: c.order})
}

// streamModel is the reference for one mapping of a stream: it goes through what happened, and says for each batch whether the
// rules allow it. It is slow, keeps everything, and shares no code with the pollers.
type streamModel struct {
	w       *randomWorld
	m       *simMapping
	records []*record // of the mapping, by shard and sequence number
	configs []timed
	lanes   map[laneKey]*lane
	bad     spans                // while nothing could be run
	down    map[string]time.Time // what keeps it from running now, and since when
	dropped []dropped            // what was given up
}

type laneKey struct {
	shard string
	part  int
}

// timed is a configuration from a position of the journal on.
type timed struct {
	simConfig
	from int
}

// spans are stretches of time in which a lane could not go on.
type spans []struct{ from, to time.Time }

// slack is how long a lane may wait after what held it up has ended: the longest pause between attempts, and a window.
const slack = time.Minute + 6*time.Second

func (s spans) hold(at time.Time) bool {
	return slices.ContainsFunc(s, func(x struct{ from, to time.Time }) bool {
		return !at.Before(x.from) && !at.After(x.to.Add(slack))
	})
}

// dropped is a batch that was given up, for which a destination must have a record.
type dropped struct {
	first, last string
	size, tries int
}

// lane is what is known of a part of a shard.
type lane struct {
	laneState
	before *laneState // what it was before its last run, as long as that may not be committed
	held   spans      // while it tried again
	last   time.Time  // of the last run
	again  bool       // which did not end well
}

type laneState struct {
	done   string   // up to here everything is done
	since  *string  // after this it may begin anew, after a change of lanes
	failed int      // attempts at the batch that is tried again
	ends   []string // of the batches that failed
	free   time.Time
}

func newStreamModel(w *randomWorld, m *simMapping) *streamModel {
	s := &streamModel{w: w, m: m, lanes: map[laneKey]*lane{}, down: map[string]time.Time{"not made": epoch}}
	return s
}

// part is which lane of a shard has a key.
func (s *streamModel) part(key string, factor int32) int {
	if s.m.stream.table {
		key = fmt.Sprintf(`{"k":{"S":%q}}`, key)
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return int(h.Sum32() % uint32(factor))
}

func (s *streamModel) config() simConfig { return s.configs[len(s.configs)-1].simConfig }

// happen takes notice of what is no run.
func (s *streamModel) happen(h happening, at int) {
	hold := func(why string, ok bool) {
		if from, was := s.down[why]; was && ok {
			s.bad = append(s.bad, struct{ from, to time.Time }{from, h.at})
			delete(s.down, why)
		} else if !was && !ok {
			s.down[why] = h.at
		}
	}
	switch {
	case h.what == aConfig && h.mapping == s.m:
		if len(s.configs) == 0 {
			s.begin(h, at)
			hold("not made", true)
		} else if s.config().factor != h.config.factor {
			s.exchange(at, h.at)
		}
		hold("disabled", h.config.enabled)
		s.configs = append(s.configs, timed{h.config, at})
	case h.what == aRole:
		hold("role", h.may)
	case h.what == aReserve && h.function == s.m.function:
		hold("throttled", h.may)
	case h.what == aDrain:
		for _, l := range s.lanes {
			l.before = nil
		}
	case h.what == aStop, h.what == aCrash: // what was still running has ended with it
		for _, l := range s.lanes {
			l.free = time.Time{}
		}
	}
}

// begin takes the records from the mapping's starting position on.
func (s *streamModel) begin(h happening, at int) {
	for _, r := range s.m.stream.records {
		switch {
		case s.m.position == "LATEST" && r.order < at:
		case s.m.position == "AT_TIMESTAMP" && r.arrival.Before(s.m.timestamp):
		default:
			s.records = append(s.records, r)
		}
	}
	slices.SortStableFunc(s.records, func(x, y *record) int { return cmp.Or(cmp.Compare(x.shard, y.shard), cmp.Compare(x.seq, y.seq)) })
}

// lane is the lane of a record under the present configuration.
func (s *streamModel) lane(k laneKey) *lane {
	if s.lanes[k] == nil {
		s.lanes[k] = &lane{}
	}
	return s.lanes[k]
}

func (s *streamModel) key(r *record) laneKey {
	return laneKey{r.shard, s.part(r.key, s.config().factor)}
}

// of lists the records of a lane.
func (s *streamModel) of(k laneKey) (list []*record) {
	for _, r := range s.records {
		if s.key(r) == k {
			list = append(list, r)
		}
	}
	return list
}

// Verdicts of filters over the time in which a record could have been looked at.
type filtering int

const (
	let     filtering = iota
	perhaps           // the filters were changed meanwhile
	kept
)

// verdict is what the filters say of a record.
func (s *streamModel) verdict(r *record) filtering {
	with, without := 0, 0
	for i, c := range s.configs {
		if i+1 < len(s.configs) && s.configs[i+1].from <= r.order {
			continue // it came later
		}
		if c.filter && r.kind != "a" {
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

// excuse is why a record that is not received at an instant need not be; "" where there is no reason.
func (s *streamModel) excuse(l *lane, r *record, now time.Time) string {
	switch v := s.verdict(r); {
	case v == kept:
		return "filtered"
	case v == perhaps:
		return "filters changed"
	case now.Sub(r.arrival) >= retention:
		return "trimmed"
	}
	for _, c := range s.configs {
		limit := time.Duration(c.age) * time.Second
		if c.age > 0 && now.Sub(r.arrival) >= limit && s.heldUp(l, r, r.arrival.Add(limit)) {
			return "too old"
		}
	}
	return ""
}

// heldUp reports whether something kept a lane from a record at an instant.
func (s *streamModel) heldUp(l *lane, r *record, at time.Time) bool {
	for _, from := range s.down {
		if !from.After(at) {
			return true
		}
	}
	return s.bad.hold(at) || l.held.hold(at) || l.again && !l.last.After(at) || s.m.stream.parents[r.shard] != nil
}

// run holds a batch against the rules. After a crash it may also be that of the run before.
func (s *streamModel) run(h happening) {
	var batch []*record
	for _, item := range h.run.items {
		i := slices.IndexFunc(s.records, func(r *record) bool { return r.seq == item.id && (item.key == "" || item.key == r.key) })
		if i < 0 {
			s.fail(h, "it holds %s (%s), which is before the mapping's starting position or was never put", item.name, item.id)
			return
		}
		batch = append(batch, s.records[i])
	}
	k := s.key(batch[0])
	l := s.lane(k)
	if l.again {
		l.held = append(l.held, struct{ from, to time.Time }{l.last, h.at})
	}
	now := l.laneState
	err := s.check(l, &now, k, batch, h)
	if err != "" && l.before != nil && s.w.count["crash"] > 0 {
		was := *l.before
		if s.check(l, &was, k, batch, h) == "" {
			s.w.count["again after a crash"]++
			err, now = "", was
		}
	}
	if err != "" {
		s.fail(h, "%s; the lane %s/%d is done up to %q and has the ends %v", err, k.shard, k.part, short(now.done), now.ends)
		return
	}
	before := now
	before.ends = slices.Clone(now.ends)
	l.before, l.last = &before, h.at
	now.free = h.at.Add(h.run.takes)
	l.again = !s.judge(&now, batch, h)
	l.laneState = now
}

func short(seq string) string { return seq[max(0, len(seq)-12):] }

func (s *streamModel) fail(h happening, format string, args ...any) {
	var names []string
	for _, i := range h.run.items {
		names = append(names, i.name+" "+short(i.id))
	}
	s.w.t.Errorf("%s from %s, %v, at %s, attempt %d, %+v: %s", s.m.function, s.m.stream.arn, names, h.at.Format(time.TimeOnly), h.run.attempt, s.config(), fmt.Sprintf(format, args...))
}

// check says what is wrong with a batch, for a lane in a state, or "". It moves the state to just before the batch.
func (s *streamModel) check(l *lane, st *laneState, k laneKey, batch []*record, h happening) string {
	c, records := s.config(), s.of(k)
	for _, r := range batch {
		if s.key(r) != k {
			return "it holds records of several lanes"
		}
		if s.verdict(r) == kept {
			return "it holds " + r.name + ", which no filter lets through"
		}
		if age := h.at.Sub(r.arrival); c.age > 0 && age >= time.Duration(c.age)*time.Second || age >= retention {
			return "it holds " + r.name + ", which is too old"
		}
	}
	if why := s.mayRun(st, k, batch, h); why != "" {
		return why
	}
	first := batch[0].seq
	if st.since != nil && first > *st.since && first <= st.done {
		st.done = before(records, first)
		s.w.count["again in other lanes"]++
	}
	st.since = nil
	for len(st.ends) > 0 && first > st.ends[0] { // what was tried again is gone
		st.ends, st.failed = st.ends[1:], 0
	}
	i, skipped := 0, map[string]int{}
	for _, r := range records {
		if r.seq <= st.done || i == len(batch) {
			continue
		}
		if r == batch[i] {
			i++
			continue
		}
		why := s.excuse(l, r, h.at)
		if why == "" {
			return "it passes over " + r.name + " (" + short(r.seq) + ")"
		}
		skipped[why]++
	}
	if i < len(batch) {
		return batch[i].name + " (" + short(batch[i].seq) + ") comes again, or before what was put before it"
	}
	if len(st.ends) > 0 {
		if why := s.whole(l, st, records, batch, h); why != "" {
			return why
		}
	}
	if h.run.attempt != st.failed+1 {
		return fmt.Sprintf("it should be attempt %d", st.failed+1)
	}
	for why, n := range skipped {
		s.w.count[why] += n
	}
	return ""
}

// mayRun says why nothing may be run now.
func (s *streamModel) mayRun(st *laneState, k laneKey, batch []*record, h happening) string {
	for why := range s.down {
		return "nothing may run: " + why
	}
	switch {
	case len(batch) > int(s.config().batch):
		return "it is too large"
	case h.at.Before(st.free):
		return "the run before has not ended"
	}
	for _, parent := range s.m.stream.parents[k.shard] {
		s.w.count["child after parent"]++
		for _, r := range s.records {
			p := s.lane(s.key(r))
			if r.shard == parent && r.seq > p.done && s.excuse(p, r, h.at) == "" {
				return "its parent still has " + r.name
			}
		}
	}
	return ""
}

// whole says what is wrong with a batch that is tried again: it ends where it ended.
func (s *streamModel) whole(l *lane, st *laneState, records, batch []*record, h happening) string {
	last := batch[len(batch)-1]
	if last.seq > st.ends[0] {
		return "the batch that failed ended before " + last.name
	}
	for _, r := range records {
		if r.seq > last.seq && r.seq <= st.ends[0] && len(batch) < int(s.config().batch) && s.excuse(l, r, h.at) == "" {
			return r.name + ", which failed with it, is missing"
		}
	}
	return ""
}

// before is the sequence number of the last record before one.
func before(records []*record, seq string) (was string) {
	for _, r := range records {
		if r.seq < seq {
			was = r.seq
		}
	}
	return was
}

// judge applies the rules for what becomes of a batch, and reports whether all of it is done.
func (s *streamModel) judge(st *laneState, batch []*record, h happening) bool {
	c, last := s.config(), batch[len(batch)-1].seq
	from := len(batch)
	if h.run.failed {
		from = 0
	} else if c.report {
		from = firstReported(batch, h.run.answer)
	}
	finish := func(to string) {
		st.done, st.failed = to, 0
		for len(st.ends) > 0 && st.ends[0] <= to {
			st.ends = st.ends[1:]
		}
	}
	again := func(end string) {
		if len(st.ends) == 0 || end < st.ends[0] {
			st.ends = append([]string{end}, st.ends...)
		}
	}
	switch {
	case from == len(batch):
		finish(last)
		return true
	case from > 0:
		s.w.count["done in part"]++
		finish(batch[from-1].seq)
		again(last)
	case h.run.failed && c.bisect && len(batch) > 1:
		s.w.count["bisected"]++
		finish(st.done)
		again(last)
		again(batch[len(batch)/2-1].seq)
	case c.retries < 0 || st.failed < int(c.retries):
		s.w.count["tried again"]++
		st.failed++
		again(last)
	default:
		s.w.count["given up"]++
		if c.destination {
			s.dropped = append(s.dropped, dropped{batch[0].seq, last, len(batch), st.failed + 1})
		}
		finish(last)
	}
	return false
}

// firstReported is where the first record is that an answer reports: 0 where the answer is wrong.
func firstReported(batch []*record, answer []byte) int {
	var in struct {
		Failures []struct {
			ID string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if json.Unmarshal(answer, &in) != nil {
		return 0
	}
	first := len(batch)
	for _, f := range in.Failures {
		i := slices.IndexFunc(batch, func(r *record) bool { return r.seq == f.ID })
		if i < 0 {
			return 0
		}
		first = min(first, i)
	}
	return first
}

// exchange gives a shard other lanes. They begin where the slowest was: what comes behind may come again.
func (s *streamModel) exchange(at int, now time.Time) {
	type where struct{ sure, perhaps string }
	shards := map[string]where{}
	for _, r := range s.records {
		k := s.key(r)
		l := s.lane(k)
		w := where{"~", "~"} // behind every number
		for _, other := range s.of(k) {
			if other.order >= at || other.seq <= l.done {
				continue
			}
			w.perhaps = l.done // what needs not come may have been passed over, or not yet
			if s.excuse(l, other, now) == "" {
				w.sure = before(s.shard(r.shard), other.seq)
				break
			}
		}
		if was, ok := shards[r.shard]; ok {
			w = where{min(w.sure, was.sure), min(w.perhaps, was.perhaps)}
		}
		shards[r.shard] = w
	}
	s.lanes = map[laneKey]*lane{}
	for shard, w := range shards {
		end := ""
		for _, r := range s.shard(shard) {
			if r.order < at {
				end = r.seq
			}
		}
		for part := range 3 {
			s.lanes[laneKey{shard, part}] = &lane{laneState: laneState{done: min(w.sure, end), since: new(min(w.perhaps, end))}}
		}
	}
}

func (s *streamModel) shard(id string) (list []*record) {
	for _, r := range s.records {
		if r.shard == id {
			list = append(list, r)
		}
	}
	return list
}

// end holds what was not received against the rules, and what was given up against the destination's records.
func (s *streamModel) end(now time.Time, told []failureRecord) {
	if len(s.configs) == 0 {
		return
	}
	for _, r := range s.records {
		l := s.lane(s.key(r))
		if r.seq <= l.done {
			continue
		}
		why := s.excuse(l, r, now)
		if why == "" {
			s.w.t.Errorf("%s (%s of %s) was accepted and never reached %s", r.name, short(r.seq), r.shard, s.m.function)
		} else {
			s.w.count[why]++
		}
	}
	for _, d := range s.dropped {
		found := slices.ContainsFunc(told, func(f failureRecord) bool {
			info := f.KinesisBatchInfo
			if s.m.stream.table {
				info = f.DDBStreamBatchInfo
			}
			return info != nil && info.StreamArn == s.m.stream.arn && info.StartSequenceNumber == d.first && info.EndSequenceNumber == d.last && info.BatchSize == d.size &&
				f.RequestContext.ApproximateInvokeCount == d.tries && f.RequestContext.Condition == "RetryAttemptsExhausted" && f.RequestContext.FunctionArn == functionARN(s.m.function)
		})
		if !found {
			s.w.t.Errorf("the destination has no record of what %s gave up: %+v", s.m.function, d)
		} else {
			s.w.count["record of a failure"]++
		}
	}
}
