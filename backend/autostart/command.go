package autostart

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// Command runs a subcommand about the backend of the folder that one stands in (env, status, stop or clean) and returns the exit code: 0, 1 for what went wrong or (status) when
// none runs, 2 for a wrong usage.
func Command(name string, args []string, version string, stdout, stderr io.Writer) int {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(stderr)
	dir := set.String("chdir", ".", "the working `folder`, as Terraform's option of that name")
	if err := set.Parse(args); err != nil {
		return 2
	}
	if set.NArg() > 0 {
		fmt.Fprintf(stderr, "lambdasim: %s takes no argument %q\n", name, set.Arg(0))
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	folder, err := In(*dir)
	if err != nil {
		fmt.Fprintln(stderr, "lambdasim:", err)
		return 1
	}
	code, err := folder.command(ctx, name, version, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "lambdasim:", err)
		return 1
	}
	return code
}

func (f Folder) command(ctx context.Context, name, version string, out io.Writer) (int, error) {
	switch name {
	case "env":
		running, err := f.Ensure(ctx, Options{Version: version})
		if err != nil {
			return 1, err
		}
		printEnvironment(out, running)
	case "status":
		return f.printStatus(ctx, out)
	case "stop":
		was, err := f.Stop(ctx)
		if err != nil {
			return 1, err
		}
		if !was {
			fmt.Fprintf(out, "no backend runs for %s\n", f.dir)
			return 0, nil
		}
		fmt.Fprintf(out, "stopped; what it keeps is in %s\n", f.StateDir())
	case "clean":
		if err := f.Clean(ctx); err != nil {
			return 1, err
		}
		fmt.Fprintf(out, "removed %s and all that its backend kept\n", f.dir)
	default:
		return 2, fmt.Errorf("there is no subcommand %q", name)
	}
	return 0, nil
}

// printEnvironment prints shell commands. What would lead a client elsewhere is unset.
func printEnvironment(out io.Writer, r *Running) {
	region := r.Settings["LAMBDASIM_REGION"]
	if region == "" {
		region = "us-east-1"
	}
	for _, name := range []string{"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"} {
		fmt.Fprintf(out, "unset %s\n", name)
	}
	fmt.Fprintf(out, "export LAMBDASIM_ENDPOINT=%s\nexport AWS_ENDPOINT_URL=%s\n", r.URL, r.URL)
	fmt.Fprintf(out, "export AWS_ACCESS_KEY_ID=test\nexport AWS_SECRET_ACCESS_KEY=test\nexport AWS_REGION=%s\nexport AWS_DEFAULT_REGION=%s\n", region, region)
}

func (f Folder) printStatus(ctx context.Context, out io.Writer) (int, error) {
	running, err := f.Status(ctx)
	if err != nil {
		return 1, err
	}
	if running == nil {
		fmt.Fprintf(out, "no backend runs for %s\n", f.dir)
		return 1, nil
	}
	health, err := control.New(running.URL).Health(ctx)
	if err != nil {
		return 1, err
	}
	fmt.Fprintf(out, "running at %s\nversion    %s\nprocess    %d\nclock      %s, %s\nstate      %s\nlog        %s\n", running.URL, running.Version,
		running.PID, health.Clock, health.Now.Format("2006-01-02T15:04:05Z07:00"), f.StateDir(), running.Log)
	return 0, nil
}
