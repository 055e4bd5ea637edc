package backend_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// randomWorld is a random world in the making. Functions f and g are invoked by pollers alone, p by pushes and callers.
type randomWorld struct {
	*bundle
	*chronicle
	t       *testing.T
	rnd     *rand.Rand
	cfg     backend.Config
	crashes bool
	count   map[string]int
	n       int

	mayPush, mayPull bool
	throttled        map[string]bool
	accepted, never  []string // what was pushed to p: what must arrive, and what must not

	streams  []*simStream
	queues   []*simQueue
	mappings []*simMapping
	table    map[string]string // the items of the table, as they must be
	changes  []change          // of the table, in order
}

// simMapping is a mapping as the world made it.
type simMapping struct {
	uuid, function string
	stream         *simStream // or
	queue          *simQueue
	config         simConfig
	position       lambdatypes.EventSourcePosition
	timestamp      time.Time
}

func (m *simMapping) source() string {
	if m.queue != nil {
		return m.queue.arn
	}
	return m.stream.arn
}

// simConfig is a mapping's configuration.
type simConfig struct {
	batch, window, retries, age, factor, concurrency int32
	bisect, report, filter, destination, enabled     bool
}

const (
	simVisibility = 30 * time.Second // of every queue
	retention     = 24 * time.Hour   // of every stream
)

func newWorld(t *testing.T, url string, seed uint64, crashes bool, count map[string]int) *randomWorld {
	w := &randomWorld{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), count: count, crashes: crashes, mayPush: true, mayPull: true,
		chronicle: &chronicle{seen: map[string]int{}}, throttled: map[string]bool{}, table: map[string]string{},
		cfg: backend.Config{Clock: "virtual", Seed: seed, DatabaseURL: url}}
	w.start()
	w.build()
	return w
}

// start starts a backend. In a world with crashes it may say and return what it will when it is cut off.
func (w *randomWorld) start() {
	cfg, f := w.cfg, &functions{chronicle: w.chronicle}
	cfg.Listen, cfg.Log = "127.0.0.1:0", slog.New(slog.NewTextHandler(&testLog{w.t}, &slog.HandlerOptions{Level: slog.LevelError}))
	if w.crashes {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.RunBy(f)
	b, err := backend.New(cfg)
	must(w.t, err)
	f.b = b
	must(w.t, b.Start(w.t.Context()))
	w.t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil && !w.crashes {
			w.t.Error("close:", err)
		}
	})
	w.bundle = &bundle{clients: newClients(b.URL(), "test", "test", ""), b: b, control: control.New(b.URL()), url: cfg.DatabaseURL}
}

func (w *randomWorld) now() time.Time { return w.b.Now() }

// settle waits until nothing is due. Then what was run so far has been committed.
func (w *randomWorld) settle() {
	w.drain(w.t)
	w.add(happening{what: aDrain, at: w.now()})
}

// restart stops the backend between two steps and starts it again on what it has written.
func (w *randomWorld) restart(ctx context.Context) {
	w.settle()
	w.count["restart"]++
	must(w.t, w.b.Close(ctx))
	w.add(happening{what: aStop, at: w.now()})
	w.start()
	w.settle()
}

// crash cuts the backend off from its database, whatever it is doing, and starts another: all that was not committed is
// lost, as with a kill.
func (w *randomWorld) crash(ctx context.Context) {
	if !w.crashes {
		w.restart(ctx)
		return
	}
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
	w.add(happening{what: aCrash, at: w.now()})
	w.start()
}

const pullPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kinesis:*","sqs:*","dynamodb:*"],"Resource":"*"}]}`

func (w *randomWorld) build() {
	t, ctx := w.t, w.t.Context()
	w.role(t, "r", pullPolicy)
	for _, name := range []string{"f", "g", "p"} {
		_, err := w.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: &name, Role: aws.String("arn:aws:iam::" + account + ":role/r"), Runtime: "python3.12",
			Handler: aws.String("main.handler"), Code: codeOf(archive(t, map[string]string{"main.py": ""})), Timeout: aws.Int32(10)})
		must(t, err)
	}
	_, err := w.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bucket")})
	must(t, err)
	w.permit(ctx)
	_, err = w.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String("bucket"),
		NotificationConfiguration: &s3types.NotificationConfiguration{LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{{
			LambdaFunctionArn: aws.String(functionARN("p")), Events: []s3types.Event{"s3:ObjectCreated:*"}}}}})
	must(t, err)
	w.makeQueue("failed", "", 0)
	w.makeQueue("dead", "", 0)
	w.makeQueue("dead.fifo", "", 0)
	w.queues = append(w.queues, w.makeQueue("q", "dead", 2+w.rnd.IntN(3)), w.makeQueue("q.fifo", "dead.fifo", 2+w.rnd.IntN(3)))
	for range 1 + w.rnd.IntN(2) {
		name := fmt.Sprintf("s%d", len(w.streams))
		_, err = w.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(int32(1 + w.rnd.IntN(3)))})
		must(t, err)
		w.streams = append(w.streams, &simStream{arn: "arn:aws:kinesis:us-east-1:" + account + ":stream/" + name, name: name, parents: map[string][]string{}, next: map[string]*string{}})
	}
	billing := dynamodb.CreateTableInput{BillingMode: tabletypes.BillingModePayPerRequest}
	if w.rnd.IntN(2) == 0 {
		billing = dynamodb.CreateTableInput{ProvisionedThroughput: &tabletypes.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(5)}}
	}
	billing.TableName = aws.String("table")
	billing.AttributeDefinitions = []tabletypes.AttributeDefinition{{AttributeName: aws.String("k"), AttributeType: "S"}}
	billing.KeySchema = []tabletypes.KeySchemaElement{{AttributeName: aws.String("k"), KeyType: "HASH"}}
	billing.StreamSpecification = &tabletypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "NEW_AND_OLD_IMAGES"}
	table, err := w.tables.CreateTable(ctx, &billing)
	must(t, err)
	w.streams = append(w.streams, &simStream{arn: *table.TableDescription.LatestStreamArn, table: true, parents: map[string][]string{}, next: map[string]*string{}})
	w.settle()
}

