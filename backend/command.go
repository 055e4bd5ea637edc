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
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Command runs the simulator as the subcommand "backend" does: it parses the flags, which may also be given in the
// environment as LAMBDASIM_…, starts the backend, prints one line on stdout once it answers, and serves until SIGTERM or
// SIGINT. Everything else goes as structured log to stderr. It returns the exit code.
func Command(args []string, version string, stdout, stderr io.Writer) int {
	cfg, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "lambdasim:", err)
		return 2
	}
	cfg.Version = version
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	b, err := New(cfg)
	if err == nil {
		err = b.Start(ctx)
	}
	if err != nil {
		fmt.Fprintln(stderr, "lambdasim: the backend did not start:", err)
		return 1
	}
	fmt.Fprintf(stdout, "lambdasim backend ready at %s\n", b.URL())
	code := 0
	select {
	case <-ctx.Done():
		cfg.Log.Info("stopping")
	case err := <-b.Failed():
		cfg.Log.Error("the backend cannot go on", "error", err)
		code = 1
	}
	stop() // a second signal ends the program at once
	if err := b.Close(context.Background()); err != nil {
		cfg.Log.Error("stopping", "error", err)
		code = 1
	}
	return code
}

// parseFlags reads the flags of the subcommand "backend".
func parseFlags(args []string, stderr io.Writer) (Config, error) {
	var cfg Config
	var level, start string
	set := flag.NewFlagSet("backend", flag.ContinueOnError)
	set.SetOutput(stderr)
	text := func(to *string, name, value, usage string) { set.StringVar(to, name, env(name, value), usage) }
	text(&cfg.Listen, "listen", DefaultListen, "`host:port` to listen on; port 0 takes a free one")
	text(&cfg.StateDir, "state-dir", "", "`folder` of the private PostgreSQL cluster (default: a folder of the user's)")
	text(&cfg.DatabaseURL, "database-url", "", "`URL` of a PostgreSQL server to use instead of a private one")
	text(&cfg.Clock, "clock", "real", "real; virtual: stands still until advanced; auto: also jumps when idle")
	text(&start, "clock-start", "", "`instant` (RFC 3339) at which a virtual clock starts (default 2026-01-01T00:00:00Z)")
	text(&cfg.IAM, "iam", "enforce", "enforce: refuse; audit: evaluate and record, and let through")
	text(&cfg.Region, "region", DefaultRegion, "`region` of requests that do not say theirs")
	text(&cfg.Account, "account", DefaultAccount, "the default account, twelve digits")
	text(&cfg.Limits, "limits", "off", "aws: enforce AWS's throughput quotas; off")
	text(&level, "log-level", "info", "debug, info, warn or error")
	seed := set.String("seed", env("seed", "0"), "`number` from which identifiers are made; 0: unpredictable")
	set.Usage = func() {
		fmt.Fprint(stderr, "usage: terraform-provider-lambdasim backend [flags]\n\nRuns the simulator. Every flag may be given in the environment too: --state-dir as LAMBDASIM_STATE_DIR.\n\n")
		set.PrintDefaults()
	}
	if err := set.Parse(args); err != nil {
		return cfg, err
	}
	if set.NArg() > 0 {
		return cfg, fmt.Errorf("there is no argument %q", set.Arg(0))
	}
	var err error
	if cfg.Seed, err = strconv.ParseUint(*seed, 10, 64); err != nil {
		return cfg, fmt.Errorf("--seed %q: want a number", *seed)
	}
	if start != "" {
		if cfg.ClockStart, err = time.Parse(time.RFC3339, start); err != nil {
			return cfg, fmt.Errorf("--clock-start %q: want an instant, for example 2026-01-01T00:00:00Z", start)
		}
	}
	cfg.Token = env("control-token", "")
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return cfg, fmt.Errorf("--log-level %q: want debug, info, warn or error", level)
	}
	cfg.Log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: l}))
	return cfg, nil
}

// env is the value of a flag's environment variable, or what it is without one.
func env(name, otherwise string) string {
	if v, ok := os.LookupEnv("LAMBDASIM_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))); ok {
		return v
	}
	return otherwise
}
