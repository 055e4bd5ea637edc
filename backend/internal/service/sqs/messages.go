package sqs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of messages (SDK, SendMessage; SQS quotas).
const (
	maxAttributes = 10
	maxBatch      = 10
	maxDelay      = 900 // seconds
	traceHeader   = "AWSTraceHeader"
)

// do has the writer do work, and returns after the commit.
func (s *Store) do(ctx context.Context, w *work) error {
	if err := s.writer.Add(ctx, w); err != nil {
		return err
	}
	return w.err
}

// draft is a message as a caller describes it.
type draft struct {
	body         *string
	attributes   map[string]types.MessageAttributeValue
	system       map[string]types.MessageSystemAttributeValue
	group, dedup *string
	delay        int32
	delayGiven   bool
	trace        string // of the request, as the SDK of a function forwards it
}

// finished is a draft that was found right.
type finished struct {
	*outgoing
	attributes, system map[string]Attribute
	size               int
}

// finish checks a draft against the queue's settings.
func (s *Store) finish(q *queue, set *settings, d draft, sender string) (*finished, error) {
	if aws.ToString(d.body) == "" {
		return nil, missing("MessageBody")
	}
	if err := checkBody(*d.body); err != nil {
		return nil, err
	}
	f := &finished{outgoing: &outgoing{id: s.ids.UUID(), body: *d.body, sender: sender, group: d.group, dedup: d.dedup}}
	var err error
	if f.attributes, err = userAttributes(d.attributes); err != nil {
		return nil, err
	}
	if f.system, err = systemAttributes(d.system); err != nil {
		return nil, err
	}
	if d.trace != "" {
		f.trace = &d.trace
	}
	if a, ok := f.system[traceHeader]; ok {
		f.trace = a.String
	}
	f.outgoing.attributes = packed(f.attributes)
	f.size = len(f.body)
	for name, a := range f.attributes {
		f.size += a.size(name)
	}
	if f.size > set.maxSize {
		return nil, invalid("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", set.maxSize)
	}
	if f.delay, err = delayOf(set, d); err != nil {
		return nil, err
	}
	return f, identify(q, set, f.outgoing)
}

// checkBody refuses the characters that XML 1.0 has not.
func checkBody(body string) error {
	for i, r := range body {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(body[i:]); n == 1 {
				return invalidContents(int64(body[i]))
			}
		}
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return invalidContents(int64(r))
		}
	}
	return nil
}

func invalidContents(r int64) error {
	return wire.Errorf(http.StatusBadRequest, "InvalidMessageContents", "Invalid binary character '#x%s' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
		strings.ToUpper(strconv.FormatInt(r, 16)))
}

// delayOf is how long a message waits: what it asks for, or what its queue says. In a FIFO queue the queue alone says it.
func delayOf(set *settings, d draft) (time.Duration, error) {
	switch {
	case !d.delayGiven && d.delay == 0:
		return set.delay, nil
	case d.delay < 0 || d.delay > maxDelay:
		return 0, invalidParameter(d.delay, attrDelay, "DelaySeconds must be >= 0 and <= 900.")
	case set.fifo && d.delay > 0:
		return 0, invalidParameter(d.delay, attrDelay, "The request include parameter that is not valid for this queue type.")
	case set.fifo:
		return set.delay, nil
	}
	return time.Duration(d.delay) * time.Second, nil
}

var tokenForm = regexp.MustCompile(`^[!-~]{1,128}$`)

