package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// name is a new item's: now and then one that has an effect on its function, see functions.behave.
func (w *randomWorld) name() string {
	w.n++
	words := []string{"fail1", "fail2", "report1", "report2", "junk1", "slow3", "poison"}
	word := "ok"
	if i := w.rnd.IntN(4 * len(words)); i < len(words) {
		word = words[i]
		w.count[strings.TrimRight(word, "123")]++
	}
	return fmt.Sprintf("%s-%03d", word, w.n)
}

// kind is what filters look at; "" is for what is no JSON.
func (w *randomWorld) kind() string { return []string{"a", "a", "b", ""}[w.rnd.IntN(4)] }

func (w *randomWorld) event(ctx context.Context) {
	n := w.name()
	_, err := w.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("p"), InvocationType: "Event", Payload: fmt.Appendf(nil, `{"n":%q}`, n)})
	must(w.t, err)
	w.accepted = append(w.accepted, n)
}

func (w *randomWorld) object(ctx context.Context) {
	n := w.name()
	_, err := w.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: &n, Body: strings.NewReader(n)})
	must(w.t, err)
	if w.mayPush {
		w.accepted = append(w.accepted, n)
	} else {
		w.never = append(w.never, n)
	}
}

// put puts records under some of six keys into a Kinesis stream.
func (w *randomWorld) put(ctx context.Context) {
	s := w.streams[w.rnd.IntN(len(w.streams)-1)] // the last is the table's
	in := &kinesis.PutRecordsInput{StreamName: &s.name}
	var made []*record
	for range 1 + w.rnd.IntN(6) {
		r := &record{key: fmt.Sprintf("key %d", w.rnd.IntN(6)), name: w.name(), kind: w.kind()}
		made = append(made, r)
		in.Records = append(in.Records, kinesistypes.PutRecordsRequestEntry{PartitionKey: &r.key, Data: []byte(content(r.name, r.kind))})
	}
	out, err := w.kinesis.PutRecords(ctx, in)
	must(w.t, err)
	for i, r := range made {
		r.shard, r.seq, r.arrival, r.order = *out.Records[i].ShardId, *out.Records[i].SequenceNumber, w.now(), w.position()
	}
	s.records = append(s.records, made...)
}

// reshard splits a shard of a Kinesis stream in two, or merges it with the next one.
func (w *randomWorld) reshard(ctx context.Context) {
	w.settle()
	s := w.streams[w.rnd.IntN(len(w.streams)-1)]
	open := w.open(s)
	i := w.rnd.IntN(len(open))
	var err error
	if w.rnd.IntN(2) == 0 && i+1 < len(open) || len(open) > 4 {
		w.count["merge"]++
		i = min(i, len(open)-2)
		_, err = w.kinesis.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: &s.name, ShardToMerge: open[i].ShardId, AdjacentShardToMerge: open[i+1].ShardId})
	} else {
		w.count["split"]++
		from, _ := new(big.Int).SetString(*open[i].HashKeyRange.StartingHashKey, 10)
		to, _ := new(big.Int).SetString(*open[i].HashKeyRange.EndingHashKey, 10)
		middle := from.Add(from, to)
		middle.Rsh(middle, 1).Add(middle, big.NewInt(1))
		_, err = w.kinesis.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &s.name, ShardToSplit: open[i].ShardId, NewStartingHashKey: aws.String(middle.String())})
	}
	must(w.t, err)
	w.settle()
	w.open(s)
}

// open lists the open shards of a Kinesis stream by their ranges, and notes who came from whom.
func (w *randomWorld) open(s *simStream) (open []kinesistypes.Shard) {
	out, err := w.kinesis.ListShards(w.t.Context(), &kinesis.ListShardsInput{StreamName: &s.name})
	must(w.t, err)
	for _, h := range out.Shards {
		if h.ParentShardId != nil {
			s.parents[*h.ShardId] = append([]string{*h.ParentShardId}, aws.ToString(h.AdjacentParentShardId))
		}
		if h.SequenceNumberRange.EndingSequenceNumber == nil {
			open = append(open, h)
		}
	}
	slices.SortFunc(open, func(x, y kinesistypes.Shard) int {
		a, _ := new(big.Int).SetString(*x.HashKeyRange.StartingHashKey, 10)
		b, _ := new(big.Int).SetString(*y.HashKeyRange.StartingHashKey, 10)
		return a.Cmp(b)
	})
	return open
}

// change is a change of the table that its stream must tell.
type change struct {
	key, event, name, old string
	at                    time.Time
	order                 int
	told                  bool
}

