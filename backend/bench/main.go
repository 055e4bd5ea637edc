// Command bench measures how fast the simulator is, each number beside what the same machine can do at best on the same
// work (its floor), in the same run.
//
//	go run ./backend/bench            everything, medians of five rounds, in about four minutes
//	go run ./backend/bench -quick     one short round: proves that the benchmark works, measures nothing
//	go run ./backend/bench -only warm,cold
//
// Machines differ and drift, and whatever else runs takes its part. So a measure and its floor take turns, round by round,
// and what is worth comparing between two runs is the ratio, not the number. The backend is the real binary, as a process of
// its own, on a private PostgreSQL with fsync on; clients are the AWS SDK's; the function is a Go program. What is measured
// and what its floor is, is said where each is: warm.go, cold.go, async.go, drain.go, stream.go, queue.go, objects.go, latency.go, idle.go, policy.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settings are how much is measured.
type settings struct {
	rounds  int
	window  time.Duration // of one measure of a rate
	samples int           // of one measure of a duration
	quick   bool
}

// part measures one thing, once for each round.
type part struct {
	name string
	run  func(ctx context.Context, w *world, s settings, t *table) error
}

// parts are in the order in which they run in each round.
var parts = []part{{"warm", warm}, {"cold", cold}, {"async", async}, {"drain", drain}, {"kinesis", kinesisRecords}, {"sqs", queueMessages}, {"objects", objects}, {"latency", latency},
	{"start", starts}, {"functions", manyFunctions}, {"idle", idle}, {"policy", decisions}}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "floor" { // this program serves as the floor's server, see warm.go
		serveFloor(os.Args[2:])
		return
	}
	quick := flag.Bool("quick", false, "one short round, to see that everything works")
	only := flag.String("only", "", "parts to run, with commas between; all: "+strings.Join(names(), ","))
	rounds := flag.Int("rounds", 5, "rounds; the table shows medians")
	url := flag.String("url", "", "measure the backend at this endpoint (not for start, functions and idle), to profile it")
	flag.Parse()
	s := settings{rounds: *rounds, window: 1500 * time.Millisecond, samples: 100}
	if *quick {
		s = settings{rounds: 1, window: 100 * time.Millisecond, samples: 3, quick: true}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, s, *only, *url)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func names() []string {
	list := make([]string, len(parts))
	for i, p := range parts {
		list[i] = p.name
	}
	return list
}

func run(ctx context.Context, s settings, only, url string) error {
	wanted := names()
	if only != "" {
		wanted = strings.Split(only, ",")
	}
	for _, name := range wanted {
		if !slices.Contains(names(), name) {
			return fmt.Errorf("there is no part %q: want some of %s", name, strings.Join(names(), ","))
		}
	}
	begin := time.Now()
	w, err := newWorld(ctx, url)
	if w != nil {
		defer w.close()
	}
	if err != nil {
		return err
	}
	t := &table{}
	for round := range s.rounds {
		for _, p := range parts {
			if !slices.Contains(wanted, p.name) {
				continue
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, s.rounds, p.name)
			if err := p.run(ctx, w, s, t); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	fmt.Print(t.String())
	fmt.Printf("\n%d rounds in %s on %s\n", s.rounds, time.Since(begin).Round(time.Second), machine())
	return nil
}
