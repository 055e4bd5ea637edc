package sqs

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// The names of a queue's attributes (SDK, SetQueueAttributes).
const (
	attrPolicy           = "Policy"
	attrVisibility       = "VisibilityTimeout"
	attrMaxSize          = "MaximumMessageSize"
	attrRetention        = "MessageRetentionPeriod"
	attrDelay            = "DelaySeconds"
	attrWait             = "ReceiveMessageWaitTimeSeconds"
	attrRedrive          = "RedrivePolicy"
	attrRedriveAllow     = "RedriveAllowPolicy"
	attrFIFO             = "FifoQueue"
	attrContentBased     = "ContentBasedDeduplication"
	attrDedupScope       = "DeduplicationScope"
	attrFIFOThroughput   = "FifoThroughputLimit"
	attrKMSKey           = "KmsMasterKeyId"
	attrKMSReuse         = "KmsDataKeyReusePeriodSeconds"
	attrManagedSSE       = "SqsManagedSseEnabled"
	attrARN              = "QueueArn"
	attrCreated          = "CreatedTimestamp"
	attrModified         = "LastModifiedTimestamp"
	attrMessages         = "ApproximateNumberOfMessages"
	attrMessagesHidden   = "ApproximateNumberOfMessagesNotVisible"
	attrMessagesDelayed  = "ApproximateNumberOfMessagesDelayed"
	attrAll              = "All"
	perGroupThroughput   = "perMessageGroupId"
	perGroupDedup        = "messageGroup"
	messageSizeLimit     = 1 << 20 // bytes, the largest that a queue may take, and a whole batch
	invalidAttribute     = "InvalidAttributeValue"
	unknownAttributeName = "InvalidAttributeName"
)

// rule says what an attribute's value may be, and what it is where it was not set.
type rule struct {
	min, max int      // of a number; both 0 where it is none
	oneOf    []string // of a word
	initial  string   // "" where an attribute that is not set is not shown
	fifo     bool     // FIFO queues alone have it
	erases   bool     // "" takes it away
}

// rules are the attributes that can be set.
var rules = map[string]rule{
	attrDelay:          {max: 900, initial: "0"},
	attrMaxSize:        {min: 1024, max: messageSizeLimit, initial: strconv.Itoa(messageSizeLimit)},
	attrRetention:      {min: 60, max: 1209600, initial: "345600"},
	attrWait:           {max: 20, initial: "0"},
	attrVisibility:     {max: 43200, initial: "30"},
	attrKMSReuse:       {min: 60, max: 86400},
	attrKMSKey:         {erases: true},
	attrManagedSSE:     {oneOf: []string{"true", "false"}, initial: "true"},
	attrPolicy:         {erases: true},
	attrRedrive:        {erases: true},
	attrRedriveAllow:   {erases: true},
	attrFIFO:           {oneOf: []string{"true", "false"}, fifo: true, initial: "true"},
	attrContentBased:   {oneOf: []string{"true", "false"}, fifo: true, initial: "false"},
	attrDedupScope:     {oneOf: []string{"queue", perGroupDedup}, fifo: true, initial: "queue"},
	attrFIFOThroughput: {oneOf: []string{"perQueue", perGroupThroughput}, fifo: true, initial: "perQueue"},
}

// computed are the attributes that only the queue itself changes.
var computed = []string{attrARN, attrCreated, attrModified, attrMessages, attrMessagesHidden, attrMessagesDelayed}

// settings are what a queue's attributes mean.
type settings struct {
	fifo, contentBased, perGroup       bool
	delay, retention, wait, visibility time.Duration
	maxSize                            int
	redrive                            *redrive
	policy                             *policy.Source
}

func invalidValue(name string) error {
	return wire.Errorf(http.StatusBadRequest, invalidAttribute, "Invalid value for the parameter %s.", name)
}

func unknownAttribute(name string) error {
	return wire.Errorf(http.StatusBadRequest, unknownAttributeName, "Unknown Attribute %s.", name)
}

// number is a numeric attribute's value, its initial one where it is not set.
func number(attributes map[string]string, name string) int {
	text, ok := attributes[name]
	if !ok {
		text = rules[name].initial
	}
	n, err := strconv.Atoi(text)
	if err != nil { // check has let nothing else in
		panic(err)
	}
	return n
}

func seconds(attributes map[string]string, name string) time.Duration {
	return time.Duration(number(attributes, name)) * time.Second
}

