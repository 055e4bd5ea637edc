package pull_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull/pulltest"
)

const visibility = 30 * time.Second

// standard and fifo set up a mapping from a queue.
func standard(t *testing.T, c pull.Config) *bundle { return queued(t, false, c) }
func fifo(t *testing.T, c pull.Config) *bundle     { return queued(t, true, c) }

func queued(t *testing.T, ordered bool, c pull.Config) *bundle {
	b := setup(t)
	b.queue.Create(queueARN, pull.QueueAttributes{FIFO: ordered, VisibilityTimeout: visibility})
	b.mapping(queueARN, c)
	return b
}

func TestTheQueueInMemoryKeepsTheContract(t *testing.T) {
	q, n := &pulltest.Memory{}, 0
	pulltest.Queue(t, nil, func(c *pulltest.Core) *pulltest.QueueSource {
		q.Clock, q.Wake = c.Clock, c.Poller.WakeQueue
		return &pulltest.QueueSource{Queue: q, Service: "sqs",
			Create: func(_ *testing.T, a pull.QueueAttributes) string {
				n++
				q.Create(pulltest.ARN(fmt.Sprint(n)), a)
				return pulltest.ARN(fmt.Sprint(n))
			},
			Send: func(_ *testing.T, arn, group, body string) { q.Send(arn, group, body) }}
	})
}

func TestABatchThatSucceedsIsDeleted(t *testing.T) {
	b := standard(t, pull.Config{BatchSize: 2})
	b.send("a", "b", "c")
	b.ran("a b", "c")
	b.left()
	if want := []string{"delivered PULL-QUEUE-DELETE", "delivered PULL-QUEUE-DELETE"}; !slices.Equal(b.outcomes(), want) {
		t.Errorf("outcomes %q, want %q", b.outcomes(), want)
	}
}

func TestABatchThatFailsComesAgainAfterTheVisibilityTimeout(t *testing.T) {
	b := standard(t, pull.Config{BatchSize: 10})
	b.set(fail)
	b.send("a", "b")
	b.ran("a b")
	b.left("a", "b")
	b.advance(visibility - time.Second)
	b.ran()
	b.set(succeed)
	b.advance(time.Second)
	b.ran("a b")
	b.left()
	if want := []string{"failed PULL-QUEUE-RETRY", "delivered PULL-QUEUE-DELETE"}; !slices.Equal(b.outcomes(), want) {
		t.Errorf("outcomes %q, want %q", b.outcomes(), want)
	}
	b.advance(visibility) // when it looked for the last time
	if at, ok := b.agenda.Next(); ok {
		t.Errorf("a poller of an empty queue has an item on the agenda, at %v", at)
	}
}

func TestReportedFailuresStayAndTheRestIsDeleted(t *testing.T) {
	b := standard(t, pull.Config{BatchSize: 10, ReportBatchItemFailures: true})
	for answered, left := range map[string]string{ // A and B stand for the messages' ids
		``: "", `null`: "", `{}`: "", `""`: "", `[]`: "", `{"batchItemFailures":null}`: "", `{"batchItemFailures":[]}`: "", `{"other":1}`: "",
		`{"batchItemFailures":[{"itemIdentifier":"B"}]}`:                        "b",
		`{"batchItemFailures":[{"itemIdentifier":"A"},{"itemIdentifier":"B"}]}`: "a b",
		`{"batchItemFailures":[{"itemIdentifier":"B"},{"itemIdentifier":"C"}]}`: "a b",
		`{"batchItemFailures":[{"itemIdentifier":""}]}`:                         "a b",
		`{"batchItemFailures":[{"itemIdentifier":null}]}`:                       "a b",
		`{"batchItemFailures":[{"ItemIdentifier":"B"}]}`:                        "a b",
		`{"batchItemFailures":[{"itemIdentifier":123}]}`:                        "a b",
		`{"batchItemFailures":"B"}`:                                             "a b",
		`"no object"`:                                                           "a b",
		`not JSON`:                                                              "a b",
	} {
		t.Run(answered, func(t *testing.T) {
			b.t = t
			b.queue.Create(queueARN, pull.QueueAttributes{VisibilityTimeout: visibility})
			ids := b.place("a", "b")
			b.set(answer(strings.NewReplacer(`"A"`, `"`+ids[0]+`"`, `"B"`, `"`+ids[1]+`"`).Replace(answered)))
			b.queue.Wake(queueARN)
			b.drain()
			b.ran("a b")
			b.left(strings.Fields(left)...)
		})
	}
	b.t = t
}