// identify checks a message's group and deduplication id, and gives it one of its content where the queue says so.
func identify(q *queue, set *settings, o *outgoing) error {
	const form = "can only include alphanumeric and punctuation characters. 1 to 128 in length."
	if o.group != nil && !tokenForm.MatchString(*o.group) {
		return invalidParameter(*o.group, "MessageGroupId", "MessageGroupId "+form)
	}
	if o.dedup != nil && !tokenForm.MatchString(*o.dedup) {
		return invalidParameter(*o.dedup, "MessageDeduplicationId", "MessageDeduplicationId "+form)
	}
	switch {
	case !q.fifo && o.dedup != nil:
		return invalidParameter(*o.dedup, "MessageDeduplicationId", "The request includes a parameter that is not valid for this queue type.")
	case !q.fifo:
		return nil
	case o.group == nil:
		return missing("MessageGroupId")
	case o.dedup == nil && !set.contentBased:
		return invalid("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case o.dedup == nil:
		sum := sha256.Sum256([]byte(o.body))
		o.dedup = aws.String(hex.EncodeToString(sum[:]))
	}
	return nil
}

// attributeName is checked further by its prefix and its dots.
var attributeName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

func userAttributes(in map[string]types.MessageAttributeValue) (map[string]Attribute, error) {
	if len(in) > maxAttributes {
		return nil, invalid("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(in), maxAttributes)
	}
	out := map[string]Attribute{}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		lower := strings.ToLower(name)
		if len(name) > 256 || !attributeName.MatchString(name) || strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") {
			return nil, invalid("The message attribute name '%s' is invalid. It may hold letters, digits, '_', '-' and single periods inside, at most 256 characters, and must not begin with AWS. or Amazon.", name)
		}
		v := in[name]
		if len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0 {
			return nil, wire.Errorf(http.StatusBadRequest, "UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.")
		}
		a := Attribute{Type: aws.ToString(v.DataType), String: v.StringValue, Binary: v.BinaryValue}
		if err := a.check(name); err != nil {
			return nil, err
		}
		out[name] = a
	}
	return out, nil
}

