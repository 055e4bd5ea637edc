package dropin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const usage = `Runs modules that are written for AWS against the simulator, as they are.

  terraform-provider-lambdasim dropin run [--module DIR] -- terraform apply
  terraform-provider-lambdasim dropin run [--module DIR] -- tofu test
        runs the command in a copy of the module, with a state of its own, this provider in place of the AWS
        provider, and an environment that leads to the simulator alone

  terraform-provider-lambdasim dropin [--module DIR] MIRROR
        only lays a mirror with this provider under the AWS provider's address, in versions that the module
        admits, for those who arrange the rest themselves (docs/dropin.md)

DIR is the working folder by default. The simulator is the one that LAMBDASIM_ENDPOINT names, or that folder's own.
`

// Command is the subcommand dropin; it returns the exit status.
func Command(args []string, version string, stdin io.Reader, stdout, stderr io.Writer) int {
	status, err := dispatch(args, version, stdin, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "lambdasim:", err)
	}
	return status
}

func dispatch(args []string, version string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	running := len(args) > 0 && args[0] == "run"
	if running {
		args = args[1:]
	}
	flags := flag.NewFlagSet("dropin", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage) }
	module := flags.String("module", ".", "folder of the module")
	if parsed := flags.Parse(args) == nil; !parsed {
		return 2, nil // it has been said
	}
	if flags.NArg() == 0 || !running && flags.NArg() > 1 {
		flags.Usage()
		return 2, nil
	}
	a, err := arrange(*module, version, stderr)
	if err != nil {
		return 1, err
	}
	if running {
		return a.run(context.Background(), flags.Args(), stdin, stdout)
	}
	if err := a.mirrorOnly(flags.Arg(0), stdout); err != nil {
		return 1, err
	}
	return 0, nil
}

// arrange finds the module and this program.
func arrange(module, version string, stderr io.Writer) (*arrangement, error) {
	dir, err := filepath.Abs(module)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--module %s: there is no such folder", module)
	}
	if err != nil {
		return nil, fmt.Errorf("--module %s: %w", module, err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("--module %s is not a folder", module)
	}
	program, err := os.Executable()
	if err == nil {
		program, err = filepath.EvalSymlinks(program)
	}
	return &arrangement{module: dir, folder: filepath.Join(dir, ".lambdasim", "dropin"), program: program, version: version, environ: os.Environ(), stderr: stderr}, err
}

// release is the version under which a mirror has our own provider: this one's, or a first one for a build that has none.
func release(version string) string {
	if regexp.MustCompile(`^v?\d+\.\d+\.\d+`).MatchString(version) {
		return strings.TrimPrefix(version, "v")
	}
	return "0.1.0"
}

// mirrorOnly lays a mirror for a module as it is, and says how to use it.
func (a *arrangement) mirrorOnly(folder string, stdout io.Writer) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	r, err := readModules(a.module, filepath.Join(a.module, ".terraform"))
	if err != nil {
		return err
	}
	versions, err := mirrorVersions(r, release(a.version))
	if err != nil {
		return err
	}
	if err := layMirror(folder, a.program, versions); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "# %s has hashicorp/aws %s, which is lambdasim. As TF_CLI_CONFIG_FILE:\n\n%s", folder, strings.Join(versions["hashicorp/aws"], ", "), cliConfig(folder))
	if r.remote {
		fmt.Fprint(stdout, "\n# The module calls modules from elsewhere, whose constraints are known after terraform get: then lay the mirror again.\n")
	}
	return nil
}
