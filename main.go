//go:build !windows

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
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/autostart"
	"github.com/lambdasim/terraform-provider-lambdasim/provider"
	"github.com/lambdasim/terraform-provider-lambdasim/provider/dropin"
)

// version is set when a release is built.
var version = "dev"

// address is where the registry has the provider. Under the AWS provider's file name it takes that provider's place.
const (
	address    = "registry.terraform.io/lambdasim/lambdasim"
	awsAddress = "registry.terraform.io/hashicorp/aws"
	awsName    = "terraform-provider-aws"
)

const usage = `lambdasim %s: AWS Lambda's invocation model on your own machine.

Terraform and OpenTofu start this program as a provider; there is no need to start it yourself for that. Where
the provider is given no endpoint, it starts a backend for the folder that Terraform runs in.

  terraform-provider-lambdasim backend [flags]   runs the simulator (--help lists the flags)
  terraform-provider-lambdasim env               prints what makes AWS's clients speak to this folder's backend
  terraform-provider-lambdasim status            says whether this folder's backend runs, and where
  terraform-provider-lambdasim stop              ends this folder's backend; what it keeps stays
  terraform-provider-lambdasim clean             ends it and removes all it keeps
  terraform-provider-lambdasim check PLAN.json   judges a plan: is every permission there? (--help says more)
  terraform-provider-lambdasim runtimes install  fetches the AWS SDKs that functions in Python and Node.js expect
  terraform-provider-lambdasim dropin run -- …   runs terraform on a module that is written for AWS, as it is
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
		case "runtimes":
			return backend.RuntimesCommand(args[1:], os.Stdout, os.Stderr)
		case "dropin":
			return dropin.Command(args[1:], version, os.Stdin, os.Stdout, os.Stderr)
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
	create, at := provider.New(version), address
	if strings.HasPrefix(filepath.Base(os.Args[0]), awsName) {
		create, at = provider.NewAWS(version), awsAddress
	}
	err := provider.Quiet()
	if err == nil {
		err = providerserver.Serve(context.Background(), create, providerserver.ServeOpts{Address: at, Debug: *debug})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lambdasim:", err)
		return 1
	}
	return 0
}
