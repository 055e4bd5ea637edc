package sqs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull/pulltest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/sqs"
)

// bundle is a store on a database of the test's own.
type bundle struct {
	*sqs.Store
	db    *postgres.DB
	clock *clock.Clock
	wakes atomic.Int64
}

func setup(t testing.TB, clk *clock.Clock) *bundle {
	b := &bundle{clock: clk, db: pgtest.NewWithClock(t, clk, identity.Schema, sqs.Schema)}
	b.Store = b.open(t)
	return b
}

// open returns a store over the database, as a backend that starts has it.
func (b *bundle) open(t testing.TB) *sqs.Store {
	ids := ident.New(1, 1)
	log := slog.New(slog.DiscardHandler)
	a := &authz.Authorizer{Identity: identity.New(b.db, ids), Clock: b.clock, Log: log, DefaultAccount: "000000000000"}
	s := sqs.NewStore(b.db, ids, a, log, func(string) { b.wakes.Add(1) })
	t.Cleanup(s.Close)
	return s
}

func (b *bundle) make(t testing.TB, name string, attributes ...string) string {
	t.Helper()
	m := map[string]string{}
	for i := 0; i < len(attributes); i += 2 {
		m[attributes[i]] = attributes[i+1]
	}
	queueARN, err := b.Make(t.Context(), name, m)
	if err != nil {
		t.Fatal(err)
	}
	return queueARN
}

func (b *bundle) put(t testing.TB, queueARN, group string, bodies ...string) {
	t.Helper()
	if err := b.Put(t.Context(), queueARN, group, bodies...); err != nil {
		t.Fatal(err)
	}
}