func (w *randomWorld) makeQueue(name, dead string, most int) *simQueue {
	q := &simQueue{arn: "arn:aws:sqs:us-east-1:" + account + ":" + name, fifo: strings.HasSuffix(name, ".fifo"), most: most}
	attributes := map[string]string{"VisibilityTimeout": fmt.Sprint(simVisibility.Seconds())}
	if q.fifo {
		attributes["FifoQueue"] = "true"
	}
	if dead != "" {
		attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:%s:%s","maxReceiveCount":%d}`, account, dead, most)
		q.dead = dead
	}
	out, err := w.sqs.CreateQueue(w.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	must(w.t, err)
	q.url = *out.QueueUrl
	return q
}

func (w *randomWorld) permit(ctx context.Context) {
	_, err := w.lambda.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: aws.String("p"), StatementId: aws.String("s3"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("s3.amazonaws.com"), SourceArn: aws.String("arn:aws:s3:::bucket")})
	must(w.t, err)
}

// togglePush changes who may push, once what was put before has been decided on.
func (w *randomWorld) togglePush(ctx context.Context) {
	w.settle()
	if w.mayPush = !w.mayPush; w.mayPush {
		w.permit(ctx)
		return
	}
	w.count["revoke push"]++
	_, err := w.lambda.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: aws.String("p"), StatementId: aws.String("s3")})
	must(w.t, err)
}

func (w *randomWorld) togglePull(ctx context.Context) {
	w.settle()
	w.mayPull = !w.mayPull
	w.add(happening{what: aRole, at: w.now(), may: w.mayPull})
	if w.mayPull {
		w.rolePolicy(w.t, "r", pullPolicy)
		return
	}
	w.count["revoke pull"]++
	_, err := w.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("main")})
	must(w.t, err)
}

// throttle reserves no concurrency for a function that pollers invoke, or takes that back.
func (w *randomWorld) throttle(ctx context.Context) {
	w.reserve(ctx, []string{"f", "g"}[w.rnd.IntN(2)])
}

func (w *randomWorld) reserve(ctx context.Context, name string) {
	w.settle()
	var err error
	if w.throttled[name] = !w.throttled[name]; w.throttled[name] {
		w.count["throttle"]++
		_, err = w.lambda.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: &name, ReservedConcurrentExecutions: aws.Int32(0)})
	} else {
		_, err = w.lambda.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: &name})
	}
	must(w.t, err)
	w.add(happening{what: aReserve, at: w.now(), function: name, may: !w.throttled[name]})
}

func (w *randomWorld) advance(context.Context) { w.pass(time.Duration(w.rnd.IntN(90)) * time.Second) }

// pass lets time go by.
func (w *randomWorld) pass(d time.Duration) {
	_, err := w.control.AdvanceBy(w.t.Context(), d)
	must(w.t, err)
	w.add(happening{what: aDrain, at: w.now()})
}

// sleep disables the stream mappings for longer than streams keep records. First nothing is left that would fail all that time.
func (w *randomWorld) sleep(ctx context.Context) {
	if w.rnd.IntN(4) > 0 {
		return
	}
	w.count["sleep"]++
	w.heal(ctx)
	w.pass(10 * time.Minute)
	w.follow()
	for _, m := range w.mappings {
		if m.stream != nil {
			c := m.config
			c.enabled = false
			w.update(m, c)
		}
	}
	w.put(ctx)
	w.write(ctx)
	w.follow()
	w.pass(retention + time.Minute)
	for _, m := range w.mappings {
		if m.stream != nil {
			c := m.config
			c.enabled = true
			w.update(m, c)
		}
	}
}

// heal ends what keeps records from being processed.
func (w *randomWorld) heal(ctx context.Context) {
	w.cure()
	if !w.mayPull {
		w.togglePull(ctx)
	}
	for _, name := range []string{"f", "g"} {
		if w.throttled[name] {
			w.reserve(ctx, name)
		}
	}
	for _, m := range w.mappings {
		if c := m.config; !c.enabled {
			c.enabled = true
			w.update(m, c)
		}
	}
}

// epoch is when the clock of every world begins.
var epoch = clock.Epoch