func TestWithoutTheResponseTypeReportedFailuresAreIgnored(t *testing.T) {
	b := standard(t, pull.Config{BatchSize: 10})
	b.set(answer(fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":%q}]}`, b.place("a")[0])))
	b.queue.Wake(queueARN)
	b.drain()
	b.ran("a")
	b.left()
}

func TestABatchThatIsNotFullWaitsForItsWindow(t *testing.T) {
	b := standard(t, pull.Config{BatchSize: 3, MaximumBatchingWindowInSeconds: 20})
	b.send("a")
	b.advance(19 * time.Second)
	b.send("b")
	b.ran()
	b.advance(time.Second)
	b.ran("a b")
	b.send("c", "d", "e", "f")
	b.ran("c d e")
	b.advance(20 * time.Second)
	b.ran("f")
	b.left()
}

func TestAWindowHidesMessagesForLongerThanTheQueueSays(t *testing.T) {
	b := standard(t, pull.Config{BatchSize: 3, MaximumBatchingWindowInSeconds: 40})
	b.send("a")
	b.advance(40 * time.Second)
	b.ran("a")
	b.set(fail)
	b.send("b")
	b.advance(40 * time.Second)
	b.ran("b")
	b.set(succeed)
	b.advance(32 * time.Second) // 40 s + 3 s + 30 s after it was received
	b.ran()
	b.advance(time.Second + 40*time.Second)
	b.ran("b")
}

func TestManyBatchesAreAtWorkAtOnceUpToTheLimit(t *testing.T) {
	slow := func([]string) *invoke.Outcome {
		return &invoke.Outcome{Takes: 2 * time.Second, Payload: []byte("null")}
	}
	for name, c := range map[string]struct {
		config        pull.Config
		first, second int
	}{
		"five at first, and five more each second":                       {pull.Config{}, 5, 10},
		"as MaximumConcurrency says":                                     {pull.Config{MaximumConcurrency: 2}, 2, 2},
		"ten for each provisioned poller, and up to ten for the maximum": {pull.Config{MinimumPollers: 2, MaximumPollers: 3}, 20, 30},
		"sixteen more each second with provisioned pollers":              {pull.Config{MinimumPollers: 2, MaximumPollers: 200}, 20, 36},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.BatchSize = 1
			b := standard(t, c.config)
			b.set(slow)
			var messages []string
			for i := range 40 {
				messages = append(messages, fmt.Sprint(i))
			}
			b.send(messages...)
			if n := len(b.program.runs); n != c.first {
				t.Errorf("%d batches run at first, want %d", n, c.first)
			}
			b.advance(time.Second)
			if n := len(b.program.runs); n != c.second {
				t.Errorf("%d batches run after a second, want %d", n, c.second)
			}
			b.advance(time.Minute)
			b.left()
		})
	}
}

func TestGroupsOfAFIFOQueueKeepTheirOrderAndDoNotHoldUpOneAnother(t *testing.T) {
	b := fifo(t, pull.Config{BatchSize: 1})
	b.set(func(bodies []string) *invoke.Outcome {
		if bodies[0] == "x1" {
			return fail(bodies)
		}
		return nil
	})
	b.send("x/x1", "x/x2", "y/y1", "y/y2")
	b.ran("x1", "y1", "y2")
	b.left("x1", "x2")
	b.set(succeed)
	b.advance(visibility)
	b.ran("x1", "x2")
	b.left()
}

// The queue shows a message again while its batch still runs, if that takes longer than the visibility timeout.
func TestOneBatchOfAFIFOGroupIsAtWorkAtATime(t *testing.T) {
	b := fifo(t, pull.Config{BatchSize: 1})
	b.set(func([]string) *invoke.Outcome {
		return &invoke.Outcome{Takes: 70 * time.Second, Payload: []byte("null")}
	})
	b.send("x/x1", "x/x2")
	b.advance(69 * time.Second)
	b.ran("x1")
	b.set(succeed)
	b.advance(10 * time.Minute) // the receipt of the first run has become old: it deletes nothing
	b.ran("x1", "x2")
}

func TestAFIFOBatchMayMixGroups(t *testing.T) {
	b := fifo(t, pull.Config{BatchSize: 10})
	b.send("x/x1", "y/y1", "x/x2")
	b.ran("x1 y1 x2")
	b.left()
}

func TestABatchEndsBefore6MB(t *testing.T) {
	b := standard(t, pull.Config{BatchSize: 10})
	big := strings.Repeat("x", 1<<20)
	for range 3 {
		b.queue.Send(queueARN, "", big)
		b.queue.Send(queueARN, "", big)
		b.queue.Send(queueARN, "", big)
	}
	b.drain()
	b.left()
	for _, run := range b.program.runs {
		if len(run) > 6<<20 {
			t.Errorf("a batch of %d bytes", len(run))
		}
	}
}

func TestAPollerThatMayNotReceiveTakesNothingAndGoesOnWhenItMay(t *testing.T) {
	b := standard(t, pull.Config{BatchSize: 10})
	b.must(b.identity.DeleteInline(t.Context(), roleKey, "p"))
	b.send("a")
	b.ran()
	if n := b.queue.Received(queueARN); n != 0 {
		t.Errorf("the message was received %d times", n)
	}
	b.must(b.identity.PutInline(t.Context(), roleKey, "p", allowed))
	b.drain()
	b.ran("a")
	if want := []string{"denied PULL-ROLE-POLL", "delivered PULL-QUEUE-DELETE"}; !slices.Equal(b.outcomes(), want) {
		t.Errorf("outcomes %q, want %q", b.outcomes(), want)
	}
}

