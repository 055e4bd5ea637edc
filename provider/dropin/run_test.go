package dropin_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// binary is this program, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lambdasim-dropin-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "terraform-provider-lambdasim")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// ending is what the tests leave to be ended.
var ending []func()

// shared is the address of the backend of all tests, one after the other; each begins with an empty one.
var shared = sync.OnceValues(func() (string, error) {
	state, err := os.MkdirTemp("/tmp", "lambdasim-dropin-")
	if err == nil {
		err = os.Chmod(state, 0o755) // where root runs this, PostgreSQL and the functions run as somebody else
	}
	if err != nil {
		return "", err
	}
	ending = append(ending, func() { _ = os.RemoveAll(state) })
	b, err := backend.New(backend.Config{Listen: "127.0.0.1:0", StateDir: state})
	if err == nil {
		err = b.Start(context.Background())
	}
	if err != nil {
		return "", err
	}
	ending = append(ending, func() { _ = b.Close(context.Background()) })
	return b.URL(), nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	for _, end := range slices.Backward(ending) {
		end()
	}
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(status)
}

// trap is a place that nothing may speak to: every connection fails the test.
type trap struct {
	url  string
	mu   sync.Mutex
	seen []string
}

func setTrap(t *testing.T) *trap {
	t.Helper()
	tr := &trap{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tr.note(r.Method + " " + r.Host + r.URL.String())
		http.Error(w, "a trap", http.StatusTeapot)
	}))
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			tr.note("connection")
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	tr.url = s.URL
	return tr
}

func (tr *trap) note(what string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.seen = append(tr.seen, what)
}

func (tr *trap) check(t *testing.T) {
	t.Helper()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if len(tr.seen) > 0 {
		t.Errorf("what was set for the real cloud was used: %q", tr.seen)
	}
}

