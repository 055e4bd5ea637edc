package pull

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

const ruleDestination = "PULL-ON-FAILURE"

// Why a record of a failure is written, as it says itself.
const (
	attemptsExhausted = "RetryAttemptsExhausted"
	ageExceeded       = "RecordAgeExceeded"
)

// failureServices keep what may be the destination for failures of a mapping: queues, topics and buckets (API reference).
var failureServices = []string{"sqs", "sns", "s3"}

// checkDestination refuses a destination for failures that the function's role may not write to.
func (p *Poller) checkDestination(ctx context.Context, m *EventSourceMapping, v *function.Version) error {
	if m.OnFailure == "" {
		return nil
	}
	if strings.HasPrefix(m.OnFailure, "kafka://") {
		return fault.New(fault.Unsupported, "lambdasim does not simulate Kafka topics as destinations for failures: %s", m.OnFailure)
	}
	to, parsed, err := p.Targets.Kind(m.OnFailure)
	if err != nil {
		return err
	}
	if !slices.Contains(failureServices, parsed.Service) {
		return fault.New(fault.Invalid, "The destination ARN %s is invalid.", m.OnFailure)
	}
	if strings.HasSuffix(m.OnFailure, ".fifo") {
		return fault.New(fault.Invalid, "The destination %s is FIFO: an event source mapping's destination for failures is a standard queue or topic", m.OnFailure)
	}
	for _, need := range to.Needs(m.OnFailure) {
		q, d, err := p.decide(ctx, need.Action, need.Resource, v)
		switch {
		case err != nil && !fault.Is(err, fault.NotFound): // what is not there has no policy
			return err
		case err == nil && p.Authz.Enforce(q, d) != nil:
			return fault.New(fault.Invalid, "The provided execution role does not have permissions to call %s on %s", need.Operation(), to.Service)
		}
	}
	err = to.Check(ctx, parsed)
	if fault.Is(err, fault.NotFound) && parsed.Service == "sqs" {
		return fault.New(fault.Invalid, "Error occurred while %s. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "+
			"SQS Error Message: The specified queue does not exist.", to.Operation())
	}
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.Invalid, "The destination ARN %s is invalid.", m.OnFailure)
	}
	return err
}

