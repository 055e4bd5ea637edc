package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

// TestSimulation plays random worlds: pushes, pulls from several shards and queues into two functions, invocations,
// permissions that come and go, functions that fail, and restarts in between. What the functions themselves wrote down,
// outside the backend, is held against what was accepted: nothing is lost, shards and message groups keep their order,
// nothing arrives without an allow. The same seed gives the same trace. Then the same world again with crashes: in the
// middle of what is going on the backend is cut off from its database, as a killed one would be.
// LAMBDASIM_SEED plays one seed, LAMBDASIM_SEEDS so many.
func TestSimulation(t *testing.T) {
	seeds := []uint64{1, 2}
	if text := os.Getenv("LAMBDASIM_SEEDS"); text != "" {
		n, err := strconv.Atoi(text)
		must(t, err)
		seeds = nil
		for i := range n {
			seeds = append(seeds, uint64(i)+1)
		}
	}
	if text := os.Getenv("LAMBDASIM_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		must(t, err)
		seeds = []uint64{n}
	}
	total, crashed := map[string]int{}, map[string]int{"crash": 0}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d gives the same trace twice", seed), func(t *testing.T) {
			first := simulate(t, seed, total, false)
			if diff := cmp.Diff(first, simulate(t, seed, map[string]int{}, false)); diff != "" {
				t.Errorf("the same seed gave another trace:\n%s", diff)
			}
		})
		t.Run(fmt.Sprintf("seed %d loses nothing in crashes", seed), func(t *testing.T) { simulate(t, seed, crashed, true) })
	}
	t.Logf("what happened: %v; in the worlds with crashes: %v", total, crashed)
	total["crash"] = crashed["crash"]
	for _, what := range []string{"restart", "crash", "fail", "revoke push", "revoke pull", "denied", "PUSH-FUNCTION-POLICY", "PULL-ROLE-POLL", "PULL-SHARD-ORDER",
		"PULL-STREAM-RETRY", "LAMBDA-ASYNC-RETRY", "LAMBDA-INVOKE-ASYNC"} {
		if total[what] == 0 {
			t.Errorf("%q never happened: the simulation does not reach it", what)
		}
	}
}

// diary is a function that writes down what it received, and fails as often as the event says.
const diary = `
import base64, json, os
def handler(event, context):
    if "Records" in event and "s3" in event["Records"][0]:
        names = [r["s3"]["object"]["key"] for r in event["Records"]]
    elif "Records" in event and "body" in event["Records"][0]:
        names = [r["body"] for r in event["Records"]]
    elif "Records" in event:
        names = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
    else:
        names = [event["n"]]
    with open(os.environ["SEEN"], "a+") as f:
        f.seek(0)
        before = f.read().split("\n")
        for n in names:
            f.write(json.dumps(n) + "\n")
    for n in names:
        if n.startswith("fail") and before.count(json.dumps(n)) < int(n[4]):
            raise RuntimeError("as the event says")
`

// randomWorld is a random world in the making.
type randomWorld struct {
	*bundle
	t        *testing.T
	rnd      *rand.Rand
	cfg      backend.Config
	count    map[string]int
	n        int
	mayPush  bool
	mayPull  bool
	queues   map[string]*string             // URLs
	accepted map[string][]string            // must arrive, by function
	never    []string                       // must not
	ordered  map[string]map[string][]string // in the order in which they were put, by function and then by key or group
}

func simulate(t *testing.T, seed uint64, count map[string]int, crashes bool) string {
	dir := folder(t)
	w := &randomWorld{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), count: count, mayPush: true, mayPull: true, queues: map[string]*string{},
		accepted: map[string][]string{}, ordered: map[string]map[string][]string{"f": {}, "g": {}},
		cfg: backend.Config{Clock: "virtual", Seed: seed, DatabaseURL: pgtest.URL(t), Share: []string{dir}}}
	restart := w.restart
	if crashes {
		restart = w.crash
		w.startDoomed()
	} else {
		w.bundle = setupOn(t, w.cfg)
	}
	w.build(dir)
	if !crashes {
		w.drain(t) // the new pollers' first look is over: whether a put comes before it is the network's affair, not the seed's
	}
	steps := []func(context.Context){w.event, w.event, w.object, w.object, w.put, w.put, w.put, w.message, w.message, w.togglePush, w.togglePull, w.advance, restart}
	for range 60 {
		steps[w.rnd.IntN(len(steps))](t.Context())
		if !crashes || w.rnd.IntN(3) == 0 {
			w.drain(t)
		}
	}
	if !w.mayPull {
		w.togglePull(t.Context())
	}
	for range 4 { // a message that failed comes back when its time is up, not while a drain waits
		_, err := w.control.AdvanceBy(t.Context(), 15*time.Minute)
		must(t, err)
	}
	for _, name := range []string{"f", "g"} {
		w.check(name, seen(t, filepath.Join(dir, name)))
	}
	return w.trace()
}