func TestAPollerThatMayNotDeleteGetsTheMessagesAgain(t *testing.T) {
	b := standard(t, pull.Config{BatchSize: 10})
	b.must(b.identity.PutInline(t.Context(), roleKey, "p", strings.Replace(allowed, "sqs:*", "sqs:ReceiveMessage", 1)))
	b.send("a")
	b.ran("a")
	b.left("a")
	b.must(b.identity.PutInline(t.Context(), roleKey, "p", allowed))
	b.advance(visibility)
	b.ran("a")
	b.left()
}

func TestAFunctionThatIsGoneTakesNothingFromTheQueue(t *testing.T) {
	b := standard(t, pull.Config{BatchSize: 10})
	k := function.Key{Account: account, Region: "us-east-1", Name: "f"}
	b.must(b.functions.Delete(t.Context(), k))
	b.send("a")
	if n := b.queue.Received(queueARN); n != 0 {
		t.Errorf("the message was received %d times", n)
	}
	_, err := b.functions.Create(t.Context(), k, function.Config{Role: "arn:aws:iam::" + account + ":role/r", Timeout: 3}, function.Code{}, []byte("zip"), nil, false)
	b.must(err)
	b.drain()
	b.ran("a")
}

func TestAfterACrashMessagesComeAgain(t *testing.T) {
	b := standard(t, pull.Config{BatchSize: 10, MaximumBatchingWindowInSeconds: 5})
	b.send("a") // received, and held for its window
	b.close()
	b.open()
	b.advance(visibility + 5*time.Second)
	b.ran("a")
	b.left()
}

func TestWhatAQueuesMappingMustBe(t *testing.T) {
	b := setup(t)
	long := pull.QueueAttributes{VisibilityTimeout: visibility}
	none := func(*bundle) {}
	may := func(actions string) func(b *bundle) {
		return func(b *bundle) {
			b.must(b.identity.PutInline(b.t.Context(), roleKey, "p", strings.Replace(allowed, `"sqs:*"`, actions, 1)))
		}
	}
	for name, c := range map[string]struct {
		queue   *pull.QueueAttributes
		config  pull.Config
		prepare func(*bundle)
		want    string
	}{
		"the queue is missing": {nil, pull.Config{BatchSize: 10}, none,
			"Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist."},
		"a batch of more than 10 without a window": {&long, pull.Config{BatchSize: 11}, none,
			"Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"},
		"a window of a FIFO queue": {&pull.QueueAttributes{FIFO: true, VisibilityTimeout: visibility}, pull.Config{BatchSize: 10, MaximumBatchingWindowInSeconds: 1}, none,
			"Batching window is not supported for FIFO queues"},
		"hidden for less than the function may run": {&pull.QueueAttributes{VisibilityTimeout: 2 * time.Second}, pull.Config{BatchSize: 10}, none,
			"Queue visibility timeout: 2 seconds is less than Function timeout: 3 seconds"},
		"the role may not receive": {&long, pull.Config{BatchSize: 10}, may(`"sqs:DeleteMessage","sqs:GetQueueAttributes"`),
			"The provided execution role does not have permissions to call ReceiveMessage on SQS"},
		"the role may not delete": {&long, pull.Config{BatchSize: 10}, may(`"sqs:ReceiveMessage","sqs:GetQueueAttributes"`),
			"The provided execution role does not have permissions to call DeleteMessage on SQS"},
		"the role may not ask": {&long, pull.Config{BatchSize: 10}, may(`"sqs:ReceiveMessage","sqs:DeleteMessage"`),
			"The provided execution role does not have permissions to call GetQueueAttributes on SQS"},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			b.must(b.identity.PutInline(t.Context(), roleKey, "p", allowed))
			c.prepare(b)
			arn := pulltest.ARN(strings.ReplaceAll(name, " ", "-"))
			if c.queue != nil {
				b.queue.Create(arn, *c.queue)
			}
			_, err := b.create(arn, c.config)
			if err == nil {
				t.Fatal("it was made")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
	b.t = t
}

func TestASecondMappingOfAQueueIsRefused(t *testing.T) {
	b := setup(t)
	b.queue.Create(queueARN, pull.QueueAttributes{VisibilityTimeout: visibility})
	first := b.mapping(queueARN, pull.Config{BatchSize: 10})
	_, err := b.create(queueARN, pull.Config{BatchSize: 10})
	want := fmt.Sprintf("An event source mapping with SQS arn (\" %s \") and function (\" f \") already exists. Please update or delete the existing mapping with UUID %s", queueARN, first.UUID)
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if first.Reason != "USER_INITIATED" || first.LastResult != "" {
		t.Errorf("reason %q, last result %q; a queue's mapping has USER_INITIATED and none", first.Reason, first.LastResult)
	}
}