// write changes an item of the table, or leaves it as it is.
func (w *randomWorld) write(ctx context.Context) {
	key := fmt.Sprintf("key %d", w.rnd.IntN(6))
	old, name := w.table[key], w.name()
	at := map[string]tabletypes.AttributeValue{"k": &tabletypes.AttributeValueMemberS{Value: key}}
	var err error
	switch w.rnd.IntN(5) {
	case 0:
		_, err = w.tables.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String("table"), Key: at})
		name = ""
	case 1:
		_, err = w.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: aws.String("table"), Key: at, UpdateExpression: aws.String("SET n = :n"),
			ExpressionAttributeValues: map[string]tabletypes.AttributeValue{":n": &tabletypes.AttributeValueMemberS{Value: name}}})
	default:
		if old != "" && w.rnd.IntN(4) == 0 {
			w.count["write that changes nothing"]++
			name = old
		}
		at["n"] = &tabletypes.AttributeValueMemberS{Value: name}
		_, err = w.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("table"), Item: at})
	}
	must(w.t, err)
	c := change{key: key, event: "MODIFY", name: name, old: old, at: w.now(), order: w.position()}
	switch {
	case name == old:
		return
	case name == "":
		c.event, c.name = "REMOVE", "gone"
	case old == "":
		c.event = "INSERT"
	}
	w.changes = append(w.changes, c)
	w.table[key] = name
}

// message sends some messages to the standard queue, or to three groups of the other.
func (w *randomWorld) message(ctx context.Context) {
	q := w.queues[w.rnd.IntN(len(w.queues))]
	in := &sqs.SendMessageBatchInput{QueueUrl: &q.url}
	var made []*message
	for i := range 1 + w.rnd.IntN(4) {
		m := &message{name: w.name(), kind: w.kind(), sent: w.now()}
		e := sqstypes.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(content(m.name, m.kind))}
		if q.fifo {
			m.group = fmt.Sprintf("group-%d", w.rnd.IntN(3))
			e.MessageGroupId, e.MessageDeduplicationId = &m.group, &m.name
		}
		made, in.Entries = append(made, m), append(in.Entries, e)
	}
	out, err := w.sqs.SendMessageBatch(ctx, in)
	must(w.t, err)
	for i, m := range made {
		m.id = *out.Successful[i].MessageId
	}
	q.messages = append(q.messages, made...)
}

// link makes a mapping where there is none yet.
func (w *randomWorld) link(ctx context.Context) {
	m := &simMapping{function: []string{"f", "g"}[w.rnd.IntN(2)]}
	if i := w.rnd.IntN(len(w.streams) + len(w.queues)); i < len(w.streams) {
		m.stream = w.streams[i]
	} else {
		m.queue = w.queues[i-len(w.streams)]
	}
	for _, other := range w.mappings {
		if other.source() == m.source() && (other.function == m.function || m.queue != nil) {
			return
		}
	}
	if !w.mayPull {
		w.togglePull(ctx)
	}
	w.settle()
	in := &lambda.CreateEventSourceMappingInput{FunctionName: &m.function, EventSourceArn: aws.String(m.source())}
	if m.stream != nil {
		in.StartingPosition = []lambdatypes.EventSourcePosition{"TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"}[w.rnd.IntN(3)]
		if m.stream.table && in.StartingPosition == "AT_TIMESTAMP" {
			in.StartingPosition = "TRIM_HORIZON"
		}
		if m.position = in.StartingPosition; m.position == "AT_TIMESTAMP" {
			m.timestamp = epoch.Add(time.Duration(w.rnd.IntN(int(w.now().Sub(epoch)/time.Second)+1)) * time.Second)
			in.StartingPositionTimestamp = &m.timestamp
		}
		w.count[string(m.position)]++
	}
	m.config = w.configure(m)
	m.config.enabled = true
	u := m.input()
	in.BatchSize, in.MaximumBatchingWindowInSeconds, in.MaximumRetryAttempts, in.MaximumRecordAgeInSeconds = u.BatchSize, u.MaximumBatchingWindowInSeconds, u.MaximumRetryAttempts, u.MaximumRecordAgeInSeconds
	in.BisectBatchOnFunctionError, in.ParallelizationFactor, in.FunctionResponseTypes, in.FilterCriteria = u.BisectBatchOnFunctionError, u.ParallelizationFactor, u.FunctionResponseTypes, u.FilterCriteria
	if m.config.destination {
		in.DestinationConfig = u.DestinationConfig
	}
	in.ScalingConfig = u.ScalingConfig
	w.add(happening{what: aConfig, at: w.now(), mapping: m, config: m.config}) // before it: the pollers don't wait for the answer
	out, err := w.lambda.CreateEventSourceMapping(ctx, in)
	must(w.t, err)
	m.uuid = *out.UUID
	w.mappings = append(w.mappings, m)
	w.settle()
}