// settle reads attributes that check has found right.
func settle(attributes map[string]string) (settings, error) {
	s := settings{
		fifo: attributes[attrFIFO] == "true", contentBased: attributes[attrContentBased] == "true", perGroup: attributes[attrDedupScope] == perGroupDedup,
		delay: seconds(attributes, attrDelay), retention: seconds(attributes, attrRetention), wait: seconds(attributes, attrWait),
		visibility: seconds(attributes, attrVisibility), maxSize: number(attributes, attrMaxSize),
	}
	if text := attributes[attrPolicy]; text != "" {
		d, err := policy.Parse([]byte(text))
		if err != nil {
			return s, fmt.Errorf("the policy of a queue: %w", err)
		}
		s.policy = &policy.Source{Name: "the queue's policy", Document: d}
	}
	if text := attributes[attrRedrive]; text != "" {
		r, err := parseRedrive(text)
		if err != nil {
			return s, err
		}
		s.redrive = r
	}
	return s, nil
}

// check says whether attributes may be set on a queue, each for itself. FIFO attributes on a standard queue are unknown ones.
func check(attributes map[string]string, fifo, creating bool) error {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		value := attributes[name]
		r, ok := rules[name]
		switch {
		case !ok && slices.Contains(computed, name):
			return wire.Errorf(http.StatusBadRequest, unknownAttributeName, "Unknown Attribute %s.", name)
		case !ok, r.fifo && !fifo:
			return unknownAttribute(name)
		case value == "" && r.erases:
			continue
		case name == attrFIFO && (!creating || value != "true"):
			return invalidValue(name)
		case !r.admits(value):
			return invalidValue(name)
		}
	}
	if text := attributes[attrPolicy]; text != "" && policy.ValidateResource([]byte(text)) != nil {
		return invalidValue(attrPolicy)
	}
	return nil
}

func (r rule) admits(value string) bool {
	switch {
	case r.max > 0:
		n, err := strconv.Atoi(value)
		return err == nil && n >= r.min && n <= r.max
	case r.oneOf != nil:
		return slices.Contains(r.oneOf, value)
	}
	return true
}

// together says whether attributes go together.
func together(attributes map[string]string) error {
	if attributes[attrKMSKey] != "" && attributes[attrManagedSSE] == "true" {
		return wire.Errorf(http.StatusBadRequest, invalidAttribute, "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}
	if attributes[attrFIFOThroughput] == perGroupThroughput && attributes[attrDedupScope] != perGroupDedup {
		return wire.Errorf(http.StatusBadRequest, invalidAttribute, "The perMessageGroupId value for FifoThroughputLimit is allowed only when the value for DeduplicationScope is messageGroup.")
	}
	return nil
}

// merge sets attributes on others; "" takes one away, and one kind of encryption the other.
func merge(attributes, set map[string]string) {
	for name, value := range set {
		if value == "" {
			delete(attributes, name)
			continue
		}
		attributes[name] = value
	}
	if set[attrKMSKey] != "" {
		delete(attributes, attrManagedSSE)
	}
	if set[attrManagedSSE] == "true" {
		delete(attributes, attrKMSKey)
		delete(attributes, attrKMSReuse)
	}
}

// shown is every attribute of a queue, as GetQueueAttributes has it. The store's mutex is held.
func (q *queue) shown() map[string]string {
	out := map[string]string{
		attrARN: q.arn(), attrCreated: unix(q.created), attrModified: unix(q.modified),
		attrMessages:       strconv.Itoa(len(q.messages) - q.hidden - q.delayed),
		attrMessagesHidden: strconv.Itoa(q.hidden), attrMessagesDelayed: strconv.Itoa(q.delayed),
	}
	for name, r := range rules {
		if r.initial != "" && (!r.fifo || q.fifo) {
			out[name] = r.initial
		}
	}
	maps.Copy(out, q.attributes)
	if out[attrKMSKey] != "" {
		out[attrManagedSSE] = "false"
		if out[attrKMSReuse] == "" {
			out[attrKMSReuse] = "300"
		}
	}
	return out
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

var (
	standardName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}$`)
	fifoName     = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,75}\.fifo$`)
)

// checkName says whether a queue may have the name.
func checkName(name string, fifo bool) error {
	switch {
	case fifo && !fifoName.MatchString(name):
		return invalid("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
	case !fifo && !standardName.MatchString(name):
		return invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return nil
}

func invalid(format string, args ...any) error {
	return wire.Errorf(http.StatusBadRequest, "InvalidParameterValue", format, args...)
}

// invalidParameter is AWS's sentence about a value.
func invalidParameter(value any, name, reason string) error {
	return invalid("Value %v for parameter %s is invalid. Reason: %s", value, name, reason)
}

func missing(name string) error {
	return wire.Errorf(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter %s.", name)
}
