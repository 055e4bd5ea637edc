package backend

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/autostart"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute/sdk"
)

// command is what the subcommand "backend" was told.
type command struct {
	Config
	folder    string        // the .lambdasim that this backend belongs to; empty: none
	readyFD   int           // who started it waits there; 0: nobody
	startFD   int           // the folder's start.lock, to be given back; 0: not inherited
	idleLimit time.Duration // 0: it runs until it is stopped
}

// Command runs the simulator as the subcommand "backend" does: it parses the flags, which may also be given in the
// environment as LAMBDASIM_…, starts the backend, prints one line on stdout once it answers, and serves until SIGTERM or
// SIGINT. Everything else goes as structured log to stderr. It returns the exit code.
func Command(args []string, version string, stdout, stderr io.Writer) int {
	c, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "lambdasim:", err)
		return 2
	}
	c.Version = version
	var tenant *autostart.Tenant
	if c.folder != "" {
		if tenant, err = autostart.Occupy(c.folder, c.readyFD, c.startFD); err != nil {
			fmt.Fprintln(stderr, "lambdasim:", err)
			return 1
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	b, err := New(c.Config)
	if err == nil {
		err = b.Start(ctx)
	}
	if err != nil {
		fmt.Fprintln(stderr, "lambdasim: the backend did not start:", err)
		return 1
	}
	if tenant != nil {
		if err := tenant.Announce(b.URL(), version); err != nil {
			c.Log.Error("announcing the backend in its folder", "folder", c.folder, "error", err)
			_ = b.Close(context.Background())
			return 1
		}
	}
	fmt.Fprintf(stdout, "lambdasim backend ready at %s\n", b.URL())
	code := c.serve(ctx, b, tenant)
	stop() // a second signal ends the program at once
	if err := b.Close(context.Background()); err != nil {
		c.Log.Error("stopping", "error", err)
		code = 1
	}
	return code
}

// serve returns when the backend is to end, with the exit code.
func (c *command) serve(ctx context.Context, b *Backend, tenant *autostart.Tenant) int {
	look := clock.NewWallTimer(time.Hour)
	defer look.Stop()
	if c.idleLimit > 0 {
		look.Reset(c.idleLimit)
	}
	heap, rest := newMemory(), clock.NewWallTimer(restAfter)
	defer rest.Stop()
	for {
		select {
		case <-ctx.Done():
			c.Log.Info("stopping")
			return c.vacate(tenant, 0)
		case err := <-b.Failed():
			c.Log.Error("the backend cannot go on", "error", err)
			return c.vacate(tenant, 1)
		case <-rest.C():
			heap.rest(&b.activity)
			rest.Reset(restAfter)
		case <-look.C():
			if c.idleLimit > 0 && c.mayLeave(b, tenant) {
				c.Log.Info("stopping: nobody has needed the backend", "for", c.idleLimit)
				return 0
			}
			look.Reset(max(c.idleLimit-b.activity.since(), c.idleLimit/20, 10*time.Millisecond))
		}
	}
}

func (c *command) mayLeave(b *Backend, tenant *autostart.Tenant) bool {
	idle := func() bool { return b.idle(c.idleLimit) }
	if tenant == nil || !idle() {
		return idle()
	}
	return tenant.Leave(idle)
}

func (c *command) vacate(tenant *autostart.Tenant, code int) int {
	if tenant == nil {
		return code
	}
	if err := tenant.Vacate(); err != nil {
		c.Log.Error("leaving the folder", "folder", c.folder, "error", err)
		return 1
	}
	return code
}

// parseFlags reads the flags of the subcommand "backend".
func parseFlags(args []string, stderr io.Writer) (*command, error) {
	c := &command{}
	var level, start, idle string
	set := flag.NewFlagSet("backend", flag.ContinueOnError)
	set.SetOutput(stderr)
	text := func(to *string, name, value, usage string) { set.StringVar(to, name, env(name, value), usage) }
	text(&c.Listen, "listen", DefaultListen, "`host:port` to listen on; port 0 takes a free one")
	text(&c.StateDir, "state-dir", "", "`folder` of the private PostgreSQL cluster (default: a folder of the user's)")
	text(&c.DatabaseURL, "database-url", "", "`URL` of a PostgreSQL server to use instead of a private one")
	text(&c.Clock, "clock", "real", "real; virtual: stands still until advanced; auto: also jumps when idle")
	text(&start, "clock-start", "", "`instant` (RFC 3339) at which a virtual clock starts (default 2026-01-01T00:00:00Z)")
	text(&c.IAM, "iam", "enforce", "enforce: refuse; audit: evaluate and record, and let through")
	text(&c.Region, "region", DefaultRegion, "`region` of requests that do not say theirs")
	text(&c.Account, "account", DefaultAccount, "the default account, twelve digits")
	text(&c.Libraries, "libraries", sdk.Folder(), "`folder` with the AWS SDKs for functions, filled by runtimes install")
	share := set.String("share", env("share", ""), "`folders` of this machine that functions may use beside their own, separated by "+string(os.PathListSeparator))
	text(&c.Limits, "limits", "off", "off, or aws: Kinesis shards take and give no more than AWS's do in a second; no other throughput quota is simulated")
	text(&level, "log-level", "info", "debug, info, warn or error")
	text(&idle, "idle-limit", "0s", "`duration` without a request or an event at work after which the backend ends; 0s: never")
	text(&c.folder, "folder", "", "`folder` (.lambdasim) in which the backend describes itself to those who look for it")
	set.IntVar(&c.readyFD, "ready-fd", 0, "open `descriptor` on which to say that the backend is ready; 0: none")
	set.IntVar(&c.startFD, "start-fd", 0, "open `descriptor` of the folder's start.lock, to give back; 0: none")
	seed := set.String("seed", env("seed", "0"), "`number` from which identifiers are made; 0: unpredictable")
	set.Usage = func() {
		fmt.Fprint(stderr, "usage: terraform-provider-lambdasim backend [flags]\n\nRuns the simulator. Every flag may be given in the environment too: --state-dir as LAMBDASIM_STATE_DIR.\n\n")
		set.PrintDefaults()
	}
	if err := set.Parse(args); err != nil {
		return c, err
	}
	if set.NArg() > 0 {
		return c, fmt.Errorf("there is no argument %q", set.Arg(0))
	}
	c.Share = filepath.SplitList(*share)
	var err error
	if c.Seed, err = strconv.ParseUint(*seed, 10, 64); err != nil {
		return c, fmt.Errorf("--seed %q: want a number", *seed)
	}
	if c.idleLimit, err = time.ParseDuration(idle); err != nil || c.idleLimit < 0 {
		return c, fmt.Errorf("--idle-limit %q: want a duration, for example 10m", idle)
	}
	return c, c.finish(start, level, stderr)
}

// finish reads what is more than a word.
func (c *command) finish(start, level string, stderr io.Writer) error {
	if start != "" {
		var err error
		if c.ClockStart, err = time.Parse(time.RFC3339, start); err != nil {
			return fmt.Errorf("--clock-start %q: want an instant, for example 2026-01-01T00:00:00Z", start)
		}
	}
	c.Token = env("control-token", "")
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return fmt.Errorf("--log-level %q: want debug, info, warn or error", level)
	}
	c.Log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: l}))
	return nil
}

// env is the value of a flag's environment variable, or what it is without one.
func env(name, otherwise string) string {
	if v, ok := os.LookupEnv("LAMBDASIM_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))); ok {
		return v
	}
	return otherwise
}
