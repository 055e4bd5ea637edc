package sns

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// The names of a topic's attributes (SDK, CreateTopic and GetTopicAttributes).
const (
	attrARN          = "TopicArn"
	attrOwner        = "Owner"
	attrPolicy       = "Policy"
	attrDisplayName  = "DisplayName"
	attrDelivery     = "DeliveryPolicy"
	attrEffective    = "EffectiveDeliveryPolicy"
	attrFIFO         = "FifoTopic"
	attrContentBased = "ContentBasedDeduplication"
	attrScope        = "FifoThroughputScope"
	attrMaxSize      = "MaximumMessageSize"
	attrArchive      = "ArchivePolicy"
	perGroup         = "MessageGroup"
	defaultMaxSize   = 256 << 10
)

// rule says what an attribute's value may be.
type rule struct {
	min, max int      // of a number; both 0 where it is none
	oneOf    []string // of a word
	json     bool     // an object
	fifo     bool     // FIFO topics alone have it
}

// rules are the attributes that can be set.
var rules = func() map[string]rule {
	list := map[string]rule{
		attrPolicy: {}, attrDisplayName: {}, attrDelivery: {json: true}, "KmsMasterKeyId": {}, "SignatureVersion": {oneOf: []string{"1", "2"}},
		"TracingConfig": {oneOf: []string{"PassThrough", "Active"}}, attrMaxSize: {min: 1024, max: 1 << 20},
		attrFIFO: {oneOf: []string{"true", "false"}}, attrContentBased: {oneOf: []string{"true", "false"}, fifo: true},
		attrScope: {oneOf: []string{"Topic", perGroup}, fifo: true},
	}
	for _, protocol := range []string{"HTTP", "Firehose", "Lambda", "Application", "SQS"} {
		list[protocol+"SuccessFeedbackRoleArn"], list[protocol+"FailureFeedbackRoleArn"] = rule{}, rule{}
		list[protocol+"SuccessFeedbackSampleRate"] = rule{max: 100}
	}
	return list
}()

// effective is the delivery policy of a topic that sets none (recorded 2025-09).
const effective = `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`

func unsupported(what string) error {
	return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate %s", what)
}

var (
	standardName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,256}$`)
	fifoName     = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,251}\.fifo$`)
)

// checkName says whether a topic may have the name.
func checkName(name string, fifo bool) error {
	switch {
	case fifo && !fifoName.MatchString(name):
		return invalid("Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.")
	case !fifo && !standardName.MatchString(name):
		return invalid("Topic Name")
	}
	return nil
}

// checkAttribute says whether an attribute of a topic may be set to a value.
func checkAttribute(name, value string, fifo, creating bool) error {
	prefix := ""
	if creating {
		prefix = "Attributes Reason: "
	}
	r, ok := rules[name]
	switch {
	case name == attrArchive:
		return unsupported("ArchivePolicy of a topic")
	case !ok, r.fifo && !fifo, name == attrFIFO && !creating:
		if creating {
			return invalid("Attributes Reason: Unknown attribute: %s", name)
		}
		return invalid("AttributeName")
	case value == "":
		return nil
	case name == attrPolicy:
		return checkPolicy(prefix, value)
	case !r.admits(value), name == attrDisplayName && len(value) > 100:
		return invalid("%s%s: Invalid value [%s].", prefix, name, value)
	}
	return nil
}

func checkPolicy(prefix, text string) error {
	if err := policy.ValidateResource([]byte(text)); err != nil {
		return invalid("%sPolicy Error: %v", prefix, err)
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
	case r.json:
		return isObject(value)
	}
	return true
}

func isObject(text string) bool {
	var o map[string]json.RawMessage
	return json.Unmarshal([]byte(text), &o) == nil && o != nil
}

// setAttribute sets an attribute; "" takes it away.
func setAttribute(attributes map[string]string, name, value string) {
	if value == "" {
		delete(attributes, name)
		return
	}
	attributes[name] = value
}

// shown is every attribute of a topic, as GetTopicAttributes has it.
func (t *topic) shown(confirmed, pending int) map[string]string {
	out := map[string]string{
		attrARN: t.arn(), attrOwner: t.Account, attrDisplayName: "", attrEffective: effectivePolicy(t.Attributes[attrDelivery]),
		attrPolicy: defaultPolicy(t), "SubscriptionsConfirmed": strconv.Itoa(confirmed), "SubscriptionsPending": strconv.Itoa(pending),
		"SubscriptionsDeleted": strconv.Itoa(t.Deleted),
	}
	if t.fifo() {
		out[attrContentBased], out[attrScope] = "false", "Topic"
	}
	maps.Copy(out, t.Attributes)
	return out
}

// effectivePolicy is a topic's delivery policy with AWS's defaults where it says nothing.
func effectivePolicy(own string) string {
	if own == "" {
		return effective
	}
	var base, over map[string]map[string]json.RawMessage
	if json.Unmarshal([]byte(effective), &base) != nil || json.Unmarshal([]byte(own), &over) != nil {
		return effective
	}
	maps.Copy(base["http"], over["http"])
	return marshal(base)
}

// maxSize is how many bytes a message of the topic may have.
func (t *topic) maxSize() int {
	if n, err := strconv.Atoi(t.Attributes[attrMaxSize]); err == nil {
		return n
	}
	return defaultMaxSize
}
