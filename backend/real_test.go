package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// TestRealSimulation kills the real thing under load: the backend (also while it starts), its PostgreSQL, single
// connections of that, and function processes, with SIGKILL, at instants drawn from a seed. What the functions wrote down
// outside the backend is held against what was accepted: nothing is lost, shards keep their order, in the end nothing is
// stuck, and no process and no folder is left. LAMBDASIM_REAL says for how long (8s), LAMBDASIM_SEED draws other instants.
func TestRealSimulation(t *testing.T) {
	long, err := time.ParseDuration(cmpOr(os.Getenv("LAMBDASIM_REAL"), "8s"))
	must(t, err)
	seed, err := strconv.ParseUint(cmpOr(os.Getenv("LAMBDASIM_SEED"), "1"), 10, 64)
	must(t, err)
	w := newRealWorld(t, seed)
	w.build()
	load, stop := context.WithCancel(context.Background())
	defer stop()
	w.load(load)
	for begin := clock.Wall(); clock.Wall().Sub(begin) < long && !t.Failed(); {
		w.strike()
	}
	stop()
	w.loaders.Wait()
	w.settle()
	w.check()
	w.leave()
	w.report(long)
}

func cmpOr(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// realWorld is a real backend under load, and what is known of it outside.
type realWorld struct {
	t               *testing.T
	rnd             *rand.Rand
	seed            uint64
	binary          string
	state, dir, tmp string // of the backend; what functions write; its folder for temporary files
	p               *process
	clients         *clients
	queues          map[string]*string // URLs
	loaders         sync.WaitGroup

	mu       sync.Mutex
	accepted map[string][]string // by what takes it: a function's name
	refused  int                 // calls that got an error: their events may have been accepted or not
	struck   map[string]int
	took     []time.Duration // from a strike at backend or database until it answers again
}

func newRealWorld(t *testing.T, seed uint64) *realWorld {
	w := &realWorld{t: t, rnd: rand.New(rand.NewPCG(seed, 11)), seed: seed, binary: program(t), state: stateFolder(t), dir: folder(t), tmp: folder(t),
		queues: map[string]*string{}, accepted: map[string][]string{}, struck: map[string]int{}}
	t.Setenv("TMPDIR", w.tmp)
	w.p = start(t, w.binary, w.state, "--listen", quietAddress(t))
	w.clients = newClients(w.p.url, "test", "test", "")
	return w
}

// quietAddress is one that stays free while the backend is away: its port is below those that systems give out by themselves.
func quietAddress(t *testing.T) string {
	for port := 12000 + os.Getpid()%10000; port < 32000; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			must(t, l.Close())
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// journal is a function that writes down what it received, in one write, so that a kill leaves no half a line. Now and
// then it fails the first time.
const journal = `
import base64, json, os
def handler(event, context):
    lines = []
    for r in event.get("Records", [event]):
        if "s3" in r: lines.append({"n": r["s3"]["object"]["key"]})
        elif "kinesis" in r: lines.append({"n": base64.b64decode(r["kinesis"]["data"]).decode(), "shard": r["eventID"].split(":")[0], "seq": r["kinesis"]["sequenceNumber"]})
        elif "body" in r: lines.append({"n": r["body"], "shard": r["attributes"].get("MessageGroupId", ""), "seq": r["attributes"].get("SequenceNumber", "")})
        else: lines.append({"n": r["n"]})
    fd = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.write(fd, "".join(json.dumps(l) + "\n" for l in lines).encode())
    os.close(fd)
    for l in lines:
        if l.get("shard") and l["n"].endswith("77"):
            try: os.close(os.open(os.environ["SEEN"] + "-" + l["n"], os.O_CREAT | os.O_EXCL))
            except FileExistsError: continue
            raise RuntimeError("the first time")
`

const (
	realShards  = 4
	realWriters = 2 // of each kind
)

// build makes functions, a bucket that notifies one, a stream of several shards that is mapped to two, and two queues.
func (w *realWorld) build() {
	t, ctx, c := w.t, w.t.Context(), w.clients
	b := &bundle{clients: c}
	b.role(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kinesis:*","sqs:*"],"Resource":"*"}]}`)
	for _, name := range []string{"events", "objects", "records", "records2", "messages", "grouped"} {
		_, err := c.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: &name, Role: aws.String("arn:aws:iam::" + account + ":role/r"), Runtime: "python3.12",
			Handler: aws.String("main.handler"), Timeout: aws.Int32(30), Code: codeOf(archive(t, map[string]string{"main.py": journal})),
			Environment: &lambdatypes.Environment{Variables: map[string]string{"SEEN": filepath.Join(w.dir, name)}}})
		must(t, err)
	}
	_, err := c.lambda.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: aws.String("objects"), StatementId: aws.String("s3"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("s3.amazonaws.com"), SourceArn: aws.String("arn:aws:s3:::bucket")})
	must(t, err)
	_, err = c.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bucket")})
	must(t, err)
	_, err = c.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String("bucket"),
		NotificationConfiguration: &s3types.NotificationConfiguration{LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{{
			LambdaFunctionArn: aws.String(functionARN("objects")), Events: []s3types.Event{"s3:ObjectCreated:*"}}}}})
	must(t, err)
	_, err = c.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(realShards)})
	must(t, err)
	for name, size := range map[string]int32{"records": 10, "records2": 3} {
		_, err = c.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: &name, StartingPosition: "TRIM_HORIZON",
			EventSourceArn: aws.String("arn:aws:kinesis:us-east-1:" + account + ":stream/s"), BatchSize: &size})
		must(t, err)
	}
	for taker, queue := range map[string]string{"messages": "q", "grouped": "q.fifo"} {
		attributes := map[string]string{"VisibilityTimeout": "30"}
		if taker == "grouped" {
			attributes["FifoQueue"] = "true"
		}
		out, err := c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &queue, Attributes: attributes})
		must(t, err)
		w.queues[taker] = out.QueueUrl
		_, err = c.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: &taker,
			EventSourceArn: aws.String("arn:aws:sqs:us-east-1:" + account + ":" + queue), BatchSize: aws.Int32(5)})
		must(t, err)
	}
}

