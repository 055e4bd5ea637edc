package sqs

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of receipts (SDK, ReceiveMessage, ChangeMessageVisibility).
const (
	maxReceive = 10
	maxWait    = 20    // seconds
	maxHide    = 43200 // seconds
)

// received is a message as it was received once.
type received struct {
	queue                *queue
	seq                  int64
	id, body, sender     string
	attributes           []byte
	trace, group, origin *string
	dedup, cause         *string
	sent, first          time.Time
	received, receipts   int
}

func scanReceived(row pgx.CollectableRow) (r received, err error) {
	err = row.Scan(&r.seq, &r.id, &r.body, &r.attributes, &r.trace, &r.sender, &r.group, &r.dedup, &r.origin, &r.sent, &r.first, &r.received, &r.receipts, &r.cause)
	return r, err
}

func (r *received) receipt() string {
	return receipt{r.id, r.queue.arn(), r.seq, r.receipts}.String()
}

// system are the attributes that the queue gives a message.
func (r *received) system() map[string]string {
	out := map[string]string{
		"SenderId": r.sender, "SentTimestamp": strconv.FormatInt(r.sent.UnixMilli(), 10), "ApproximateReceiveCount": strconv.Itoa(r.received),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(r.first.UnixMilli(), 10),
	}
	for name, value := range map[string]*string{traceHeader: r.trace, "MessageGroupId": r.group, "MessageDeduplicationId": r.dedup, "DeadLetterQueueSourceArn": r.origin} {
		if value != nil {
			out[name] = *value
		}
	}
	if r.queue.fifo {
		out["SequenceNumber"] = sequence(r.seq)
	}
	return out
}

const receivedColumns = `seq, id, body, attributes, trace, sender, message_group, dedup, origin, sent, first, received, receipts, coalesce(cause, trace)`

// receive takes messages that are visible now, as many as the claim says. Where there are none it costs nothing.
func (s *Store) receive(ctx context.Context, q *queue, c claim) ([]received, error) {
	s.mu.Lock()
	s.advance(q, s.db.Now())
	gone, none := q.gone, q.first() == nil && len(s.taken) == 0 && q.attempts[c.attempt] == nil
	s.mu.Unlock()
	if gone {
		return nil, notFound()
	}
	if none {
		return nil, nil
	}
	dead, err := s.deadLetterQueue(ctx, q)
	if err != nil {
		return nil, err
	}
	c.dead = dead
	w := &work{queue: q, claim: &c}
	if err := s.do(ctx, w); err != nil {
		return nil, err
	}
	return w.claim.got, nil
}