func (b *bundle) receive(t testing.TB, queueARN string, limit int) []pull.Message {
	t.Helper()
	list, err := b.Receive(t.Context(), queueARN, limit, 0)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func texts(list []pull.Message) string {
	var s []string
	for _, m := range list {
		s = append(s, string(m.Body))
	}
	return strings.Join(s, " ")
}

func TestTheContractOfAQueue(t *testing.T) {
	n := 0
	pulltest.Queue(t, []postgres.Schema{sqs.Schema}, func(c *pulltest.Core) *pulltest.QueueSource {
		b := &bundle{clock: c.Clock, db: c.DB, Store: sqs.NewStore(c.DB, c.IDs, c.Authz, c.Log, c.Poller.WakeQueue)}
		return &pulltest.QueueSource{Queue: b, Service: "sqs", Stop: b.Close,
			Create: func(t *testing.T, a pull.QueueAttributes) string {
				n++
				name, attributes := fmt.Sprintf("q%d", n), []string{"VisibilityTimeout", fmt.Sprint(int(a.VisibilityTimeout.Seconds()))}
				if a.FIFO {
					name, attributes = name+".fifo", append(attributes, "FifoQueue", "true")
				}
				return b.make(t, name, attributes...)
			},
			Send: func(t *testing.T, queueARN, group, body string) { b.put(t, queueARN, group, body) }}
	})
}

// TestTheEventOfAMessage holds the event to the recorded one (spec: test_message_body_and_attributes_passed_correctly).
func TestTheEventOfAMessage(t *testing.T) {
	b := setup(t, clock.NewVirtual(clock.Epoch))
	plain, ordered := b.make(t, "q"), b.make(t, "q.fifo", "FifoQueue", "true")
	text := "me"
	root := authz.RootOf("000000000000")
	id, err := b.Deliver(t.Context(), sqs.Delivery{QueueARN: plain, Principal: root, Body: "b",
		Attributes: map[string]sqs.Attribute{"Author": {Type: "String", String: &text}, "Raw": {Type: "Binary", Binary: []byte("x")}}})
	if err != nil {
		t.Fatal(err)
	}
	b.put(t, ordered, "g", "bare")
	records := append(b.receive(t, plain, 10), b.receive(t, ordered, 10)...)
	if len(records) != 2 || records[0].ID != id {
		t.Fatalf("%+v", records)
	}
	want := []string{`{"messageId":"ID","receiptHandle":"RECEIPT","body":"b","attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1767225600000",
		"SenderId":"000000000000","ApproximateFirstReceiveTimestamp":"1767225600000"},"messageAttributes":{"Author":{"stringValue":"me","stringListValues":[],"binaryListValues":[],"dataType":"String"},
		"Raw":{"binaryValue":"eA==","stringListValues":[],"binaryListValues":[],"dataType":"Binary"}},
		"md5OfMessageAttributes":"2362563f4932bc6e7f4efef09aa93149","md5OfBody":"92eb5ffee6ae2fec3ad71c777531578f","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:q","awsRegion":"us-east-1"}`,
		`{"messageId":"ID","receiptHandle":"RECEIPT","body":"bare","attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1767225600000","SenderId":"AIDA",
		"ApproximateFirstReceiveTimestamp":"1767225600000","MessageGroupId":"g","MessageDeduplicationId":"bare","SequenceNumber":"18800000000000000001"},"messageAttributes":{},
		"md5OfMessageAttributes":null,"md5OfBody":"8604aecae9ee64a74c52d4c1965bb0ef","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:q.fifo","awsRegion":"us-east-1"}`}
	for i, r := range records {
		got := strings.NewReplacer(r.ID, "ID", r.Receipt, "RECEIPT").Replace(string(r.Event))
		if diff := cmp.Diff(tree(t, want[i]), tree(t, got)); diff != "" {
			t.Error(diff)
		}
	}
}

func tree(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDeliver(t *testing.T) {
	b := setup(t, clock.NewVirtual(clock.Epoch))
	queueARN := b.make(t, "q", "MaximumMessageSize", "1024", "Policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},
		"Action":"sqs:SendMessage","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:000000000000:topic"}}}]}`)
	source := authz.Source{}
	deliver := func(principal authz.Session, queueARN, body string) error {
		_, err := b.Deliver(t.Context(), sqs.Delivery{QueueARN: queueARN, Principal: principal, Body: body, Source: source})
		return err
	}
	root := authz.RootOf("000000000000")
	if err := deliver(root, queueARN, "x"); err != nil {
		t.Error(err)
	}
	sns := authz.ServiceOf("sns.amazonaws.com")
	if err := deliver(sns, queueARN, "x"); !fault.Is(err, fault.Denied) {
		t.Errorf("without its source the service is let in: %v", err)
	}
	source = authz.SourceOf("arn:aws:sns:us-east-1:000000000000:topic")
	if err := deliver(sns, queueARN, "y"); err != nil {
		t.Error(err)
	}
	for name, test := range map[string]struct {
		err  error
		kind fault.Kind
	}{
		"who may not":               {deliver(authz.ServiceOf("events.amazonaws.com"), queueARN, "x"), fault.Denied},
		"a queue that is not there": {deliver(root, queueARN+"x", "x"), fault.NotFound},
		"too much":                  {deliver(root, queueARN, strings.Repeat("x", 1025)), fault.TooLarge},
		"what is no text":           {deliver(root, queueARN, "\x00"), fault.Invalid},
	} {
		if !fault.Is(test.err, test.kind) {
			t.Errorf("%s: got %v, want a fault of kind %s", name, test.err, test.kind)
		}
	}
	if got := texts(b.receive(t, queueARN, 10)); got != "x y" {
		t.Errorf("received %q", got)
	}
}

// TestWhatIsGoneLeavesNothing holds the rows and memory to what is left of messages that were deleted, expired and purged.
func TestWhatIsGoneLeavesNothing(t *testing.T) {
	b := setup(t, clock.NewVirtual(clock.Epoch))
	queueARN := b.make(t, "q", "MessageRetentionPeriod", "60", "VisibilityTimeout", "43200")
	for range 40 {
		var bodies []string
		for i := range 100 {
			bodies = append(bodies, fmt.Sprint(i))
		}
		b.put(t, queueARN, "", bodies...)
		var receipts []string
		for _, m := range b.receive(t, queueARN, 100) {
			receipts = append(receipts, m.Receipt)
		}
		if err := b.Delete(t.Context(), queueARN, receipts); err != nil {
			t.Fatal(err)
		}
	}
	if messages, entries := b.Kept(t.Context(), queueARN); messages != 0 || entries > 2500 {
		t.Errorf("memory keeps %d messages and %d entries of 4000 that were deleted", messages, entries)
	}
	b.put(t, queueARN, "", "expires")
	b.clock.Set(b.clock.Now().Add(time.Minute))
	if got := texts(b.receive(t, queueARN, 10)); got != "" {
		t.Errorf("received %q", got)
	}
	if err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM sqs.messages`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows are left (%v)", rows, err)
	}
}