// world is a user's machine, with everything on it that leads to the real cloud, which is the trap.
type world struct {
	dir, binary, cli string
	env              []string
	trap             *trap
	endpoint         string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cli := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if cli == "" {
		var err error
		if cli, err = exec.LookPath("terraform"); err != nil {
			t.Skip("neither TF_ACC_TERRAFORM_PATH nor a terraform: make test finds or builds one")
		}
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	url, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{dir: t.TempDir(), binary: program, cli: cli, trap: setTrap(t), endpoint: url}
	if err := control.New(url).Reset(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	w.furnish(t)
	return w
}

// furnish fills the home and the environment.
func (w *world) furnish(t *testing.T) {
	t.Helper()
	url := w.trap.url
	w.write(t, "home/.aws/config", "[default]\nendpoint_url = "+url+"\nregion = us-west-2\n[profile acme-test]\nendpoint_url = "+url+"\ncredential_process = touch "+w.dir+"/ran\n")
	w.write(t, "home/.aws/credentials", "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = real\n[acme-test]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = real\n")
	w.write(t, "home/.terraformrc", "provider_installation {\n  network_mirror {\n    url = \""+strings.Replace(url, "http:", "https:", 1)+"/\"\n  }\n}\n")
	w.write(t, "home/.tofurc", "provider_installation {\n  network_mirror {\n    url = \""+strings.Replace(url, "http:", "https:", 1)+"/\"\n  }\n}\n")
	w.write(t, "home/other.tfrc", "provider_installation {\n  dev_overrides {\n    \"hashicorp/aws\" = \""+w.dir+"/home/real\"\n  }\n}\n")
	w.write(t, "home/real/terraform-provider-aws", "#!/bin/sh\ntouch "+w.dir+"/ran\n")
	if err := os.Chmod(filepath.Join(w.dir, "home/real/terraform-provider-aws"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir + "/home", "TMPDIR=" + os.TempDir(),
		"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=real", "AWS_SESSION_TOKEN=real", "AWS_PROFILE=acme-test", "AWS_DEFAULT_PROFILE=acme-test",
		"AWS_CONFIG_FILE=" + w.dir + "/home/.aws/config", "AWS_SHARED_CREDENTIALS_FILE=" + w.dir + "/home/.aws/credentials", "AWS_SDK_LOAD_CONFIG=1",
		"AWS_ENDPOINT_URL=" + url, "AWS_ENDPOINT_URL_S3=" + url, "AWS_ENDPOINT_URL_LAMBDA=" + url, "AWS_ENDPOINT_URL_STS=" + url, "AWS_S3_ENDPOINT=" + url, "AWS_STS_ENDPOINT=" + url,
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + url, "AWS_CONTAINER_CREDENTIALS_FULL_URI=" + url, "AWS_WEB_IDENTITY_TOKEN_FILE=/dev/null", "AWS_ROLE_ARN=arn:aws:iam::123456789012:role/r",
		"HTTPS_PROXY=" + url, "HTTP_PROXY=" + url, "https_proxy=" + url, "http_proxy=" + url, "ALL_PROXY=" + url,
		"TF_CLI_CONFIG_FILE=" + w.dir + "/home/other.tfrc", "TF_DATA_DIR=" + w.dir + "/data", "TF_PLUGIN_CACHE_DIR=" + w.dir + "/home", "TF_CLI_ARGS=-chdir=/",
		"TF_CLI_ARGS_apply=-state=" + w.dir + "/real.tfstate", "TF_REATTACH_PROVIDERS={\"hashicorp/aws\":{\"Protocol\":\"grpc\",\"ProtocolVersion\":5,\"Pid\":1,\"Test\":true,\"Addr\":{\"Network\":\"tcp\",\"String\":\"" +
			strings.TrimPrefix(url, "http://") + "\"}}}",
		"TF_HTTP_ADDRESS=" + url, "LAMBDASIM_ENDPOINT=" + w.endpoint}
}

func (w *world) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// module copies the example, with another constraint on the provider's version, and with the trap wherever a module for AWS
// can name an address.
func (w *world) module(t *testing.T, constraint string) string {
	t.Helper()
	if err := os.CopyFS(filepath.Join(w.dir, "work"), os.DirFS("../../examples/dropin")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.dir, "work/envs/test/providers.tf")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	hcl := strings.ReplaceAll(string(text), `"~> 5.0"`, fmt.Sprintf("%q", constraint))
	hcl = strings.Replace(hcl, "use_lockfile = true", "use_lockfile = true\n    endpoints = {\n      s3 = \""+w.trap.url+"\"\n    }", 1)
	hcl = strings.Replace(hcl, "  profile             = \"acme-test\"", "  profile             = \"acme-test\"\n  https_proxy = \""+w.trap.url+"\"\n  http_proxy = \""+w.trap.url+
		"\"\n  shared_config_files = [\""+w.dir+"/home/.aws/config\"]\n  skip_metadata_api_check = \"true\"\n  endpoints {\n    lambda = \""+w.trap.url+"\"\n    s3 = \""+w.trap.url+"\"\n    sts = \""+w.trap.url+"\"\n  }", 1)
	if err := os.WriteFile(file, []byte(hcl), 0o644); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(w.dir, "work/envs/test")
}

// dropin runs the subcommand and returns its exit status and all that it wrote.
func (w *world) dropin(t *testing.T, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(w.binary, append([]string{"dropin"}, args...)...)
	cmd.Dir, cmd.Env = w.dir, w.env
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	t.Logf("%.1fs: dropin %s", time.Since(begun).Seconds(), strings.Join(args, " "))
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (w *world) must(t *testing.T, args ...string) string {
	t.Helper()
	status, out := w.dropin(t, args...)
	if status != 0 {
		t.Fatalf("dropin %s: status %d\n%s", strings.Join(args, " "), status, out)
	}
	return out
}

// files lists the files of a folder, with contents, without what belongs to the simulator.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	list := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == ".lambdasim" {
			return filepath.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		list[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAnUnmodifiedModuleRunsAndReachesNothingElse(t *testing.T) {
	for _, constraint := range []string{"~> 5.0", "~> 6.0"} {
		t.Run(constraint, func(t *testing.T) {
			w := newWorld(t)
			module := w.module(t, constraint)
			before := files(t, w.dir)

			w.must(t, "run", "--module", module, "--", w.cli, "apply", "-auto-approve", "-no-color")
			out := w.must(t, "run", "--module", module, "--", w.cli, "plan", "-detailed-exitcode", "-no-color")
			if !strings.Contains(out, "No changes") {
				t.Errorf("the second plan is not empty:\n%s", out)
			}
			if out := w.must(t, "run", "--module", module, "--", w.cli, "output", "-raw", "audit_account"); !strings.Contains(out, "222222222222") {
				t.Errorf("the second provider block acts in %s", out)
			}
			w.delivered(t)
			w.must(t, "run", "--module", module, "--", w.cli, "destroy", "-auto-approve", "-no-color")

			w.trap.check(t)
			after := files(t, w.dir)
			for name, text := range after {
				if was, ok := before[name]; !ok || was != text {
					t.Errorf("%s was made or changed", name)
				}
			}
			for name := range before {
				if _, ok := after[name]; !ok {
					t.Errorf("%s is gone", name)
				}
			}
		})
	}
}

// delivered holds that the bucket's, the table's, the stream's and the queue's events reached the function, in the account
// that the module's role is of.
func (w *world) delivered(t *testing.T) {
	t.Helper()
	cfg := aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "eu-central-1", BaseEndpoint: &w.endpoint, Credentials: credentials.NewStaticCredentialsProvider("123456789012", "test", "")}
	queue, err := sqs.NewFromConfig(cfg).GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqs.NewFromConfig(cfg).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("{}")}); err != nil {
		t.Fatal(err)
	}
	if _, err := kinesis.NewFromConfig(cfg).PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: aws.String("orders"), PartitionKey: aws.String("k"), Data: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	c := control.New(w.endpoint)
	if _, err := c.Drain(t.Context(), 30*time.Second); err != nil {
		t.Fatal(err)
	}
	list, err := c.Deliveries(t.Context(), control.DeliveriesQuery{Function: "arn:aws:lambda:eu-central-1:123456789012:function:orders"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		got = append(got, d.Source.Service+" "+d.Outcome)
	}
	slices.Sort(got)
	if want := []string{"dynamodb delivered", "kinesis delivered", "s3 delivered", "sqs delivered"}; !slices.Equal(got, want) {
		t.Errorf("the deliveries are %v, want %v", got, want)
	}
}

func TestTheTrapIsOne(t *testing.T) {
	tr := setTrap(t)
	res, err := http.Get(tr.url) // as anything would that follows the user's settings
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if len(tr.seen) == 0 {
		t.Error("the trap does not notice a request")
	}
}

func TestStateSettingsOfARunAreLeftOutAndSaid(t *testing.T) {
	w := newWorld(t)
	module := w.module(t, "~> 5.0")
	out := w.must(t, "run", "--module", module, "--", w.cli, "init", "-backend-config=bucket=other", "-input=false", "-no-color")
	if !strings.Contains(out, "-backend-config=bucket=other is left out") {
		t.Error(out)
	}
	if status, out := w.dropin(t, "run", "--module", module, "--", w.cli, "apply", "-state=real.tfstate"); status == 0 || !strings.Contains(out, "-state cannot be used here") {
		t.Errorf("status %d: %s", status, out)
	}
	w.trap.check(t)
}

func TestAMirrorAloneHasWhatAModuleAsksFor(t *testing.T) {
	w := newWorld(t)
	module := w.module(t, "~> 4.8.0")
	out := w.must(t, "--module", module, "mirror")
	if !strings.Contains(out, "hashicorp/aws 4.8.99") || !strings.Contains(out, "filesystem_mirror") {
		t.Error(out)
	}
	found, err := filepath.Glob(filepath.Join(w.dir, "mirror/registry.*/hashicorp/aws/4.8.99/*/terraform-provider-aws_v4.8.99"))
	if err != nil || len(found) != 2 {
		t.Errorf("%q (%v)", found, err)
	}
}
