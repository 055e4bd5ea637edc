package backend

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute/sdk"
)

const runtimesUsage = `usage: terraform-provider-lambdasim runtimes install [flags] [npm packages…]

Fills the folder in which functions find the AWS SDKs that Lambda's images bring: boto3 for Python, and for Node.js the
clients @aws-sdk/* of the services that functions use most; further packages of npm may be named. Python and Node.js
themselves are those of this machine. The backend looks into the folder where it is started next.

`

// RuntimesCommand is the subcommand "runtimes". It returns the exit code.
func RuntimesCommand(args []string, stdout, stderr io.Writer) int {
	set := flag.NewFlagSet("runtimes install", flag.ContinueOnError)
	set.SetOutput(stderr)
	folder := set.String("libraries", env("libraries", sdk.Folder()), "`folder` to fill; also LAMBDASIM_LIBRARIES, which the backend reads too")
	only := set.String("only", "", "python or node; default: both")
	set.Usage = func() {
		fmt.Fprint(stderr, runtimesUsage)
		set.PrintDefaults()
	}
	if len(args) == 0 || args[0] != "install" {
		set.Usage()
		if len(args) == 1 && (args[0] == "--help" || args[0] == "-h") {
			return 0
		}
		return 2
	}
	if err := set.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	switch {
	case *only != "" && *only != "python" && *only != "node":
		fmt.Fprintf(stderr, "lambdasim: --only %q: want python or node\n", *only)
		return 2
	case *folder == "":
		fmt.Fprintln(stderr, "lambdasim: there is no home folder to install to: say --libraries FOLDER, and start the backend with it too")
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	err := sdk.Install{Folder: *folder, Python: *only != "node", Node: *only != "python", Packages: set.Args(), Say: stderr}.Run(ctx)
	if err != nil {
		fmt.Fprintln(stderr, "lambdasim:", err)
		return 1
	}
	fmt.Fprintln(stdout, "functions find the AWS SDKs in", *folder)
	return 0
}