func (w *randomWorld) build(dir string) {
	t, ctx := w.t, w.t.Context()
	w.role(t, "r", pullPolicy)
	for _, name := range []string{"f", "g"} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		must(t, os.Chmod(filepath.Join(dir, name), 0o777))
		_, err := w.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: &name, Role: aws.String("arn:aws:iam::" + account + ":role/r"), Runtime: "python3.12",
			Handler: aws.String("main.handler"), Code: codeOf(archive(t, map[string]string{"main.py": diary})), Timeout: aws.Int32(30),
			Environment: &lambdatypes.Environment{Variables: map[string]string{"SEEN": filepath.Join(dir, name, "seen")}}})
		must(t, err)
	}
	_, err := w.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bucket")})
	must(t, err)
	w.permit(ctx)
	_, err = w.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String("bucket"),
		NotificationConfiguration: &s3types.NotificationConfiguration{LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{{
			LambdaFunctionArn: aws.String(functionARN("f")), Events: []s3types.Event{"s3:ObjectCreated:*"}}}}})
	must(t, err)
	_, err = w.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(3)})
	must(t, err)
	sources := []lambda.CreateEventSourceMappingInput{{FunctionName: aws.String("f"), StartingPosition: "TRIM_HORIZON", BatchSize: aws.Int32(3),
		EventSourceArn: aws.String("arn:aws:kinesis:us-east-1:" + account + ":stream/s")}, {FunctionName: aws.String("g"), StartingPosition: "TRIM_HORIZON",
		BatchSize: aws.Int32(2), EventSourceArn: aws.String("arn:aws:kinesis:us-east-1:" + account + ":stream/s")}}
	for _, name := range []string{"f", "g"} {
		queue, attributes := "q", map[string]string{"VisibilityTimeout": "30"}
		if name == "g" {
			queue, attributes["FifoQueue"] = "q.fifo", "true"
		}
		out, err := w.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &queue, Attributes: attributes})
		must(t, err)
		w.queues[name] = out.QueueUrl
		sources = append(sources, lambda.CreateEventSourceMappingInput{FunctionName: &name, BatchSize: aws.Int32(2), EventSourceArn: aws.String("arn:aws:sqs:us-east-1:" + account + ":" + queue)})
	}
	for _, in := range sources {
		_, err = w.lambda.CreateEventSourceMapping(ctx, &in)
		must(t, err)
	}
}

const pullPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kinesis:*","sqs:*"],"Resource":"*"}]}`

// name is a new event's: now and then one that makes the function fail once or twice.
func (w *randomWorld) name() string {
	w.n++
	if w.rnd.IntN(4) == 0 {
		w.count["fail"]++
		return fmt.Sprintf("fail%d-%03d", 1+w.rnd.IntN(2), w.n)
	}
	return fmt.Sprintf("event-%03d", w.n)
}

func (w *randomWorld) accept(name, n string) { w.accepted[name] = append(w.accepted[name], n) }

func (w *randomWorld) either() string { return []string{"f", "g"}[w.rnd.IntN(2)] }

func (w *randomWorld) event(ctx context.Context) {
	n, to := w.name(), w.either()
	_, err := w.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &to, InvocationType: "Event", Payload: fmt.Appendf(nil, `{"n":%q}`, n)})
	must(w.t, err)
	w.accept(to, n)
}

func (w *randomWorld) object(ctx context.Context) {
	n := w.name()
	_, err := w.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: &n, Body: strings.NewReader(n)})
	must(w.t, err)
	if w.mayPush {
		w.accept("f", n)
	} else {
		w.never = append(w.never, n)
	}
}

// put puts records under some of six keys, which lie in three shards; both functions read them.
func (w *randomWorld) put(ctx context.Context) {
	in := &kinesis.PutRecordsInput{StreamName: aws.String("s")}
	for range 1 + w.rnd.IntN(6) {
		n, key := w.name(), fmt.Sprintf("key %d", w.rnd.IntN(6))
		in.Records = append(in.Records, kinesistypes.PutRecordsRequestEntry{PartitionKey: &key, Data: []byte(n)})
		for _, name := range []string{"f", "g"} {
			w.accept(name, n)
			w.ordered[name][key] = append(w.ordered[name][key], n)
		}
	}
	_, err := w.kinesis.PutRecords(ctx, in)
	must(w.t, err)
}

// message sends to a standard queue, which f reads, or to one of three groups, which g reads.
func (w *randomWorld) message(ctx context.Context) {
	n, to := w.name(), w.either()
	in := &sqs.SendMessageInput{QueueUrl: w.queues[to], MessageBody: &n}
	if to == "g" {
		group := fmt.Sprintf("group-%d", w.rnd.IntN(3))
		in.MessageGroupId, in.MessageDeduplicationId = &group, &n
		w.ordered[to][group] = append(w.ordered[to][group], n)
	}
	_, err := w.sqs.SendMessage(ctx, in)
	must(w.t, err)
	w.accept(to, n)
}

