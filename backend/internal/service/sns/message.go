package sns

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
)

// message is a message that a topic has taken.
type message struct {
	ID         string               `json:"id"`
	Body       string               `json:"body"`
	Bodies     map[string]string    `json:"bodies,omitempty"` // by protocol, where they differ
	Subject    *string              `json:"subject,omitempty"`
	Attributes map[string]attribute `json:"attributes,omitempty"`
	Group      string               `json:"group,omitempty"`
	Dedup      string               `json:"dedup,omitempty"`
	Sequence   string               `json:"sequence,omitempty"` // of FIFO topics
	At         time.Time            `json:"at"`
	// Token makes it the question whether the endpoint wants to be subscribed.
	Token string `json:"token,omitempty"`
}

// attribute is a message attribute; the value of a binary one is its base64.
type attribute struct {
	Type  string `json:"Type"`
	Value string `json:"Value"`
}

// text is what a protocol's endpoints get.
func (m *message) text(protocol string) string {
	if own, ok := m.Bodies[protocol]; ok {
		return own
	}
	return m.Body
}

// size is what counts for the limit: the body, and the attributes' names, types and values.
func (m *message) size() int {
	n := len(m.Body)
	for name, a := range m.Attributes {
		n += len(name) + len(a.Type) + len(a.Value)
		if a.binary() {
			n += base64.StdEncoding.DecodedLen(len(a.Value)) - len(a.Value)
		}
	}
	return n
}

func (a attribute) binary() bool { return strings.HasPrefix(a.Type, "Binary") }

// handed is the attribute as queues take it.
func (a attribute) handed() target.Attribute {
	if !a.binary() {
		return target.Attribute{Type: a.Type, Value: a.Value}
	}
	data, _ := base64.StdEncoding.DecodeString(a.Value) // it was encoded here
	return target.Attribute{Type: a.Type, Value: string(data)}
}

func attributesOf(given map[string]target.Attribute) map[string]attribute {
	list := map[string]attribute{}
	for name, a := range given {
		if strings.HasPrefix(a.Type, "Binary") {
			a.Value = base64.StdEncoding.EncodeToString([]byte(a.Value))
		}
		list[name] = attribute{a.Type, a.Value}
	}
	return list
}

// notSigned stands where AWS has the signature of a message.
const notSigned = "lambdasim does not sign"

// certificate is where AWS would have the certificate of a region's signatures.
func certificate(region string) string {
	sum := sha1.Sum([]byte(region))
	return "https://sns." + region + ".amazonaws.com/SimpleNotificationService-" + hex.EncodeToString(sum[:16]) + ".pem"
}

func unsubscribeURL(region, subscriptionARN string) string {
	return "https://sns." + region + ".amazonaws.com/?Action=Unsubscribe&SubscriptionArn=" + subscriptionARN
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// envelope is what queues and HTTP endpoints get, its members in the order recorded from AWS.
func (d *delivery) envelope() string {
	m := &d.Message
	e := struct {
		Type             string               `json:"Type"`
		MessageID        string               `json:"MessageId"`
		Token            string               `json:"Token,omitempty"`
		SequenceNumber   string               `json:"SequenceNumber,omitempty"`
		TopicARN         string               `json:"TopicArn"`
		Subject          *string              `json:"Subject,omitempty"`
		Message          string               `json:"Message"`
		SubscribeURL     string               `json:"SubscribeURL,omitempty"`
		Timestamp        string               `json:"Timestamp"`
		SignatureVersion string               `json:"SignatureVersion"`
		Signature        string               `json:"Signature"`
		SigningCertURL   string               `json:"SigningCertURL"`
		UnsubscribeURL   string               `json:"UnsubscribeURL,omitempty"`
		Attributes       map[string]attribute `json:"MessageAttributes,omitempty"`
	}{Type: d.kind(), MessageID: m.ID, Token: m.Token, SequenceNumber: m.Sequence, TopicARN: d.Topic, Subject: m.Subject, Message: m.text(d.Protocol),
		SubscribeURL: d.SubscribeURL, Timestamp: timestamp(m.At), SignatureVersion: d.SignatureVersion, Signature: notSigned,
		SigningCertURL: certificate(d.Region), Attributes: m.Attributes}
	if m.Token == "" {
		e.UnsubscribeURL = unsubscribeURL(d.Region, d.Subscription)
	}
	return plainJSON(e)
}

// event is what functions get, its members in the order recorded from AWS.
func (d *delivery) event() json.RawMessage {
	m := &d.Message
	type entity struct {
		Type              string               `json:"Type"`
		MessageID         string               `json:"MessageId"`
		TopicARN          string               `json:"TopicArn"`
		Subject           *string              `json:"Subject"`
		Message           string               `json:"Message"`
		Timestamp         string               `json:"Timestamp"`
		SignatureVersion  string               `json:"SignatureVersion"`
		Signature         string               `json:"Signature"`
		SigningCertURL    string               `json:"SigningCertUrl"`
		UnsubscribeURL    string               `json:"UnsubscribeUrl"`
		MessageAttributes map[string]attribute `json:"MessageAttributes"`
	}
	type record struct {
		EventSource          string `json:"EventSource"`
		EventVersion         string `json:"EventVersion"`
		EventSubscriptionARN string `json:"EventSubscriptionArn"`
		SNS                  entity `json:"Sns"`
	}
	e := entity{Type: d.kind(), MessageID: m.ID, TopicARN: d.Topic, Subject: m.Subject, Message: m.text("lambda"), Timestamp: timestamp(m.At),
		SignatureVersion: d.SignatureVersion, Signature: notSigned, SigningCertURL: certificate(d.Region),
		UnsubscribeURL: unsubscribeURL(d.Region, d.Subscription), MessageAttributes: m.Attributes}
	if e.MessageAttributes == nil {
		e.MessageAttributes = map[string]attribute{}
	}
	return json.RawMessage(plainJSON(map[string][]record{"Records": {{"aws:sns", "1.0", d.Subscription, e}}}))
}

// plainJSON is JSON in which <, > and & stay what they are.
func plainJSON(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // strings
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