// TestAFailedTransactionGivesBack pins that what a transaction took and did not commit is received by the next.
func TestAFailedTransactionGivesBack(t *testing.T) {
	b := setup(t, clock.NewVirtual(clock.Epoch))
	queueARN, ordered := b.make(t, "q"), b.make(t, "q.fifo", "FifoQueue", "true")
	b.put(t, queueARN, "", "a", "b")
	b.put(t, ordered, "g", "1", "2")
	if _, err := b.db.Exec(t.Context(), `ALTER TABLE sqs.messages ADD CONSTRAINT broken CHECK (receipts = 0)`); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{queueARN, ordered} {
		if _, err := b.Receive(t.Context(), q, 10, 0); err == nil {
			t.Error("the receipt was committed")
		}
	}
	if _, err := b.db.Exec(t.Context(), `ALTER TABLE sqs.messages DROP CONSTRAINT broken`); err != nil {
		t.Fatal(err)
	}
	if got := texts(b.receive(t, queueARN, 10)) + "," + texts(b.receive(t, ordered, 10)); got != "a b,1 2" {
		t.Errorf("received %q", got)
	}
}

// TestGroupsKeepTheirOrderUnderLoad sends to groups from many callers, receives from many others, some of whom lose what they
// have, and holds each group to its order and to one holder at a time.
func TestGroupsKeepTheirOrderUnderLoad(t *testing.T) {
	const groups, each, receivers = 8, 40, 6
	b := setup(t, clock.NewVirtual(clock.Epoch))
	queueARN := b.make(t, "q.fifo", "FifoQueue", "true")
	var senders sync.WaitGroup
	for g := range groups {
		senders.Go(func() {
			for i := range each {
				if err := b.Put(context.Background(), queueARN, fmt.Sprint(g), fmt.Sprintf("%d-%d", g, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var mu sync.Mutex
	held, next, done := map[string]bool{}, map[string]int{}, 0
	var working sync.WaitGroup
	for n := range receivers {
		working.Go(func() {
			for round := 0; ; round++ {
				mu.Lock()
				over := done == groups*each || t.Failed()
				mu.Unlock()
				if over {
					return
				}
				list, err := b.Receive(context.Background(), queueARN, 1+(n+round)%7, time.Hour)
				if err != nil {
					t.Error(err)
					return
				}
				last := map[string]string{} // receipt by group
				mu.Lock()
				for _, m := range list {
					if held[m.Group] && last[m.Group] == "" {
						t.Errorf("group %s is with two receivers", m.Group)
					}
					held[m.Group], last[m.Group] = true, m.Receipt
					if want := fmt.Sprintf("%s-%d", m.Group, next[m.Group]); string(m.Body) != want {
						t.Errorf("received %s, want %s", m.Body, want)
					}
					next[m.Group]++
					done++
				}
				mu.Unlock()
				for _, m := range list {
					if last[m.Group] == m.Receipt { // with the last one's deletion the group is free for others
						mu.Lock()
						held[m.Group] = false
						mu.Unlock()
					}
					if err := b.Delete(context.Background(), queueARN, []string{m.Receipt}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	senders.Wait()
	working.Wait()
}

// TestEverythingSentIsReceivedOnce moves messages through a queue from many sides at once.
func TestEverythingSentIsReceivedOnce(t *testing.T) {
	const callers, each = 8, 50
	b := setup(t, clock.NewVirtual(clock.Epoch))
	queueARN := b.make(t, "q")
	var all sync.WaitGroup
	var got sync.Map
	var count atomic.Int64
	for c := range callers {
		all.Go(func() {
			for i := range each {
				if err := b.Put(context.Background(), queueARN, "", fmt.Sprintf("%d-%d", c, i)); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for count.Load() < callers*each && !t.Failed() {
				list, err := b.Receive(context.Background(), queueARN, 10, 0)
				if err != nil {
					t.Error(err)
				}
				for _, m := range list {
					if _, twice := got.LoadOrStore(string(m.Body), true); twice {
						t.Errorf("%s was received twice", m.Body)
					}
					count.Add(1)
				}
			}
		})
	}
	all.Wait()
	if b.wakes.Load() == 0 {
		t.Error("the pollers were not told")
	}
}

// TestARestartFindsEverything pins that the table alone says where every message is.
func TestARestartFindsEverything(t *testing.T) {
	b := setup(t, clock.NewVirtual(clock.Epoch))
	ordered := b.make(t, "q.fifo", "FifoQueue", "true", "VisibilityTimeout", "60")
	b.put(t, ordered, "a", "a1", "a2")
	b.put(t, ordered, "b", "b1")
	if got := texts(b.receive(t, ordered, 1)); got != "a1" {
		t.Fatalf("received %q", got)
	}
	b.Store.Close()
	b.Store = b.open(t)
	if got := texts(b.receive(t, ordered, 10)); got != "b1" {
		t.Errorf("received %q: the group a has a message in flight", got)
	}
	at, ok, err := b.NextVisible(t.Context(), ordered)
	if err != nil || !ok || !at.Equal(clock.Epoch.Add(time.Minute)) {
		t.Errorf("%v %v %v", at, ok, err)
	}
	b.clock.Set(clock.Epoch.Add(time.Minute))
	if got := texts(b.receive(t, ordered, 10)); got != "a1 a2 b1" {
		t.Errorf("received %q", got)
	}
	b.put(t, ordered, "a", "a1") // a duplicate
	if err := b.Delete(t.Context(), ordered, []string{"rubbish"}); err != nil {
		t.Error(err)
	}
	if _, err := b.Describe(t.Context(), ordered+"x"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

var errEnough = errors.New("enough")

// BenchmarkThroughput sends, receives and deletes as pollers and the API do: many callers, ten messages each time.
func BenchmarkThroughput(b *testing.B) {
	s := setup(b, clock.NewReal())
	queueARN := s.make(b, "q")
	const callers = 16
	body := strings.Repeat("x", 200)
	ten := make([]string, 10)
	for i := range ten {
		ten[i] = body
	}
	var sent, done atomic.Int64
	ctx, cancel := context.WithCancelCause(b.Context())
	defer cancel(errEnough)
	var all sync.WaitGroup
	b.ResetTimer()
	for range callers {
		all.Go(func() {
			for sent.Add(10) <= int64(b.N) {
				if err := s.Put(ctx, queueARN, "", ten...); err != nil {
					b.Error(err)
				}
			}
		})
		all.Go(func() {
			target := int64(b.N / 10 * 10)
			for done.Load() < target {
				list, err := s.Receive(ctx, queueARN, 10, 0)
				if err != nil {
					b.Error(err)
				}
				receipts := make([]string, len(list))
				for i, m := range list {
					receipts[i] = m.Receipt
				}
				if err := s.Delete(ctx, queueARN, receipts); err != nil {
					b.Error(err)
				}
				done.Add(int64(len(list)))
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	var rows int
	if err := s.db.QueryRow(b.Context(), `SELECT count(*) FROM sqs.messages`, pgx.QueryExecModeSimpleProtocol).Scan(&rows); err != nil || rows != 0 {
		b.Errorf("%d rows are left (%v)", rows, err)
	}
}