// failureRecord is what a destination receives: metadata, and none of the records themselves, but in a bucket (recorded from AWS).
type failureRecord struct {
	RequestContext struct {
		RequestID   string `json:"requestId"`
		FunctionARN string `json:"functionArn"`
		Condition   string `json:"condition"`
		Count       int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
	ResponseContext *responseContext `json:"responseContext,omitempty"`
	Version         string           `json:"version"`
	Timestamp       string           `json:"timestamp"`
	Kinesis         *batchInfo       `json:"KinesisBatchInfo,omitempty"`
	DynamoDB        *batchInfo       `json:"DDBStreamBatchInfo,omitempty"`
	Payload         string           `json:"payload,omitempty"` // the event of the batch, in buckets alone
}

type responseContext struct {
	StatusCode      int     `json:"statusCode"`
	ExecutedVersion string  `json:"executedVersion"`
	FunctionError   *string `json:"functionError"` // null where the function only reported failures
}

type batchInfo struct {
	Shard   string `json:"shardId"`
	First   string `json:"startSequenceNumber"`
	Last    string `json:"endSequenceNumber"`
	Arrived string `json:"approximateArrivalOfFirstRecord"`
	Until   string `json:"approximateArrivalOfLastRecord"`
	Size    int    `json:"batchSize"`
	Stream  string `json:"streamArn"`
}

const millis = "2006-01-02T15:04:05.000Z"

// failure words a record. out is nil where the records expired.
func (p *Poller) failure(m *EventSourceMapping, l *lane, h trace.Header, batch []Record, condition string, out *invoke.Outcome) *failureRecord {
	r := failureRecord{Version: "1.0", Timestamp: p.Clock.Now().Format(millis)}
	r.RequestContext.RequestID, r.RequestContext.FunctionARN, r.RequestContext.Condition = h.RequestID, m.FunctionARN, condition
	r.RequestContext.Count = max(l.failures, 1)
	if out != nil {
		r.RequestContext.Count = l.failures + 1
		r.ResponseContext = &responseContext{StatusCode: 200, ExecutedVersion: out.ExecutedVersion}
		if out.Failed() {
			r.ResponseContext.FunctionError = &out.FunctionError
		}
	}
	info := &batchInfo{Shard: l.shard, First: batch[0].Sequence, Last: last(batch), Size: len(batch), Stream: m.EventSourceARN}
	layout := millis
	if parsed, _ := arn.Parse(m.EventSourceARN); parsed.Service == "dynamodb" { // it was checked when the mapping was made
		r.DynamoDB, layout = info, time.RFC3339
	} else {
		r.Kinesis = info
	}
	info.Arrived, info.Until = batch[0].Arrival.UTC().Format(layout), batch[len(batch)-1].Arrival.UTC().Format(layout)
	return &r
}

// giveUp hands the record of a batch that is given up to the mapping's destination, and returns how the delivery ends, with
// the step that says so, or else why the record is lost. An error means that the simulator itself could not, and that the batch is not given up yet. A record that the destination does
// not take is lost, as in AWS.
func (p *Poller) giveUp(ctx context.Context, m *EventSourceMapping, l *lane, h trace.Header, batch []Record, condition string, out *invoke.Outcome) (outcome trace.Outcome, steps []trace.Step, why string, err error) {
	lost := trace.DroppedForGood
	if condition == ageExceeded {
		lost = trace.Expired
	}
	if m.OnFailure == "" || len(batch) == 0 {
		p.figures(m).Add(metrics.DroppedEvents, len(batch))
		return lost, nil, "", nil
	}
	err = p.deliver(ctx, m, l, h, batch, p.failure(m, l, h, batch, condition, out))
	if _, refused := errors.AsType[*fault.Error](err); err != nil && !refused {
		return lost, nil, "", err
	}
	if err != nil {
		p.figures(m).Add(metrics.DroppedEvents, len(batch))
		p.functionFigures(m, "").Add(metrics.DestinationDeliveryFailures, 1)
		return lost, nil, fmt.Sprintf("the destination %s did not take the record of it, which is lost (%v); ", m.OnFailure, err), nil
	}
	p.figures(m).Add(metrics.OnFailureDestinationDeliveredEvents, len(batch))
	at := p.Clock.Now()
	if out != nil {
		at = l.free
	}
	return trace.DeadLettered, []trace.Step{{At: at, Kind: trace.Delivered, Rule: ruleDestination, Reason: condition + ": a record of it is in " + m.OnFailure}}, "", nil
}

// deliver writes to a mapping's destination as the function's execution role. A bucket gets the batch's event too.
func (p *Poller) deliver(ctx context.Context, m *EventSourceMapping, l *lane, h trace.Header, batch []Record, r *failureRecord) error {
	fn, err := p.function(ctx, m)
	if err != nil {
		return err
	}
	session, err := p.Authz.RoleSession(ctx, fn.Version.Role, fn.Version.Name)
	if err != nil {
		return err
	}
	d := target.Delivery{Target: m.OnFailure, Sender: session, Cause: h}
	if parsed, _ := arn.Parse(m.OnFailure); parsed.Service == "s3" { // it was checked when it was given
		r.Payload = string(m.event(l, batch, fn.Version))
		d.Object = fmt.Sprintf("aws/lambda/%s/%s/%s-%s", m.UUID, l.shard, p.Clock.Now().UTC().Format("2006/01/02/2006-01-02T15.04.05"), p.IDs.UUID())
	}
	if d.Body, err = json.Marshal(r); err != nil { // plain values
		panic(err)
	}
	return p.Targets.Deliver(ctx, d)
}
