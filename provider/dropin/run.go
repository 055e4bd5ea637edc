package dropin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/autostart"
)

// arrangement is what a run of one module needs; all of it lies in the module's .lambdasim/dropin.
type arrangement struct {
	module, folder   string
	program, version string // of this provider
	environ          []string
	stderr           io.Writer
	tree             *tree
	versions         map[string][]string
}

// run runs one command in the module's copy and reports its exit status.
func (a *arrangement) run(ctx context.Context, words []string, stdin io.Reader, stdout io.Writer) (int, error) {
	c, err := readCommand(words)
	if err != nil {
		return 2, err
	}
	program, err := exec.LookPath(c.program)
	if err != nil {
		return 2, err
	}
	if program, err = filepath.Abs(program); err != nil {
		return 2, err
	}
	if err := a.prepare(ctx, c); err != nil {
		return 1, err
	}
	endpoint, err := a.endpoint(ctx)
	if err != nil {
		return 1, err
	}
	env, err := a.settings(endpoint)
	if err != nil {
		return 1, err
	}
	if err := a.fetch(ctx, program, env); err != nil {
		return 1, err
	}
	for _, word := range c.left {
		fmt.Fprintf(a.stderr, "lambdasim: %s is left out: the state and the lock file of this run are its own\n", word)
	}
	fmt.Fprintf(a.stderr, "lambdasim: %s runs in a copy of %s, against the simulator at %s; the AWS provider is lambdasim\n", filepath.Base(c.program), a.module, endpoint)
	if c.needsProviders() && c.subcommand() != "init" {
		if err := a.quietly(ctx, program, env, "init", "-reconfigure", "-input=false", "-no-color"); err != nil {
			return 1, err
		}
	}
	return a.start(program, c.final(), env, stdin, stdout)
}

// prepare makes the copy. A run of the same module at the same time waits for nothing: Terraform's own lock of the state is
// what keeps them apart.
func (a *arrangement) prepare(_ context.Context, c *command) error {
	if err := os.MkdirAll(a.folder, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(a.folder), ".gitignore"), []byte("*\n"), 0o644); err != nil {
		return err
	}
	r, err := readModules(a.module, "")
	if err != nil {
		return err
	}
	levels, err := climbs(a.module, r.folders, c.args)
	if err != nil {
		return err
	}
	a.tree = &tree{module: a.module, root: filepath.Join(a.folder, fmt.Sprintf("tree%d", levels)), levels: levels, record: filepath.Join(a.folder, fmt.Sprintf("copied%d.json", levels))}
	if err := a.tree.sync(a.folder); err != nil {
		return fmt.Errorf("copy the module: %w", err)
	}
	name, err := laterOverride(a.tree.dir())
	if err != nil {
		return err
	}
	if name != "" {
		return fmt.Errorf("the module's %s counts after %s, which gives the run its own state: rename it", name, override)
	}
	return unlock(filepath.Join(a.tree.dir(), ".terraform.lock.hcl"))
}

// endpoint is the simulator that LAMBDASIM_ENDPOINT names, or the module's own, started where it does not run.
func (a *arrangement) endpoint(ctx context.Context) (string, error) {
	for _, v := range a.environ {
		if value, ok := strings.CutPrefix(v, "LAMBDASIM_ENDPOINT="); ok && value != "" {
			return value, nil
		}
	}
	folder, err := autostart.In(a.module)
	if err != nil {
		return "", err
	}
	running, err := folder.Ensure(ctx, autostart.Options{Program: a.program, Version: a.version, Environ: a.environ})
	if err != nil {
		return "", fmt.Errorf("start a backend for %s: %w", a.module, err)
	}
	return running.URL, nil
}

// settings writes the files that a run's environment names, and gives that environment.
func (a *arrangement) settings(endpoint string) ([]string, error) {
	region := regionOf(a.environ)
	config, credentials := profiles(endpoint, region)
	for name, text := range map[string]string{"aws_config": config, "aws_credentials": credentials, "cli.tfrc": cliConfig(filepath.Join(a.folder, "mirror"), pluginFolders(a.tree.dir(), a.environ)...)} {
		if err := os.WriteFile(filepath.Join(a.folder, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return environment(a.environ, a.folder, endpoint, region), nil
}

// fetch gets the modules that are elsewhere, because they have constraints too, and lays the mirror.
func (a *arrangement) fetch(ctx context.Context, program string, env []string) error {
	dir := a.tree.dir()
	r, err := readModules(dir, filepath.Join(dir, ".terraform"))
	if err == nil && r.remote {
		if err = a.quietly(ctx, program, env, "get", "-no-color"); err == nil {
			r, err = readModules(dir, filepath.Join(dir, ".terraform"))
		}
	}
	if err != nil {
		return err
	}
	if a.versions, err = mirrorVersions(r, release(a.version)); err != nil {
		return err
	}
	return layMirror(filepath.Join(a.folder, "mirror"), a.program, a.versions)
}

// quietly runs a command whose output only matters when it fails.
func (a *arrangement) quietly(ctx context.Context, program string, env []string, args ...string) error {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = a.tree.dir(), env, &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s in %s: %w\n%s", filepath.Base(program), args[0], cmd.Dir, err, out.String())
	}
	return nil
}

// start runs the command for the user. An interrupt reaches it from the terminal, as it does us; a SIGTERM is handed on.
func (a *arrangement) start(program string, args, env []string, stdin io.Reader, stdout io.Writer) (int, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = a.tree.dir(), env, stdin, stdout, a.stderr
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGTERM {
				_ = cmd.Process.Signal(s) // it may have ended already
			}
		case err := <-done:
			if _, ended := errors.AsType[*exec.ExitError](err); ended {
				return max(cmd.ProcessState.ExitCode(), 1), nil
			}
			return 0, err
		}
	}
}
