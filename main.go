// Command terraform-provider-lambdasim is a Terraform provider and the simulator behind it, in one program.
//
// Started by Terraform or OpenTofu it is the provider. "terraform-provider-lambdasim backend" runs the simulator,
// "terraform-provider-lambdasim check" judges a plan. A person
// who starts it without arguments is told so.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/autostart"
	"github.com/lambdasim/terraform-provider-lambdasim/provider"
)

// version is set when a release is built.
var version = "dev"

// address is where the registry has the provider.
const address = "registry.terraform.io/lambdasim/lambdasim"

const usage = `lambdasim %s: AWS Lambda's invocation model on your own machine.

Terraform and OpenTofu start this program as a provider; there is no need to start it yourself for that. Where
the provider is given no endpoint, it starts a backend for the folder that Terraform runs in.

  terraform-provider-lambdasim backend [flags]   runs the simulator (--help lists the flags)
  terraform-provider-lambdasim env               prints what makes AWS's clients speak to this folder's backend
  terraform-provider-lambdasim status            says whether this folder's backend runs, and where
  terraform-provider-lambdasim stop              ends this folder's backend; what it keeps stays
  terraform-provider-lambdasim clean             ends it and removes all it keeps
  terraform-provider-lambdasim check PLAN.json   judges a plan: is every permission there? (--help says more)
  terraform-provider-lambdasim version           prints the version
  terraform-provider-lambdasim -debug            runs the provider for a debugger

`

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) > 0 {
		switch args[0] {
		case "backend":
			return backend.Command(args[1:], version, os.Stdout, os.Stderr)
		case "env", "status", "stop", "clean":
			return autostart.Command(args[0], args[1:], version, os.Stdout, os.Stderr)
		case "check":
			return backend.CheckCommand(args[1:], version, os.Stdin, os.Stdout, os.Stderr)
		case "version", "--version":
			fmt.Println(version)
			return 0
		}
	}
	flags := flag.NewFlagSet("terraform-provider-lambdasim", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprintf(os.Stderr, usage, version) }
	debug := flags.Bool("debug", false, "run the provider for a debugger")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "there is no subcommand %q\n\n"+usage, flags.Arg(0), version)
		return 2
	}
	if os.Getenv("TF_PLUGIN_MAGIC_COOKIE") == "" && !*debug {
		fmt.Fprintf(os.Stderr, usage, version)
		return 2
	}
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{Address: address, Debug: *debug})
	if err != nil {
		fmt.Fprintln(os.Stderr, "lambdasim:", err)
		return 1
	}
	return 0
}
