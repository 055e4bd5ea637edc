package backend

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/check"
)

const checkUsage = `usage: terraform-provider-lambdasim check [--format human|json|sarif] [--strict] PLAN.json

Judges a plan before it is applied: will every source be let in by its function, may every execution role do what its
mappings and destinations need? It needs no backend and no network. PLAN.json is what this prints; - is standard input:

  terraform plan -out=plan.bin && terraform show -json plan.bin > plan.json

It ends with 0 when nothing is missing, with 1 when something is, with 2 when the plan cannot be read.

`

// CheckCommand runs the subcommand "check" and returns its exit code: 0 when nothing is missing, 1 when something is (with
// --strict also when something is not known until apply), 2 when the plan cannot be read or the arguments are wrong.
func CheckCommand(args []string, version string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, checkUsage)
		flags.PrintDefaults()
	}
	format := flags.String("format", "human", "how to print the findings: human, json or sarif")
	strict := flags.Bool("strict", false, "also end with 1 when something is not known until apply")
	files, err := interspersed(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	if len(files) != 1 {
		fmt.Fprintf(stderr, "lambdasim: want one plan, have %d\n\n", len(files))
		flags.Usage()
		return 2
	}
	text, err := readPlan(files[0], stdin)
	if err == nil {
		err = judge(text, files[0], *format, version, stdout, func(r check.Report) error {
			if r.Count(check.Missing) > 0 || *strict && r.Count(check.Unknown) > 0 {
				return errSomethingMissing
			}
			return nil
		})
	}
	switch {
	case errors.Is(err, errSomethingMissing):
		return 1
	case err != nil:
		fmt.Fprintf(stderr, "lambdasim: %s: %v\n", files[0], err)
		return 2
	}
	return 0
}

var errSomethingMissing = errors.New("something is missing")

// judge reads and judges a plan, prints the report, and returns what verdict makes of it.
func judge(text []byte, file, format, version string, stdout io.Writer, verdict func(check.Report) error) error {
	write := map[string]func(check.Report) error{
		"human": func(r check.Report) error { return r.WriteText(stdout) },
		"json":  func(r check.Report) error { return r.WriteJSON(stdout) },
		"sarif": func(r check.Report) error { return r.WriteSARIF(stdout, artifactURI(file), version) },
	}[format]
	if write == nil {
		return fmt.Errorf("--format %q: want human, json or sarif", format)
	}
	plan, err := check.Read(text)
	if err != nil {
		return err
	}
	report := check.Check(plan)
	if err := write(report); err != nil {
		return err
	}
	return verdict(report)
}

// artifactURI is a file's name as SARIF wants it.
func artifactURI(file string) string {
	if file == "-" {
		return "stdin"
	}
	return (&url.URL{Path: filepath.ToSlash(file)}).String()
}

func readPlan(file string, stdin io.Reader) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(file)
}

// interspersed parses flags that may also stand behind other arguments, which it returns.
func interspersed(flags *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, flags.Arg(0))
		args = flags.Args()[1:]
	}
}