// load starts the writers. Each sends one thing after another, with a short pause; of a call that failed nothing is known,
// so its events are neither demanded nor sent again.
func (w *realWorld) load(ctx context.Context) {
	c := w.clients
	for i := range realWriters {
		w.write(ctx, i, func(ctx context.Context, n string) ([]string, error) {
			_, err := c.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("events"), InvocationType: "Event", Payload: fmt.Appendf(nil, `{"n":%q}`, n)})
			return []string{n}, err
		}, "events")
		w.write(ctx, i, func(ctx context.Context, n string) ([]string, error) {
			_, err := c.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: &n, Body: strings.NewReader(n)})
			return []string{n}, err
		}, "objects")
		w.write(ctx, i, func(ctx context.Context, n string) ([]string, error) {
			in := &kinesis.PutRecordsInput{StreamName: aws.String("s")}
			var names []string
			for k := range 5 {
				name := fmt.Sprintf("%s.%d", n, k)
				if k == 0 {
					name = n
				}
				names = append(names, name)
				in.Records = append(in.Records, kinesistypes.PutRecordsRequestEntry{PartitionKey: aws.String(fmt.Sprint(k, "-", i)), Data: []byte(name)})
			}
			_, err := c.kinesis.PutRecords(ctx, in)
			return names, err
		}, "records", "records2")
		w.write(ctx, i, func(ctx context.Context, n string) ([]string, error) {
			_, err := c.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: w.queues["messages"], MessageBody: &n})
			return []string{n}, err
		}, "messages")
		w.write(ctx, i, func(ctx context.Context, n string) ([]string, error) {
			group := "g" + n[len(n)-1:] // ten groups, to each of which both writers send
			_, err := c.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: w.queues["grouped"], MessageBody: &n, MessageGroupId: &group, MessageDeduplicationId: &n})
			return []string{n}, err
		}, "grouped")
	}
}

func (w *realWorld) write(ctx context.Context, writer int, send func(context.Context, string) ([]string, error), takers ...string) {
	w.loaders.Add(1)
	go func() {
		defer w.loaders.Done()
		pause := clock.NewWallTimer(0)
		defer pause.Stop()
		for n := 0; ; n++ {
			select {
			case <-pause.C():
			case <-ctx.Done():
				return
			}
			call, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			names, err := send(call, fmt.Sprintf("%s-%d-%06d", takers[0], writer, n))
			cancel()
			w.mu.Lock()
			if err == nil {
				for _, taker := range takers {
					w.accepted[taker] = append(w.accepted[taker], names...)
				}
			} else {
				w.refused++
			}
			w.mu.Unlock()
			pause.Reset(20 * time.Millisecond)
		}
	}()
}