// poll is receive that waits: until there is a message, for so long of real time, or until the store ends. It looks again when
// a message was sent, or when one becomes visible: at its time, or when a virtual clock is moved.
func (s *Store) poll(ctx context.Context, q *queue, c claim, wait time.Duration, clk *clock.Clock) ([]received, error) {
	end := clock.NewWallTimer(wait)
	defer end.Stop()
	for {
		s.mu.Lock()
		changed := q.changed
		s.mu.Unlock()
		moved := clk.Moved()
		got, err := s.receive(ctx, q, c)
		if err != nil || len(got) > 0 || wait == 0 {
			return got, err
		}
		again := clock.NewWallTimer(s.pause(q, clk.IsVirtual()))
		select {
		case <-changed:
		case <-moved:
		case <-again.C():
		case <-end.C():
			wait = 0
		case <-s.ended:
			wait = 0
		case <-ctx.Done():
			wait = 0
		}
		again.Stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// pause is for how long of real time nothing can become visible by itself.
func (s *Store) pause(q *queue, virtual bool) time.Duration {
	if virtual {
		return maxWait * time.Second
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := q.nextVisible()
	if !ok {
		return maxWait * time.Second
	}
	return max(at.Sub(s.db.Now()), time.Millisecond)
}

// receiveOptions are what a receiver asks for beside messages.
type receiveOptions struct {
	limit      int
	hide, wait time.Duration
	system     []string
	user       []string
	attempt    string // "" for none
}

func (a *API) receiveOptions(ctx context.Context, q *queue, in *sqs.ReceiveMessageInput) (*receiveOptions, error) {
	call := wire.CallFrom(ctx)
	set := a.Store.settingsOf(q)
	o := &receiveOptions{limit: 1, hide: set.visibility, wait: set.wait, user: in.MessageAttributeNames}
	if err := checkAttempt(q, in.ReceiveRequestAttemptId); err != nil {
		return nil, err
	}
	o.attempt = aws.ToString(in.ReceiveRequestAttemptId)
	if n := in.MaxNumberOfMessages; n != 0 || call.Present("MaxNumberOfMessages") {
		if n < 1 || n > maxReceive {
			return nil, invalidParameter(n, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
		}
		o.limit = int(n)
	}
	if n := in.WaitTimeSeconds; n != 0 || call.Present("WaitTimeSeconds") {
		if n < 0 || n > maxWait {
			return nil, invalidParameter(n, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
		}
		o.wait = time.Duration(n) * time.Second
	}
	if n := in.VisibilityTimeout; n != 0 || call.Present("VisibilityTimeout") {
		if n < 0 || n > maxHide {
			return nil, invalidVisibility(n)
		}
		o.hide = time.Duration(n) * time.Second
	}
	for _, n := range in.AttributeNames {
		o.system = append(o.system, string(n))
	}
	for _, n := range in.MessageSystemAttributeNames {
		o.system = append(o.system, string(n))
	}
	known := types.MessageSystemAttributeName("").Values()
	for _, n := range o.system {
		if !slices.Contains(known, types.MessageSystemAttributeName(n)) {
			return nil, unknownAttribute(n)
		}
	}
	return o, nil
}

func invalidVisibility(n int32) error {
	return invalidParameter(n, attrVisibility, "VisibilityTimeout must be an integer between 0 and 43200.")
}

func (a *API) receiveMessage(ctx context.Context, q *queue, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
	o, err := a.receiveOptions(ctx, q, in)
	if err != nil {
		return nil, err
	}
	a.Store.mu.Lock()
	full := q.hidden >= maxInFlight
	a.Store.mu.Unlock()
	if full {
		return nil, wire.Errorf(http.StatusForbidden, "OverLimit", "The queue has %d messages in flight, which is the most that there may be.", maxInFlight)
	}
	got, err := a.Store.poll(ctx, q, claim{limit: o.limit, hide: o.hide, attempt: o.attempt}, o.wait, a.Clock)
	if err != nil {
		return nil, err
	}
	out := &sqs.ReceiveMessageOutput{}
	for _, r := range got {
		m, err := o.show(&r)
		if err != nil {
			return nil, err
		}
		out.Messages = append(out.Messages, *m)
	}
	return out, nil
}

// show is a message with the attributes that were asked for. The digest is that of the attributes that are shown.
func (o *receiveOptions) show(r *received) (*types.Message, error) {
	m := &types.Message{MessageId: &r.id, ReceiptHandle: aws.String(r.receipt()), Body: &r.body, MD5OfBody: aws.String(digest(r.body))}
	all := slices.Contains(o.system, attrAll)
	for name, value := range r.system() {
		if all || slices.Contains(o.system, name) {
			if m.Attributes == nil {
				m.Attributes = map[string]string{}
			}
			m.Attributes[name] = value
		}
	}
	attributes, err := unpacked(r.attributes)
	if err != nil {
		return nil, err
	}
	shown := map[string]Attribute{}
	for name, at := range attributes {
		if slices.ContainsFunc(o.user, func(asked string) bool { return asksFor(asked, name) }) {
			shown[name] = at
		}
	}
	if len(shown) > 0 {
		m.MessageAttributes = map[string]types.MessageAttributeValue{}
		for name, at := range shown {
			m.MessageAttributes[name] = types.MessageAttributeValue{DataType: aws.String(at.Type), StringValue: at.String, BinaryValue: at.Binary}
		}
		m.MD5OfMessageAttributes = aws.String(digestOf(shown))
	}
	return m, nil
}

// asksFor reports whether a requested name covers an attribute: All, .*, a prefix with .* after it, or its own name.
func asksFor(asked, name string) bool {
	if prefix, ok := strings.CutSuffix(asked, ".*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return asked == attrAll || asked == name
}

// markFor reads a receipt handle for a deletion or a change of visibility.
func markFor(q *queue, handle *string, k mark) (*mark, error) {
	if aws.ToString(handle) == "" {
		return nil, missing("ReceiptHandle")
	}
	r, ok := parseReceipt(*handle, q.arn())
	if !ok {
		return nil, wire.Errorf(http.StatusBadRequest, "ReceiptHandleIsInvalid", "The input receipt handle \"%s\" is not a valid receipt handle.", *handle)
	}
	k.receipt = r
	return &k, nil
}

// refused words what became of a mark; nil when it was done, or when SQS says so although there was nothing to do.
func (k *mark) refused(q *queue) error {
	switch {
	case k.outcome == marked:
		return nil
	case k.delete && q.fifo && (k.outcome == stale || k.outcome == visited):
		return invalidParameter(k.receipt, "ReceiptHandle", "The receipt handle has expired.")
	case k.delete:
		return nil
	case k.outcome == tooLong:
		return invalidParameter(int(k.hide.Seconds()), attrVisibility, "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].")
	case k.outcome == visited:
		return wire.Errorf(http.StatusBadRequest, "MessageNotInflight", "The message referred to isn't in flight.")
	}
	return invalidParameter(k.receipt, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.")
}

func (a *API) deleteMessage(ctx context.Context, q *queue, in *sqs.DeleteMessageInput) (*sqs.DeleteMessageOutput, error) {
	k, err := markFor(q, in.ReceiptHandle, mark{delete: true})
	if err != nil {
		return nil, err
	}
	if err := a.Store.do(ctx, &work{queue: q, marks: []*mark{k}}); err != nil {
		return nil, err
	}
	return &sqs.DeleteMessageOutput{}, k.refused(q)
}

func (a *API) changeVisibility(ctx context.Context, q *queue, in *sqs.ChangeMessageVisibilityInput) (*sqs.ChangeMessageVisibilityOutput, error) {
	if in.VisibilityTimeout < 0 || in.VisibilityTimeout > maxHide {
		return nil, invalidVisibility(in.VisibilityTimeout)
	}
	k, err := markFor(q, in.ReceiptHandle, mark{hide: time.Duration(in.VisibilityTimeout) * time.Second})
	if err != nil {
		return nil, err
	}
	if err := a.Store.do(ctx, &work{queue: q, marks: []*mark{k}}); err != nil {
		return nil, err
	}
	return &sqs.ChangeMessageVisibilityOutput{}, k.refused(q)
}

// marks has the writer do a batch. read gives each entry's mark or its refusal.
func (a *API) marks(ctx context.Context, q *queue, kind string, ids []*string, read func(i int) (*mark, error)) (done []*string, failed []types.BatchResultErrorEntry, err error) {
	if err := checkBatch(kind, ids); err != nil {
		return nil, nil, err
	}
	failed = []types.BatchResultErrorEntry{}
	fail := func(i int, err error) error {
		f, err := failure(ids[i], err)
		if err == nil {
			failed = append(failed, f)
		}
		return err
	}
	w := &work{queue: q}
	var at []int // the entries of the marks
	for i := range ids {
		k, err := read(i)
		if err != nil {
			if err := fail(i, err); err != nil {
				return nil, nil, err
			}
			continue
		}
		w.marks, at = append(w.marks, k), append(at, i)
	}
	if len(w.marks) > 0 {
		if err := a.Store.do(ctx, w); err != nil {
			return nil, nil, err
		}
	}
	for n, k := range w.marks {
		if err := k.refused(q); err != nil {
			if err := fail(at[n], err); err != nil {
				return nil, nil, err
			}
			continue
		}
		done = append(done, ids[at[n]])
	}
	return done, failed, nil
}

func (a *API) deleteBatch(ctx context.Context, q *queue, in *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error) {
	ids := make([]*string, len(in.Entries))
	for i, e := range in.Entries {
		ids[i] = e.Id
	}
	done, failed, err := a.marks(ctx, q, "DeleteMessageBatch", ids, func(i int) (*mark, error) {
		return markFor(q, in.Entries[i].ReceiptHandle, mark{delete: true})
	})
	if err != nil {
		return nil, err
	}
	out := &sqs.DeleteMessageBatchOutput{Failed: failed, Successful: []types.DeleteMessageBatchResultEntry{}}
	for _, id := range done {
		out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: id})
	}
	return out, nil
}

func (a *API) changeBatch(ctx context.Context, q *queue, in *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	ids := make([]*string, len(in.Entries))
	for i, e := range in.Entries {
		ids[i] = e.Id
	}
	done, failed, err := a.marks(ctx, q, "ChangeMessageVisibilityBatch", ids, func(i int) (*mark, error) {
		e := in.Entries[i]
		if e.VisibilityTimeout < 0 || e.VisibilityTimeout > maxHide {
			return nil, invalidVisibility(e.VisibilityTimeout)
		}
		return markFor(q, e.ReceiptHandle, mark{hide: time.Duration(e.VisibilityTimeout) * time.Second})
	})
	if err != nil {
		return nil, err
	}
	out := &sqs.ChangeMessageVisibilityBatchOutput{Failed: failed, Successful: []types.ChangeMessageVisibilityBatchResultEntry{}}
	for _, id := range done {
		out.Successful = append(out.Successful, types.ChangeMessageVisibilityBatchResultEntry{Id: id})
	}
	return out, nil
}
