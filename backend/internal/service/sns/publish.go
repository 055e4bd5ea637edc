package sns

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

func (a *API) publishOne(ctx context.Context, in *sns.PublishInput) (*sns.PublishOutput, error) {
	if in.Message == nil {
		return nil, wire.Errorf(http.StatusBadRequest, "ValidationError", "%s", wire.Describe(wire.NotNull("message")))
	}
	if in.PhoneNumber != nil {
		return nil, unsupported("messages to a PhoneNumber")
	}
	parameter, where := "TopicArn", aws.ToString(in.TopicArn)
	if in.TopicArn == nil && in.TargetArn != nil {
		if parameter, where = "TargetArn", *in.TargetArn; strings.Contains(where, ":endpoint/") {
			return nil, unsupported("messages to an endpoint of a mobile device")
		}
	}
	t, err := a.find(ctx, parameter, where)
	if err != nil {
		return nil, err
	}
	if err := a.require(ctx, "Publish", t); err != nil {
		return nil, err
	}
	m, err := a.read(t, types.PublishBatchRequestEntry{Message: in.Message, Subject: in.Subject, MessageStructure: in.MessageStructure,
		MessageAttributes: in.MessageAttributes, MessageGroupId: in.MessageGroupId, MessageDeduplicationId: in.MessageDeduplicationId})
	if err != nil {
		return nil, err
	}
	if err := a.publish(ctx, t, []*message{m}, wire.CallFrom(ctx).Session.ARN+" calls Publish", wire.CallFrom(ctx).Cause()); err != nil {
		return nil, err
	}
	return &sns.PublishOutput{MessageId: &m.ID, SequenceNumber: given(m.Sequence)}, nil
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// maxBatch is how many messages a batch may have.
const maxBatch = 10

var batchID = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}$`)

func (a *API) publishBatch(ctx context.Context, t *topic, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
	entries := in.PublishBatchRequestEntries
	switch {
	case len(entries) == 0:
		return nil, wire.Errorf(http.StatusBadRequest, "EmptyBatchRequest", "The batch request doesn't contain any entries.")
	case len(entries) > maxBatch:
		return nil, wire.Errorf(http.StatusBadRequest, "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	}
	seen := map[string]bool{}
	var list []*message
	size := 0
	for _, e := range entries {
		id := aws.ToString(e.Id)
		if seen[id] {
			return nil, wire.Errorf(http.StatusBadRequest, "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		}
		if !batchID.MatchString(id) {
			return nil, wire.Errorf(http.StatusBadRequest, "InvalidBatchEntryId", "The Id of a batch entry in a batch request doesn't abide by the specification.")
		}
		seen[id] = true
		m, err := a.read(t, e) // recorded: one that is wrong fails the whole batch
		if err != nil {
			return nil, err
		}
		list = append(list, m)
		size += m.size()
	}
	if size > t.maxSize() {
		return nil, wire.Errorf(http.StatusBadRequest, "BatchRequestTooLong", "The length of all the messages put together is more than the limit.")
	}
	if err := a.publish(ctx, t, list, wire.CallFrom(ctx).Session.ARN+" calls PublishBatch", wire.CallFrom(ctx).Cause()); err != nil {
		return nil, err
	}
	out := &sns.PublishBatchOutput{Successful: []types.PublishBatchResultEntry{}, Failed: []types.BatchResultErrorEntry{}}
	for i, m := range list {
		out.Successful = append(out.Successful, types.PublishBatchResultEntry{Id: entries[i].Id, MessageId: aws.String(m.ID), SequenceNumber: given(m.Sequence)})
	}
	return out, nil
}

// read makes a message of what a caller sends.
func (a *API) read(t *topic, in types.PublishBatchRequestEntry) (*message, error) {
	m := &message{ID: a.IDs.UUID(), Body: aws.ToString(in.Message), Subject: in.Subject, Group: aws.ToString(in.MessageGroupId),
		Dedup: aws.ToString(in.MessageDeduplicationId)}
	switch {
	case in.Subject != nil && !subjectIs(*in.Subject):
		return nil, invalid("Subject")
	case m.Body == "":
		return nil, invalid("Empty message")
	}
	if len(in.MessageAttributes) > 0 {
		m.Attributes = map[string]attribute{}
	}
	for name, v := range in.MessageAttributes {
		if err := checkMessageAttribute(name, v); err != nil {
			return nil, err
		}
		if strings.HasPrefix(aws.ToString(v.DataType), "Binary") {
			m.Attributes[name] = attribute{*v.DataType, base64.StdEncoding.EncodeToString(v.BinaryValue)}
			continue
		}
		m.Attributes[name] = attribute{*v.DataType, *v.StringValue}
	}
	if err := identify(t, m); err != nil {
		return nil, err
	}
	return m, m.structure(aws.ToString(in.MessageStructure))
}

// subjectIs reports whether a subject is text without line breaks, of less than 100 characters.
func subjectIs(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= 100 && !strings.ContainsFunc(s, unicode.IsControl)
}

var tokenForm = regexp.MustCompile("^[a-zA-Z0-9!\"#$%&'()*+,./:;<=>?@\\[\\\\\\]^_`{|}~-]{1,128}$")

