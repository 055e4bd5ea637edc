// Package sdk gets the AWS SDKs that Lambda's images bring and a machine may lack: boto3 for Python, the modules @aws-sdk/*
// (version 3) for Node.js.
//
// A function's interpreter may have them already (Debian's python3-boto3, a module of the user's), or its package brings
// them: then nothing is needed. Otherwise they lie in one folder, laid out as a layer's /opt (python, nodejs/node_modules),
// which Install fills by the machine's own package clients, npm for Node.js, pip or else apt-get for Python, and which the
// process executor puts behind the function's own modules. Nothing is fetched unless somebody asks for it.
//
// Lambda's images hold every client; here are those of the services that functions of the simulator speak to, and whoever
// needs another names it. The versions are the newest that the interpreter found here can run.
package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Folder is where the backend looks for the SDKs where it is not told otherwise: a folder of the user's, for root one that
// the user that functions run as may enter too. Empty where the user has no home.
func Folder() string {
	if os.Geteuid() == 0 {
		return "/var/lib/lambdasim/libraries"
	}
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "lambdasim", "libraries")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "share", "lambdasim", "libraries")
}

// clients are the modules for Node.js.
var clients = []string{"client-s3", "client-sqs", "client-sns", "client-lambda", "client-dynamodb", "client-dynamodb-streams", "client-kinesis",
	"client-cloudwatch-logs", "client-cognito-identity-provider", "client-eventbridge", "client-sts", "client-iam", "client-scheduler",
	"client-ssm", "client-secrets-manager", "lib-dynamodb", "lib-storage", "util-dynamodb", "s3-request-presigner"}

// Install is what is to be installed.
type Install struct {
	Folder   string
	Python   bool
	Node     bool
	Packages []string // of npm, beside those that are always installed
	Say      io.Writer
}

// Run installs into the folder. What one language lacks does not keep the other from being installed; the error names both.
func (i Install) Run(ctx context.Context) error {
	if err := os.MkdirAll(i.Folder, 0o755); err != nil {
		return err
	}
	var errs []error
	if i.Python {
		errs = append(errs, wrap("boto3 for Python", i.python(ctx)))
	}
	if i.Node {
		errs = append(errs, wrap("@aws-sdk/* for Node.js", i.node(ctx)))
	}
	return errors.Join(errs...)
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("install %s: %w", what, err)
	}
	return nil
}

func (i Install) say(format string, args ...any) { fmt.Fprintf(i.Say, format+"\n", args...) }

// node installs by npm. An npm that is told a prefix leaves everything else alone.
func (i Install) node(ctx context.Context) error {
	version, err := output(ctx, "node", "-p", "process.versions.node")
	if err != nil {
		return fmt.Errorf("node does not run: install Node.js: %w", err)
	}
	names := i.Packages
	for _, c := range clients {
		names = append(names, "@aws-sdk/"+c+newestFor(version))
	}
	dir := filepath.Join(i.Folder, "nodejs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	i.say("npm installs %d packages into %s", len(names), dir)
	if err := i.command(ctx, "npm", append([]string{"install", "--prefix", dir, "--no-audit", "--no-fund", "--loglevel=error"}, names...)...); err != nil {
		return fmt.Errorf("npm (it comes with Node.js; Debian has it as npm): %w", err)
	}
	return nil
}

// newestFor is the version of the SDK's modules for a Node.js, in npm's notation: they have left old ones behind.
func newestFor(node string) string {
	major, _, _ := strings.Cut(node, ".")
	switch n, err := strconv.Atoi(major); {
	case err != nil || n >= 20:
		return ""
	case n >= 18:
		return "@~3.900.0"
	default:
		return "@~3.700.0"
	}
}

// python installs boto3 by pip, or where that does not work takes Debian's packages apart.
func (i Install) python(ctx context.Context) error {
	dir := filepath.Join(i.Folder, "python")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	i.say("pip installs boto3 into %s", dir)
	pip := i.command(ctx, "python3", "-m", "pip", "install", "--target", dir, "--upgrade", "--quiet", "--disable-pip-version-check", "--retries", "1", "boto3")
	if pip == nil {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return pip
	}
	i.say("pip did not; the packages of the distribution are taken apart instead")
	return i.debian(ctx, dir)
}

// debian unpacks the distribution's packages into the folder; nothing is installed, so it needs no rights.
func (i Install) debian(ctx context.Context, dir string) error {
	work, err := os.MkdirTemp("", "lambdasim-sdk-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.Chmod(work, 0o777); err != nil { // apt fetches as a user of its own
		return err
	}
	fetch := exec.CommandContext(ctx, "apt-get", "download", "-q", "python3-boto3", "python3-botocore", "python3-s3transfer", "python3-jmespath",
		"python3-dateutil", "python3-six", "python3-urllib3")
	fetch.Dir, fetch.Stdout, fetch.Stderr = work, i.Say, i.Say
	if err := fetch.Run(); err != nil {
		return fmt.Errorf("apt-get download: %w", err)
	}
	archives, err := filepath.Glob(filepath.Join(work, "*.deb"))
	if err != nil {
		return err
	}
	for _, archive := range archives {
		if err := i.command(ctx, "dpkg-deb", "-x", archive, filepath.Join(work, "all")); err != nil {
			return err
		}
	}
	// -L: a library may be a link into another folder of the packages.
	return i.command(ctx, "cp", "-RL", filepath.Join(work, "all", "usr", "lib", "python3", "dist-packages")+"/.", dir)
}

func (i Install) command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = i.Say, i.Say
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return nil
}

func output(ctx context.Context, name string, args ...string) (string, error) {
	text, err := exec.CommandContext(ctx, name, args...).Output()
	return strings.TrimSpace(string(text)), err
}