func (w *randomWorld) permit(ctx context.Context) {
	_, err := w.lambda.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("s3"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("s3.amazonaws.com"), SourceArn: aws.String("arn:aws:s3:::bucket")})
	must(w.t, err)
}

// togglePush changes who may push, once what was put before has been decided on.
func (w *randomWorld) togglePush(ctx context.Context) {
	w.drain(w.t)
	if w.mayPush = !w.mayPush; w.mayPush {
		w.permit(ctx)
		return
	}
	w.count["revoke push"]++
	_, err := w.lambda.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("s3")})
	must(w.t, err)
}

func (w *randomWorld) togglePull(ctx context.Context) {
	if w.mayPull = !w.mayPull; w.mayPull {
		w.rolePolicy(w.t, "r", pullPolicy)
		return
	}
	w.count["revoke pull"]++
	_, err := w.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("main")})
	must(w.t, err)
}

func (w *randomWorld) advance(ctx context.Context) {
	_, err := w.control.AdvanceBy(ctx, time.Duration(w.rnd.IntN(90))*time.Second)
	must(w.t, err)
}

// restart stops the backend between two steps and starts it again on what it has written.
func (w *randomWorld) restart(ctx context.Context) {
	w.count["restart"]++
	must(w.t, w.b.Close(ctx))
	w.bundle = setupOn(w.t, w.cfg)
}

// crash cuts the backend off from its database, whatever it is doing, and starts another: all that was not committed is
// lost, as with a kill.
func (w *randomWorld) crash(ctx context.Context) {
	w.count["crash"]++
	u, err := url.Parse(w.cfg.DatabaseURL)
	must(w.t, err)
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	conn, err := pgx.Connect(ctx, u.String())
	must(w.t, err)
	defer conn.Close(ctx)
	for _, sql := range []string{"ALTER DATABASE " + name + " ALLOW_CONNECTIONS false", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'"} {
		_, err = conn.Exec(ctx, sql)
		must(w.t, err)
	}
	_ = w.b.Close(ctx) // which says that it could not write
	_, err = conn.Exec(ctx, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true")
	must(w.t, err)
	w.startDoomed()
}

// startDoomed starts a backend that may say and return what it will when it is cut off.
func (w *randomWorld) startDoomed() {
	cfg := w.cfg
	cfg.Listen, cfg.Log = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	b, err := backend.New(cfg)
	must(w.t, err)
	must(w.t, b.Start(w.t.Context()))
	w.t.Cleanup(func() { _ = b.Close(context.Background()) })
	w.bundle = &bundle{clients: newClients(b.URL(), "test", "test", ""), b: b, control: control.New(b.URL()), url: cfg.DatabaseURL}
}

// check holds what a function wrote down against what was accepted.
func (w *randomWorld) check(name string, got []string) {
	for _, n := range w.accepted[name] {
		if !slices.Contains(got, n) {
			w.t.Errorf("%s was accepted and never reached %s", n, name)
		}
	}
	for _, n := range w.never {
		if slices.Contains(got, n) {
			w.t.Errorf("%s reached %s although nothing allowed it", n, name)
		}
	}
	for key, list := range w.ordered[name] {
		last := -1
		for _, n := range list {
			at := slices.Index(got, n)
			if at < last {
				w.t.Errorf("%s of %s reached %s before what was put before it", n, key, name)
			}
			last = at
		}
	}
}

// trace is the trace as text; it counts which rules were applied.
func (w *randomWorld) trace() string {
	list, err := w.control.Deliveries(w.t.Context(), control.DeliveriesQuery{Limit: 10000})
	must(w.t, err)
	for _, d := range list {
		w.count[d.Outcome]++
		for _, s := range d.Steps {
			if s.Rule != "" {
				w.count[s.Rule]++
			}
			var decision struct{ Verdict string }
			if s.Decision != nil && json.Unmarshal(s.Decision, &decision) != nil {
				w.t.Errorf("delivery %d: the decision of a step cannot be read: %s", d.ID, s.Decision)
			}
		}
		// A crash may take the beginning of a delivery with it: the trace is written behind.
		if w.count["crash"] == 0 && d.Outcome == "delivered" && !slices.ContainsFunc(d.Steps, func(s control.Step) bool {
			return s.Kind == "authorized" && strings.Contains(s.Reason, "allowed")
		}) {
			w.t.Errorf("delivery %d was made without an allow", d.ID)
		}
	}
	text, err := w.control.DeliveriesText(w.t.Context(), control.DeliveriesQuery{Limit: 10000})
	must(w.t, err)
	return text
}