// identify holds a message to its topic's limits, and gives it what FIFO topics ask for.
func identify(t *topic, m *message) error {
	contentBased := t.Attributes[attrContentBased] == "true"
	switch {
	case m.size() > t.maxSize():
		return fault.New(fault.TooLarge, "Message too long")
	case m.Group != "" && !tokenForm.MatchString(m.Group):
		return invalid("MessageGroupId Reason: The message group ID can include only alphanumeric and punctuation characters, 1 to 128 in length.")
	case m.Dedup != "" && !tokenForm.MatchString(m.Dedup):
		return invalid("MessageDeduplicationId Reason: The deduplication ID can include only alphanumeric and punctuation characters, 1 to 128 in length.")
	case !t.fifo() && m.Dedup != "":
		return invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	case !t.fifo():
		return nil
	case m.Group == "":
		return invalid("The MessageGroupId parameter is required for FIFO topics")
	case m.Dedup == "" && !contentBased:
		return invalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case m.Dedup == "":
		sum := sha256.Sum256([]byte(m.Body))
		m.Dedup = hex.EncodeToString(sum[:])
	}
	return nil
}

// structure reads a message that says something else to each protocol.
func (m *message) structure(kind string) error {
	switch kind {
	case "":
		return nil
	case "json":
	default:
		return invalid("MessageStructure")
	}
	var all map[string]any
	if json.Unmarshal([]byte(m.Body), &all) != nil {
		return invalid("Message Structure - JSON message body failed to parse")
	}
	m.Bodies = map[string]string{}
	for protocol, text := range all {
		if s, ok := text.(string); ok { // others are passed over
			m.Bodies[protocol] = s
		}
	}
	text, ok := m.Bodies["default"]
	if !ok {
		return invalid("Message Structure - No default entry in JSON message body")
	}
	m.Body = text
	return nil
}

var typeForm = regexp.MustCompile(`^(String|Number|Binary)(\..+)?$`)

// checkMessageAttribute says whether a message may have the attribute (texts recorded 2023-08).
func checkMessageAttribute(name string, v types.MessageAttributeValue) error {
	kind := aws.ToString(v.DataType)
	switch {
	case len(name) > 256:
		return invalidValue("Length of message attribute name must be less than 256 bytes.")
	case strings.HasPrefix(name, "."):
		return invalidValue("Invalid message attribute name starting with character '.' was found.")
	case strings.HasSuffix(name, "."):
		return invalidValue("Invalid message attribute name ending with character '.' was found.")
	case strings.Contains(name, ".."):
		return invalidValue("Message attribute name can not have successive '.' character.")
	case strings.ContainsFunc(name, notOfName):
		i := strings.IndexFunc(name, notOfName)
		r, _ := utf8.DecodeRuneInString(name[i:])
		return invalidValue("Invalid non-alphanumeric character '#x%X' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.", r)
	case !typeForm.MatchString(kind):
		return invalidValue("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	}
	binary := strings.HasPrefix(kind, "Binary")
	switch {
	case v.StringValue == nil && v.BinaryValue == nil, binary && v.BinaryValue != nil && len(v.BinaryValue) == 0, !binary && v.StringValue != nil && *v.StringValue == "":
		return invalidValue("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, kind)
	case binary && v.BinaryValue == nil:
		return invalidValue("The message attribute '%s' with type '%s' must use field 'Binary'.", name, kind)
	case !binary && v.StringValue == nil:
		return invalidValue("The message attribute '%s' with type '%s' must use field 'String'.", name, kind)
	case strings.HasPrefix(kind, "Number") && !json.Valid([]byte(*v.StringValue)), kind == "String.Array" && !isArray(*v.StringValue):
		return invalidValue("Could not cast message attribute '%s' value to %s.", name, strings.ToLower(kind))
	}
	return nil
}

func notOfName(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !slices.Contains([]rune("-_."), r)
}

func isArray(text string) bool {
	var list []any
	return json.Unmarshal([]byte(text), &list) == nil
}
