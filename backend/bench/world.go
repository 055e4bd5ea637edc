package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

const (
	account = "000000000000"
	region  = "us-east-1"
	role    = "arn:aws:iam::" + account + ":role/bench"
)

// world is what the parts share: the programs, a running backend with clients, and the place where functions report.
type world struct {
	dir      string // of everything that is made here; others may enter it
	binary   string // the simulator
	function string // the Go function's program
	backend  *process
	*clients
	sink        *sink
	ready       map[string]bool // which part's resources have been made
	floor       *floorServer
	rows        *commits
	bareClients *clients // of the floor's server
	run         int      // how often a part has run, for names that are new each time
}

// clients are the AWS SDK's.
type clients struct {
	url     string
	server  int // its process; 0 where it was not started here
	lambda  *lambda.Client
	iam     *iam.Client
	kinesis *kinesis.Client
	s3      *s3.Client
	sqs     *sqs.Client
	control *control.Client
}

func newClients(url string, server int) *clients {
	cfg := aws.Config{Region: region, BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: sdkhttp.Client(&http.Transport{MaxIdleConnsPerHost: 128}), RetryMaxAttempts: 1}
	return &clients{url, server, lambda.NewFromConfig(cfg), iam.NewFromConfig(cfg), kinesis.NewFromConfig(cfg),
		s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), sqs.NewFromConfig(cfg), control.New(url)}
}

// newWorld builds the programs and starts the backend. What it returns is to be closed, also with an error.
func newWorld(ctx context.Context, url string) (*world, error) {
	dir, err := os.MkdirTemp("", "lambdasim-bench-")
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir, ready: map[string]bool{}, binary: filepath.Join(dir, "terraform-provider-lambdasim"), function: filepath.Join(dir, "bootstrap")}
	if err := os.Chmod(dir, 0o755); err != nil {
		return w, err
	}
	if url == "" {
		if err := build(ctx, w.binary, "-trimpath", "-ldflags", "-s -w", "."); err != nil {
			return w, err
		}
	}
	if err := build(ctx, w.function, "-tags", "lambda.norpc", "./backend/bench/function"); err != nil {
		return w, err
	}
	if w.sink, err = newSink(); err != nil {
		return w, err
	}
	server := 0
	if url == "" {
		if w.backend, err = start(w.binary, filepath.Join(dir, "state")); err != nil {
			return w, err
		}
		url, server = w.backend.url, w.backend.cmd.Process.Pid
	}
	w.clients = newClients(url, server)
	return w, makeRole(ctx, w.clients)
}

func build(ctx context.Context, out string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-o", out}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", filepath.Base(out), err, text)
	}
	return nil
}

func (w *world) close() {
	if w.backend != nil {
		_ = w.backend.stop()
	}
	if w.floor != nil {
		w.floor.stop()
	}
	if w.rows != nil {
		w.rows.close()
	}
	if w.sink != nil {
		w.sink.close()
	}
	_ = os.RemoveAll(w.dir)
}

// process is a running backend.
type process struct {
	cmd   *exec.Cmd
	url   string
	log   *os.File
	ready time.Duration // from the start of the program to the line that says so
}

func start(binary, state string) (*process, error) {
	log, err := os.Create(state + ".log")
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(binary, "backend", "--listen", "127.0.0.1:0", "--state-dir", state), log: log}
	p.cmd.Stderr = log
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	p.ready = time.Since(begin)
	_, url, ok := strings.Cut(strings.TrimSpace(line), "ready at ")
	if err != nil || !ok {
		_ = p.stop()
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("the backend did not start: %q %w\n%s", line, err, text)
	}
	p.url = url
	return p, nil
}

func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	return errors.Join(p.cmd.Wait(), p.log.Close())
}

func makeRole(ctx context.Context, c *clients) error {
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	const may = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kinesis:*","sqs:*"],"Resource":"*"}]}`
	if _, err := c.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("bench"), AssumeRolePolicyDocument: aws.String(trust)}); err != nil {
		return err
	}
	_, err := c.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("bench"), PolicyName: aws.String("poll"), PolicyDocument: aws.String(may)})
	return err
}

// once reports whether this is the first time that it is asked for name: then its resources are made.
func (w *world) once(name string) bool {
	first := !w.ready[name]
	w.ready[name] = true
	return first
}

// goFunction makes a function of the Go program; with a sink it reports there.
func (w *world) goFunction(ctx context.Context, c *clients, name string, reports bool) error {
	program, err := os.ReadFile(w.function)
	if err != nil {
		return err
	}
	code, err := archive("bootstrap", program)
	if err != nil {
		return err
	}
	in := &lambda.CreateFunctionInput{FunctionName: &name, Role: aws.String(role), Runtime: types.RuntimeProvidedal2023,
		Handler: aws.String("bootstrap"), Timeout: aws.Int32(30), Code: &types.FunctionCode{ZipFile: code}}
	if reports {
		in.Environment = &types.Environment{Variables: map[string]string{"SINK": w.sink.address()}}
	}
	_, err = c.lambda.CreateFunction(ctx, in)
	return err
}

// archive is a zip file of one program or source file.
func archive(name string, content []byte) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: name, Method: zip.Deflate}
	h.SetMode(0o755)
	f, err := z.CreateHeader(h)
	if err == nil {
		_, err = io.Copy(f, bytes.NewReader(content))
	}
	err = errors.Join(err, z.Close())
	return b.Bytes(), err
}
