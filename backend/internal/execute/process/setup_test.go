package process_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute/process"
)

const requestID = "11111111-2222-4333-8444-555555555555"

// bundle is an executor with the packages that its functions have.
type bundle struct {
	*process.Executor
	t   *testing.T
	log *bytes.Buffer
	dir string

	mu       sync.Mutex
	packages map[string][]byte // by CodeSha256
	fetched  int
}

func setup(t *testing.T, change ...func(*process.Options)) *bundle {
	t.Helper()
	before := runtime.NumGoroutine()
	b := &bundle{t: t, packages: map[string][]byte{}, log: new(bytes.Buffer)}
	var err error
	if b.dir, err = os.MkdirTemp("", "process-test-"); err != nil { // t.TempDir's may not be entered by others
		t.Fatal(err)
	}
	if err := os.Chmod(b.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	o := process.Options{
		Clock: clock.NewVirtual(time.Time{}), Log: slog.New(slog.NewTextHandler(b.log, nil)), Dir: b.dir,
		Code: func(_ context.Context, v *function.Version) ([]byte, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.fetched++
			return b.packages[v.Code.SHA256], nil
		},
		Credentials: func(_ context.Context, v *function.Version) (process.Credentials, error) {
			return process.Credentials{AccessKeyID: "ASIAKEY" + v.Name, SecretAccessKey: "secret", SessionToken: "token"}, nil
		},
		Endpoint: func() string { return "http://127.0.0.1:4566" },
	}
	for _, c := range change {
		c(&o)
	}
	b.Executor = process.New(o)
	t.Cleanup(func() {
		b.Close()
		if left := children(t); len(left) > 0 {
			t.Errorf("processes left after Close: %v", left)
		}
		if left, _ := os.ReadDir(b.dir); len(left) > 0 {
			t.Errorf("folders left after Close: %v", left)
		}
		_ = os.RemoveAll(b.dir)
		noGoroutinesLeft(t, before)
	})
	return b
}

// noGoroutinesLeft compares with how many there were. A goroutine that has done its last statement counts for a moment
// yet, so it yields a bounded number of times.
func noGoroutinesLeft(t *testing.T, before int) {
	t.Helper()
	for range 100000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	var b strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
	t.Errorf("%d goroutines before, %d after Close:\n%s", before, runtime.NumGoroutine(), b.String())
}

// children are the processes, zombies included, whose parent is this one.
func children(t *testing.T) (all []string) {
	t.Helper()
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if fields[1] == fmt.Sprint(os.Getpid()) {
			all = append(all, string(text))
		}
	}
	return all
}

// version is a function that has the package.
func (b *bundle) version(name, runtime, handler string, zipped []byte) *function.Version {
	sum := sha256.Sum256(zipped)
	sha := base64.StdEncoding.EncodeToString(sum[:])
	b.mu.Lock()
	b.packages[sha] = zipped
	b.mu.Unlock()
	return &function.Version{
		Account: "000000000000", Region: "us-east-1", Name: name, Version: function.Latest, Generation: 1,
		Config: function.Config{Runtime: runtime, Handler: handler, Timeout: 30, MemorySize: 128,
			Role: "arn:aws:iam::000000000000:role/r", Architectures: []string{"x86_64"}},
		Code: function.Code{SHA256: sha, Size: int64(len(zipped))},
	}
}

func (b *bundle) python(handler string) *function.Version {
	return b.version("py-"+handler, "python3.11", handler, zipFolder(b.t, "testdata/python", "bad_syntax.txt", "bad_syntax.py"))
}

func (b *bundle) node(handler string) *function.Version {
	return b.version("js-"+handler, "nodejs20.x", handler, zipFolder(b.t, "testdata/node", "bad_syntax.txt", "bad_syntax.js"))
}

func (b *bundle) golang() *function.Version {
	return b.version("go", "provided.al2023", "bootstrap", zipEntries(b.t, entry{"bootstrap", string(goBootstrap(b.t)), 0o755}))
}

func invocation(v *function.Version, payload string) *invoke.Invocation {
	return &invoke.Invocation{RequestID: requestID, Function: v, InvokedARN: v.ARN(), Payload: []byte(payload), Attempt: 1,
		TraceID: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"}
}

// run runs an attempt that the simulator can run.
func (b *bundle) run(t testing.TB, v *function.Version, payload string) *invoke.Outcome {
	t.Helper()
	out, err := b.Run(context.Background(), invocation(v, payload))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// succeeds checks what an attempt returns.
func (b *bundle) succeeds(t testing.TB, v *function.Version, payload, want string) {
	t.Helper()
	if out := b.run(t, v, payload); out.Failed() || string(out.Payload) != want {
		t.Errorf("got %s (%s), want %s; log:\n%s", out.Payload, out.FunctionError, want, out.Log)
	}
}

type entry struct {
	name, text string
	mode       fs.FileMode
}

func zipEntries(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipFolder zips a folder; a file named from is called to.
func zipFolder(t testing.TB, folder, from, to string) []byte {
	t.Helper()
	var entries []entry
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "__pycache__") {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		if name == from {
			name = to
		}
		entries = append(entries, entry{filepath.ToSlash(name), string(text), 0o644})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return zipEntries(t, entries...)
}

// builds are the programs of testdata, each built once for all tests.
var builds = map[string]func() ([]byte, error){"go": sync.OnceValues(func() ([]byte, error) { return build("go") }),
	"raw": sync.OnceValues(func() ([]byte, error) { return build("raw") })}

func build(name string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "process-test-go-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "bootstrap")
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", out, "./testdata/"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	return os.ReadFile(out)
}

// goBootstrap is the Go function of testdata.
func goBootstrap(t testing.TB) []byte { return goProgram(t, "go") }

func goProgram(t testing.TB, name string) []byte {
	t.Helper()
	program, err := builds[name]()
	if err != nil {
		t.Fatal(err)
	}
	return program
}