// strike waits a moment and kills something.
func (w *realWorld) strike() {
	wait := clock.NewWallTimer(time.Duration(200+w.rnd.IntN(2300)) * time.Millisecond)
	select {
	case <-wait.C():
	case <-w.p.ended(): // of the strike before, later than this waited for
		w.restart(clock.Wall())
		return
	}
	switch n := w.rnd.IntN(10); {
	case n < 3:
		w.strikeBackend("backend", nil)
	case n < 5: // and the next one while it starts
		after := time.Duration(w.rnd.IntN(400)) * time.Millisecond
		w.strikeBackend("backend, twice", func() {
			p := launch(w.t, w.binary, w.state, "--listen", w.address())
			timer := clock.NewWallTimer(after)
			<-timer.C()
			p.kill(w.t)
		})
	case n < 7:
		w.strikeDatabase()
	default:
		w.strikeFunction()
	}
}

func (w *realWorld) address() string { return strings.TrimPrefix(w.p.url, "http://") }

func (w *realWorld) strikeBackend(what string, before func()) {
	w.struck[what]++
	begin := clock.Wall()
	w.p.kill(w.t)
	if before != nil {
		before()
	}
	w.restart(begin)
}

func (w *realWorld) restart(begin time.Time, flags ...string) {
	w.p = start(w.t, w.binary, w.state, append([]string{"--listen", w.address()}, flags...)...)
	w.took = append(w.took, clock.Wall().Sub(begin))
}

// strikeDatabase kills the postmaster, or one of its children, upon which it ends all others. Either way the backend ends
// by itself and says so.
func (w *realWorld) strikeDatabase() {
	text, err := os.ReadFile(filepath.Join(w.state, "postgres", "postmaster.pid"))
	must(w.t, err)
	postmaster, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	must(w.t, err)
	victim, what := postmaster, "postmaster"
	if children := processes(func(cwd string, _ []byte) bool { return cwd == filepath.Join(w.state, "postgres") }); w.rnd.IntN(2) == 0 && len(children) > 1 {
		children = slices.DeleteFunc(children, func(p int) bool { return p == postmaster })
		victim, what = children[w.rnd.IntN(len(children))], "a PostgreSQL process"
	}
	w.struck[what]++
	begin := clock.Wall()
	if syscall.Kill(victim, syscall.SIGKILL) != nil {
		return // it has ended by itself
	}
	if _, err := w.clients.s3.ListBuckets(w.t.Context(), &s3.ListBucketsInput{}); what != "postmaster" && err == nil {
		if _, alive := w.endsWithin(5 * time.Second); alive {
			w.struck["without effect: it was ending anyway"]++
			return
		}
	}
	if state, alive := w.endsWithin(time.Minute); alive || state != 1 {
		w.t.Errorf("without its database the backend ended with status %d (still alive: %v), want 1", state, alive)
		w.p.kill(w.t)
	}
	if took := clock.Wall().Sub(begin); took > 3*time.Second {
		text, _ := os.ReadFile(w.p.log.Name())
		w.t.Logf("without its database (%s) the backend took %v to end:\n%s", what, took, text[max(0, len(text)-1500):])
	}
	w.restart(begin)
}

// endsWithin waits for the end of the backend.
func (w *realWorld) endsWithin(limit time.Duration) (status int, alive bool) {
	ended := w.p.ended()
	timer := clock.NewWallTimer(limit)
	defer timer.Stop()
	select {
	case <-ended:
		return w.p.cmd.ProcessState.ExitCode(), false
	case <-timer.C():
		return 0, true
	}
}

func (w *realWorld) strikeFunction() {
	programs := processes(func(_ string, environ []byte) bool {
		return bytes.Contains(environ, []byte("_LAMBDASIM_FOLDER="+w.tmp+"/"))
	})
	if len(programs) == 0 {
		return
	}
	w.struck["function"]++
	_ = syscall.Kill(programs[w.rnd.IntN(len(programs))], syscall.SIGKILL)
}

// processes lists the processes, by number, whose working folder and environment fit.
func processes(fit func(cwd string, environ []byte) bool) (list []int) {
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, name := range names {
		cwd, _ := os.Readlink(filepath.Join(name, "cwd"))
		environ, _ := os.ReadFile(filepath.Join(name, "environ"))
		if pid, err := strconv.Atoi(filepath.Base(name)); err == nil && fit(cwd, environ) {
			list = append(list, pid)
		}
	}
	slices.Sort(list)
	return list
}