// configure draws a configuration.
func (w *randomWorld) configure(m *simMapping) simConfig {
	one := func(of ...int32) int32 { return of[w.rnd.IntN(len(of))] }
	c := simConfig{batch: 1 + int32(w.rnd.IntN(5)), report: w.rnd.IntN(2) == 0, filter: w.rnd.IntN(3) == 0, enabled: m.config.enabled}
	if m.queue == nil || !m.queue.fifo {
		c.window = one(0, 0, 0, 5)
	}
	if m.queue != nil {
		c.concurrency = one(0, 2, 3)
		return c
	}
	c.retries, c.age, c.factor = one(-1, -1, 0, 1, 3), one(-1, -1, -1, 60, 90), one(1, 1, 2, 3)
	c.bisect, c.destination = w.rnd.IntN(3) == 0, w.rnd.IntN(2) == 0
	if m.uuid != "" && w.rnd.IntN(3) > 0 {
		c.factor = m.config.factor
	}
	return c
}

// alter changes a mapping, or disables or enables it.
func (w *randomWorld) alter(context.Context) {
	if len(w.mappings) == 0 {
		return
	}
	m := w.mappings[w.rnd.IntN(len(w.mappings))]
	c := m.config
	if w.rnd.IntN(3) == 0 {
		c.enabled = !c.enabled
	} else {
		c = w.configure(m)
	}
	if !w.mayPull { // or the change would be refused
		c.destination = m.config.destination
	}
	w.update(m, c)
}

// update changes a mapping when nothing is due, so that it is known what has been done under the old configuration.
func (w *randomWorld) update(m *simMapping, c simConfig) {
	w.settle()
	switch {
	case m.config.enabled && !c.enabled:
		w.count["disable"]++
	case !m.config.enabled && c.enabled:
		w.count["enable"]++
	default:
		w.count["update"]++
	}
	if m.stream != nil && m.config.factor != c.factor {
		w.count["other lanes"]++
	}
	m.config = c
	w.add(happening{what: aConfig, at: w.now(), mapping: m, config: c})
	_, err := w.lambda.UpdateEventSourceMapping(w.t.Context(), m.input())
	must(w.t, err)
	w.settle()
}

// input asks for a mapping's configuration.
func (m *simMapping) input() *lambda.UpdateEventSourceMappingInput {
	c := m.config
	in := &lambda.UpdateEventSourceMappingInput{UUID: &m.uuid, BatchSize: &c.batch, Enabled: &c.enabled, FunctionResponseTypes: []lambdatypes.FunctionResponseType{},
		FilterCriteria: &lambdatypes.FilterCriteria{}}
	if c.report {
		in.FunctionResponseTypes = []lambdatypes.FunctionResponseType{"ReportBatchItemFailures"}
	}
	if c.filter {
		key, pattern := "data", `{"kind":["a"]}`
		if m.queue != nil {
			key = "body"
		} else if m.stream.table {
			key, pattern = "dynamodb", `{"NewImage":{"n":{"S":[{"exists":true}]}}}`
		}
		in.FilterCriteria.Filters = []lambdatypes.Filter{{Pattern: aws.String(fmt.Sprintf(`{%q:%s}`, key, pattern))}}
	}
	if m.queue == nil || !m.queue.fifo {
		in.MaximumBatchingWindowInSeconds = &c.window
	}
	if m.queue != nil {
		in.ScalingConfig = &lambdatypes.ScalingConfig{}
		if c.concurrency > 0 {
			in.ScalingConfig.MaximumConcurrency = &c.concurrency
		}
		return in
	}
	in.MaximumRetryAttempts, in.MaximumRecordAgeInSeconds, in.ParallelizationFactor, in.BisectBatchOnFunctionError = &c.retries, &c.age, &c.factor, &c.bisect
	in.DestinationConfig = &lambdatypes.DestinationConfig{OnFailure: &lambdatypes.OnFailure{Destination: aws.String("")}}
	if c.destination {
		in.DestinationConfig.OnFailure.Destination = aws.String("arn:aws:sqs:us-east-1:" + account + ":failed")
	}
	return in
}

// failures are the records of what was given up that the destination holds, and bodies what a queue holds.
func (w *randomWorld) failures() (list []failureRecord) {
	for _, body := range w.bodies("failed") {
		var r failureRecord
		must(w.t, json.Unmarshal([]byte(body), &r))
		list = append(list, r)
	}
	return list
}

type failureRecord struct {
	RequestContext struct {
		FunctionArn, Condition string
		ApproximateInvokeCount int
	}
	KinesisBatchInfo, DDBStreamBatchInfo *struct {
		ShardID, StartSequenceNumber, EndSequenceNumber, StreamArn string
		BatchSize                                                  int
	}
}

func (w *randomWorld) bodies(name string) (list []string) {
	url := strings.TrimSuffix(w.queues[0].url, "q") + name
	for {
		out, err := w.sqs.ReceiveMessage(w.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
		must(w.t, err)
		if len(out.Messages) == 0 {
			return list
		}
		for _, m := range out.Messages {
			list = append(list, *m.Body)
			_, err = w.sqs.DeleteMessage(w.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
			must(w.t, err)
		}
	}
}
