package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
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
	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

// TestSimulation plays random worlds: pushes, pulls, invocations, permissions that come and go, functions that fail, and
// restarts in between. What the functions themselves wrote down, outside the backend, is held against what was accepted:
// nothing is lost, shards keep their order, nothing arrives without an allow. The same seed gives the same trace.
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
	total := map[string]int{}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			first := simulate(t, seed, total)
			if diff := cmp.Diff(first, simulate(t, seed, map[string]int{})); diff != "" {
				t.Errorf("the same seed gave another trace:\n%s", diff)
			}
		})
	}
	t.Logf("what happened: %v", total)
	for _, what := range []string{"restart", "fail", "revoke push", "revoke pull", "denied", "PUSH-FUNCTION-POLICY", "PULL-ROLE-POLL", "PULL-SHARD-ORDER",
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

// world is a random world in the making.
type randomWorld struct {
	*bundle
	t        *testing.T
	rnd      *rand.Rand
	cfg      backend.Config
	count    map[string]int
	n        int
	mayPush  bool
	mayPull  bool
	accepted []string // must arrive
	never    []string // must not
	records  []string // in the order in which they were put
}

func simulate(t *testing.T, seed uint64, count map[string]int) string {
	dir := folder(t)
	w := &randomWorld{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), count: count, mayPush: true, mayPull: true,
		cfg: backend.Config{Clock: "virtual", Seed: seed, DatabaseURL: pgtest.URL(t)}}
	w.bundle = setupOn(t, w.cfg)
	w.build(dir)
	steps := []func(context.Context){w.event, w.event, w.object, w.object, w.put, w.put, w.put, w.togglePush, w.togglePull, w.advance, w.restart}
	for range 50 {
		steps[w.rnd.IntN(len(steps))](t.Context())
		w.drain(t)
	}
	if !w.mayPull {
		w.togglePull(t.Context())
	}
	_, err := w.control.AdvanceBy(t.Context(), time.Hour)
	must(t, err)
	w.check(seen(t, dir))
	return w.trace()
}

func (w *randomWorld) build(dir string) {
	t, ctx := w.t, w.t.Context()
	w.role(t, "r", pullPolicy)
	_, err := w.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::" + account + ":role/r"), Runtime: "python3.12",
		Handler: aws.String("main.handler"), Code: codeOf(archive(t, map[string]string{"main.py": diary})), Timeout: aws.Int32(30),
		Environment: &lambdatypes.Environment{Variables: map[string]string{"SEEN": filepath.Join(dir, "seen")}}})
	must(t, err)
	_, err = w.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bucket")})
	must(t, err)
	w.permit(ctx)
	_, err = w.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String("bucket"),
		NotificationConfiguration: &s3types.NotificationConfiguration{LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{{
			LambdaFunctionArn: aws.String(functionARN("f")), Events: []s3types.Event{"s3:ObjectCreated:*"}}}}})
	must(t, err)
	_, err = w.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(1)})
	must(t, err)
	_, err = w.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), StartingPosition: "TRIM_HORIZON",
		EventSourceArn: aws.String("arn:aws:kinesis:us-east-1:" + account + ":stream/s"), BatchSize: aws.Int32(3)})
	must(t, err)
}

const pullPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kinesis:*","Resource":"*"}]}`

// name is a new event's: now and then one that makes the function fail once or twice.
func (w *randomWorld) name() string {
	w.n++
	if w.rnd.IntN(4) == 0 {
		w.count["fail"]++
		return fmt.Sprintf("fail%d-%03d", 1+w.rnd.IntN(2), w.n)
	}
	return fmt.Sprintf("event-%03d", w.n)
}

func (w *randomWorld) event(ctx context.Context) {
	n := w.name()
	_, err := w.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: "Event", Payload: fmt.Appendf(nil, `{"n":%q}`, n)})
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

func (w *randomWorld) put(ctx context.Context) {
	in := &kinesis.PutRecordsInput{StreamName: aws.String("s")}
	for range 1 + w.rnd.IntN(4) {
		n := w.name()
		in.Records = append(in.Records, kinesistypes.PutRecordsRequestEntry{PartitionKey: aws.String("k"), Data: []byte(n)})
		w.accepted, w.records = append(w.accepted, n), append(w.records, n)
	}
	_, err := w.kinesis.PutRecords(ctx, in)
	must(w.t, err)
}

func (w *randomWorld) permit(ctx context.Context) {
	_, err := w.lambda.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("s3"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("s3.amazonaws.com"), SourceArn: aws.String("arn:aws:s3:::bucket")})
	must(w.t, err)
}

func (w *randomWorld) togglePush(ctx context.Context) {
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

// check holds what the function wrote down against what was accepted.
func (w *randomWorld) check(got []string) {
	for _, n := range w.accepted {
		if !slices.Contains(got, n) {
			w.t.Errorf("%s was accepted and never arrived", n)
		}
	}
	for _, n := range w.never {
		if slices.Contains(got, n) {
			w.t.Errorf("%s arrived although nothing allowed it", n)
		}
	}
	last := -1
	for _, n := range w.records {
		at := slices.Index(got, n)
		if at < last {
			w.t.Errorf("the record %s arrived before one that was put before it", n)
		}
		last = at
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
		if d.Outcome == "delivered" && !slices.ContainsFunc(d.Steps, func(s control.Step) bool {
			return s.Kind == "authorized" && strings.Contains(s.Reason, "allowed")
		}) {
			w.t.Errorf("delivery %d was made without an allow", d.ID)
		}
	}
	text, err := w.control.DeliveriesText(w.t.Context(), control.DeliveriesQuery{Limit: 10000})
	must(w.t, err)
	return text
}