// settle lets everything come to its end: retries, a minute away, follow at once with an automatic clock.
func (w *realWorld) settle() {
	w.drain("after the load")
	w.p.kill(w.t)
	w.restart(clock.Wall(), "--clock", "auto", "--clock-start", clock.Wall().Format(time.RFC3339))
	w.drain("in the end")
}

// drain waits until the backend is quiet, for as long as functions go on receiving: a backlog on a busy machine is not stuck.
func (w *realWorld) drain(when string) {
	begin := clock.Wall()
	for before := int64(-1); ; {
		_, err := control.New(w.p.url).Drain(w.t.Context(), 45*time.Second)
		if err == nil {
			w.t.Logf("%s: quiet after %v", when, clock.Wall().Sub(begin).Round(time.Millisecond))
			return
		}
		now := w.journals()
		if now == before {
			w.t.Errorf("%s: it is stuck: %v", when, err)
			return
		}
		before = now
	}
}

// journals is how much the functions have written.
func (w *realWorld) journals() (bytes int64) {
	files, _ := filepath.Glob(filepath.Join(w.dir, "*"))
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// journaled is one line that a function wrote.
type journaled struct{ N, Shard, Seq string }

// check holds what arrived against what was accepted.
func (w *realWorld) check() {
	for taker, names := range w.accepted {
		first, twice := w.arrived(taker)
		lost := 0
		for _, n := range names {
			if _, ok := first[n]; !ok {
				if lost++; lost <= 5 {
					w.t.Errorf("%s was accepted, and never reached %s", n, taker)
				}
			}
		}
		if lost > 5 {
			w.t.Errorf("%d of %d that %s should have received never arrived", lost, len(names), taker)
		}
		w.t.Logf("%s: %d accepted, %d arrived, %d of them more than once", taker, len(names), len(first), twice)
		if len(names) == 0 {
			w.t.Errorf("nothing was accepted for %s: this tests nothing", taker)
		}
	}
}

// arrived reads a function's journal, and checks the order of each shard and message group: nothing comes for the first
// time after what was put later.
func (w *realWorld) arrived(taker string) (first map[string]bool, twice int) {
	text, err := os.ReadFile(filepath.Join(w.dir, taker))
	must(w.t, err)
	first = map[string]bool{}
	again := map[string]bool{}
	last := map[string]journaled{}
	for line := range strings.Lines(string(text)) {
		var j journaled
		if err := json.Unmarshal([]byte(line), &j); err != nil {
			w.t.Fatalf("%s wrote %q: %v", taker, line, err)
		}
		if first[j.N] {
			again[j.N] = true
			continue
		}
		first[j.N] = true
		if before := last[j.Shard]; j.Shard != "" && j.Seq <= before.Seq {
			w.t.Errorf("%s received %s of %s (%s) for the first time after %s (%s)", taker, j.N, j.Shard, j.Seq, before.N, before.Seq)
		}
		last[j.Shard] = j
	}
	return first, len(again)
}

// leave stops the backend, and looks for what it left.
func (w *realWorld) leave() {
	must(w.t, w.p.cmd.Process.Signal(syscall.SIGTERM))
	if status, alive := w.endsWithin(time.Minute); alive || status != 0 {
		w.t.Errorf("SIGTERM ended it with %d (still alive: %v)", status, alive)
	}
	left := processes(func(cwd string, environ []byte) bool {
		return strings.HasPrefix(cwd, w.state) || bytes.Contains(environ, []byte("="+w.tmp+"/lambdasim-"))
	})
	for _, pid := range left {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		w.t.Errorf("the process %d is left: %q", pid, line)
	}
	if folders, _ := filepath.Glob(filepath.Join(w.tmp, "lambdasim-*")); len(folders) > 0 {
		for _, f := range folders {
			inside, _ := exec.Command("find", f, "-ls").CombinedOutput()
			w.t.Errorf("the folder %s is left:\n%s", f, inside)
		}
	}
}

func (w *realWorld) report(long time.Duration) {
	slices.Sort(w.took)
	w.t.Logf("seed %d, %v: struck %v; %d calls failed; back after %v (median), %v (longest)", w.seed, long, w.struck, w.refused,
		w.took[len(w.took)/2].Round(time.Millisecond), w.took[len(w.took)-1].Round(time.Millisecond))
}