// check refuses an attribute whose type and value do not fit, and drops the value that its type has not.
func (a *Attribute) check(name string) error {
	kind, _, _ := strings.Cut(a.Type, ".")
	switch {
	case a.Type == "":
		return invalid("The message attribute '%s' must contain non-empty message attribute type.", name)
	case kind != "String" && kind != "Number" && kind != "Binary":
		return invalid("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case a.binary() && len(a.Binary) == 0, !a.binary() && aws.ToString(a.String) == "":
		return invalid("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, a.Type)
	case a.binary() && a.String != nil, !a.binary() && a.Binary != nil:
		return invalid("The message attribute '%s' has multiple values.", name)
	case kind == "Number":
		if _, ok := new(big.Rat).SetString(*a.String); !ok || strings.Contains(*a.String, "/") {
			return invalid("Can't cast the value of message (user) attribute '%s' to a number.", name)
		}
	}
	return nil
}

func systemAttributes(in map[string]types.MessageSystemAttributeValue) (map[string]Attribute, error) {
	out := map[string]Attribute{}
	for name, v := range in {
		if name != traceHeader {
			return nil, invalid("Message system attribute name '%s' is invalid.", name)
		}
		if aws.ToString(v.DataType) != "String" || aws.ToString(v.StringValue) == "" {
			return nil, invalid("The message system attribute '%s' must be of type String, with a value.", name)
		}
		out[name] = Attribute{Type: "String", String: v.StringValue}
	}
	return out, nil
}

// settingsOf is a copy of a queue's settings.
func (s *Store) settingsOf(q *queue) *settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := q.settings
	return &set
}

func (a *API) sendMessage(ctx context.Context, q *queue, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
	call := wire.CallFrom(ctx)
	f, err := a.Store.finish(q, a.Store.settingsOf(q), draft{in.MessageBody, in.MessageAttributes, in.MessageSystemAttributes,
		in.MessageGroupId, in.MessageDeduplicationId, in.DelaySeconds, call.Present(attrDelay), call.Cause()}, call.Session.UserID)
	if err != nil {
		return nil, err
	}
	if err := a.Store.do(ctx, &work{queue: q, sends: []*outgoing{f.outgoing}}); err != nil {
		return nil, err
	}
	return &sqs.SendMessageOutput{MessageId: &f.id, MD5OfMessageBody: aws.String(digest(f.body)), MD5OfMessageAttributes: given(digestOf(f.attributes)),
		MD5OfMessageSystemAttributes: given(digestOf(f.system)), SequenceNumber: f.sequence(q)}, nil
}

// sequence is the sequence number as callers see it: 20 digits, of FIFO queues alone.
func (o *outgoing) sequence(q *queue) *string {
	if !q.fifo {
		return nil
	}
	return aws.String(sequence(o.seq))
}

func sequence(seq int64) string { return fmt.Sprintf("188%017d", seq) }

// given is a text, nil for none.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

var entryID = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}$`)

// checkBatch checks what every batch must have: 1 to 10 entries with ids of their own.
func checkBatch(kind string, ids []*string) error {
	if len(ids) == 0 {
		return wire.Errorf(http.StatusBadRequest, "EmptyBatchRequest", "There should be at least one %sRequestEntry in the request.", kind)
	}
	if len(ids) > maxBatch {
		return wire.Errorf(http.StatusBadRequest, "TooManyEntriesInBatchRequest", "Maximum number of entries per request are %d. You have sent %d.", maxBatch, len(ids))
	}
	seen := map[string]bool{}
	for _, id := range ids {
		switch {
		case id == nil || !entryID.MatchString(*id):
			return wire.Errorf(http.StatusBadRequest, "InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		case seen[*id]:
			return wire.Errorf(http.StatusBadRequest, "BatchEntryIdsNotDistinct", "Id %s repeated.", *id)
		}
		seen[*id] = true
	}
	return nil
}

// failure is an entry of a batch that was refused. What is no refusal fails the whole batch.
func failure(id *string, err error) (types.BatchResultErrorEntry, error) {
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		return types.BatchResultErrorEntry{}, err
	}
	return types.BatchResultErrorEntry{Id: id, Code: &e.Code, Message: &e.Message, SenderFault: true}, nil
}

func (a *API) sendBatch(ctx context.Context, q *queue, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
	call := wire.CallFrom(ctx)
	ids := make([]*string, len(in.Entries))
	for i, e := range in.Entries {
		ids[i] = e.Id
	}
	if err := checkBatch("SendMessageBatch", ids); err != nil {
		return nil, err
	}
	set := a.Store.settingsOf(q)
	out := &sqs.SendMessageBatchOutput{Failed: []types.BatchResultErrorEntry{}, Successful: []types.SendMessageBatchResultEntry{}}
	w := &work{queue: q}
	sent := make([]*finished, len(in.Entries))
	size := 0
	for i, e := range in.Entries {
		f, err := a.Store.finish(q, set, draft{e.MessageBody, e.MessageAttributes, e.MessageSystemAttributes, e.MessageGroupId, e.MessageDeduplicationId,
			e.DelaySeconds, call.Present("Entries", strconv.Itoa(i), attrDelay), call.Cause()}, call.Session.UserID)
		if err != nil {
			failed, err := failure(e.Id, err)
			if err != nil {
				return nil, err
			}
			out.Failed = append(out.Failed, failed)
			continue
		}
		size += f.size
		sent[i] = f
		w.sends = append(w.sends, f.outgoing)
	}
	if size > messageSizeLimit {
		return nil, wire.Errorf(http.StatusBadRequest, "BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", messageSizeLimit, size)
	}
	if len(w.sends) > 0 {
		if err := a.Store.do(ctx, w); err != nil {
			return nil, err
		}
	}
	for i, f := range sent {
		if f != nil {
			out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: ids[i], MessageId: &f.id, MD5OfMessageBody: aws.String(digest(f.body)),
				MD5OfMessageAttributes: given(digestOf(f.attributes)), MD5OfMessageSystemAttributes: given(digestOf(f.system)), SequenceNumber: f.sequence(q)})
		}
	}
	return out, nil
}
