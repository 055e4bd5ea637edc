package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// atOnce is how many events of one function the simulator runs at once.
const atOnce = 16

// drain measures how fast 10,000 queued events are run: the function waits with its first events until all have been accepted, and
// then the time is taken until nothing is left. Floor: the rate at which as many callers invoke the same program synchronously
// through the floor's server.
func drain(ctx context.Context, w *world, s settings, t *table) error {
	if err := w.bare(ctx); err != nil {
		return err
	}
	events := 10000
	if s.quick {
		events = 200
	}
	g, err := newGate()
	if err != nil {
		return err
	}
	defer g.open()
	w.run++
	name := fmt.Sprintf("drain-%d", w.run)
	if err := w.gated(ctx, name, g); err != nil {
		return err
	}
	err = times(mostCallers, events, func(i int) error {
		_, err := w.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: fmt.Appendf(nil, `{"n":%d}`, i), InvocationType: types.InvocationTypeEvent})
		return err
	})
	if err != nil {
		return err
	}
	before, begin := spent(w.server), time.Now()
	g.open()
	if _, err := w.control.Drain(ctx, 5*time.Minute); err != nil {
		return err
	}
	took := time.Since(begin)
	ours := measured{float64(events) / took.Seconds(), float64((spent(w.server) - before).Microseconds()) / float64(events)}
	floor, err := invokeRate(ctx, w.bareClients, s.window, atOnce)
	if err != nil {
		return fmt.Errorf("the floor: %w", err)
	}
	t.addMeasured(fmt.Sprintf("%d queued events, drained", events), aim{}, ours, floor)
	_, err = w.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &name})
	return err
}

// times does f for each number below n, by so many callers together.
func times(callers, n int, f func(i int) error) error {
	var all sync.WaitGroup
	var next atomic.Int64
	failures := make([]error, callers)
	for c := range callers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failures[c] == nil; i = int(next.Add(1)) - 1 {
				failures[c] = f(i)
			}
		})
	}
	all.Wait()
	return errors.Join(failures...)
}

// gated makes a function that waits for a gate.
func (w *world) gated(ctx context.Context, name string, g *gate) error {
	program, err := os.ReadFile(w.function)
	if err != nil {
		return err
	}
	code, err := archive("bootstrap", program)
	if err != nil {
		return err
	}
	_, err = w.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: &name, Role: aws.String(role), Runtime: types.RuntimeProvidedal2023,
		Handler: aws.String("bootstrap"), Timeout: aws.Int32(600), Code: &types.FunctionCode{ZipFile: code},
		Environment: &types.Environment{Variables: map[string]string{"GATE": g.listener.Addr().String()}}})
	return err
}

// gate is where functions wait: their connections end when it is opened, and nobody listens any more.
type gate struct {
	listener net.Listener
	opened   sync.Once
	accepted chan struct{}
	came     chan struct{} // one for each that waits
	waiting  []net.Conn
}

func newGate() (*gate, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &gate{listener: l, accepted: make(chan struct{}), came: make(chan struct{}, 1024)}
	go func() {
		defer close(g.accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			g.waiting = append(g.waiting, c)
			g.came <- struct{}{}
		}
	}()
	return g, nil
}

// wait returns once n functions wait.
func (g *gate) wait(n int) {
	for range n {
		<-g.came
	}
}

func (g *gate) open() {
	g.opened.Do(func() {
		_ = g.listener.Close()
		<-g.accepted
		for _, c := range g.waiting {
			_ = c.Close()
		}
	})
}

// manyFunctions measures, once in all rounds, whether an invocation costs more where there are more functions: one caller of a warm
// function, on a backend with 5,000 others. Floor: the same on a backend with ten.
func manyFunctions(ctx context.Context, w *world, s settings, t *table) error {
	if !w.once("functions") {
		return nil
	}
	few, many, turns := 10, 5000, 5
	if s.quick {
		many, turns = 50, 1
	}
	var backends []*clients
	for _, n := range []int{few, many} {
		p, err := start(w.binary, filepath.Join(w.dir, fmt.Sprintf("functions-%d", n)))
		if err != nil {
			return err
		}
		defer func() { _ = p.stop() }()
		c := newClients(p.url, p.cmd.Process.Pid)
		if err := thousand(ctx, c, 0, n); err != nil {
			return err
		}
		if err := w.goFunction(ctx, c, "warm", false); err != nil {
			return err
		}
		backends = append(backends, c)
	}
	for range turns {
		floor, err := invokeRate(ctx, backends[0], s.window, 1)
		if err != nil {
			return err
		}
		ours, err := invokeRate(ctx, backends[1], s.window, 1)
		if err != nil {
			return err
		}
		t.addMeasured(fmt.Sprintf("warm synchronous Invoke, %d functions beside %d", many, few), aim{ratio: true, least: true, value: 0.9}, ours, floor)
	}
	return nil
}
