package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// warm measures synchronous invocations of a warm function through the AWS SDK, at 1, 8 and 32 callers. Floor: the SDK
// through a bare net/http server, in a process of its own as the simulator is, to the same program over a Runtime API that
// does nothing else. It checks no signature, no permission and no payload, keeps no log and no trace, and no concurrency.
func warm(ctx context.Context, w *world, s settings, t *table) error {
	if w.once("warm") {
		if err := w.goFunction(ctx, w.clients, "warm", false); err != nil {
			return err
		}
	}
	if err := w.bare(ctx); err != nil {
		return err
	}
	for _, callers := range []int{1, 8, 32} {
		ours, err := invokeRate(ctx, w.clients, s.window, callers)
		if err != nil {
			return err
		}
		best, err := invokeRate(ctx, w.bareClients, s.window, callers)
		if err != nil {
			return fmt.Errorf("the floor: %w", err)
		}
		t.addMeasured(fmt.Sprintf("warm synchronous Invoke, %d callers", callers), aim{ratio: true, least: true, value: 0.8}, ours, best)
	}
	return nil
}

func invokeRate(ctx context.Context, c *clients, window time.Duration, callers int) (measured, error) {
	name, payload := "warm", []byte(`{"n":1}`)
	call := func() error {
		out, err := c.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: payload})
		if err == nil && (out.FunctionError != nil || string(out.Payload) != string(payload)) {
			err = fmt.Errorf("it answered %s", out.Payload)
		}
		return err
	}
	if _, _, err := count(callers, window/2, call); err != nil { // as many environments as callers are warm after this
		return measured{}, err
	}
	return measure(callers, window, c.server, call)
}

// count is how often so many callers together do f within the window, and how long that took.
func count(callers int, window time.Duration, f func() error) (total int, took time.Duration, err error) {
	var all sync.WaitGroup
	counts, failures := make([]int, callers), make([]error, callers)
	begin := time.Now()
	for i := range callers {
		all.Go(func() {
			for first := true; first || time.Since(begin) < window; first = false {
				if failures[i] = f(); failures[i] != nil {
					return
				}
				counts[i]++
			}
		})
	}
	all.Wait()
	took = time.Since(begin)
	for _, n := range counts {
		total += n
	}
	return total, took, errors.Join(failures...)
}

// floorServer is this program as the floor's server.
type floorServer struct {
	cmd *exec.Cmd
	url string
}

func startFloor(function string) (*floorServer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f := &floorServer{cmd: exec.Command(self, "floor", function)}
	f.cmd.Stderr = os.Stderr
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := f.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	f.url = strings.TrimSpace(line)
	return f, err
}

func (f *floorServer) stop() {
	_ = f.cmd.Process.Signal(syscall.SIGTERM)
	_ = f.cmd.Wait()
}

// serveFloor serves invocations with as many warm programs as are needed at a time, until it is told to end.
func serveFloor(args []string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	idle := make(chan *bareEnvironment, 1024)
	var mu sync.Mutex
	var all []*bareEnvironment
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		payload, _ := io.ReadAll(r.Body)
		var env *bareEnvironment
		select {
		case env = <-idle:
		default:
			if env, err = startBare(args[0]); err != nil {
				http.Error(rw, err.Error(), http.StatusInternalServerError)
				return
			}
			mu.Lock()
			all = append(all, env)
			mu.Unlock()
		}
		env.in <- payload
		answer := <-env.out
		idle <- env
		_, _ = rw.Write(answer)
	})}
	fmt.Printf("http://%s\n", listener.Addr())
	go func() { _ = server.Serve(listener) }()
	<-ctx.Done()
	_ = server.Close()
	for _, env := range all {
		env.stop()
	}
}

// bareEnvironment is a program and the least Runtime API that it can do with.
type bareEnvironment struct {
	in, out  chan []byte
	asked    chan struct{} // closed at the first next
	once     sync.Once
	listener net.Listener
	cmd      *exec.Cmd
}

// startBare starts a program as an environment; more are its arguments and variables, for cold.go.
func startBare(program string, more ...func(*exec.Cmd)) (*bareEnvironment, error) {
	e := &bareEnvironment{in: make(chan []byte), out: make(chan []byte, 1), asked: make(chan struct{})}
	var err error
	if e.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	go func() { _ = http.Serve(e.listener, e) }()
	e.cmd = exec.Command(program)
	e.cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + e.listener.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=f",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "_HANDLER=main.handler"}
	for _, change := range more {
		change(e.cmd)
	}
	return e, e.cmd.Start()
}

func (e *bareEnvironment) stop() {
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
	_ = e.listener.Close()
}

func (e *bareEnvironment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/invocation/next") {
		e.once.Do(func() { close(e.asked) })
		select {
		case payload := <-e.in:
			h := w.Header()
			h.Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
			h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(10*time.Second).UnixMilli(), 10))
			h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:f")
			_, _ = w.Write(payload)
		case <-r.Context().Done():
		}
		return
	}
	answer, _ := io.ReadAll(r.Body)
	w.WriteHeader(http.StatusAccepted)
	if strings.HasSuffix(r.URL.Path, "/response") {
		e.out <- answer
	}
}
