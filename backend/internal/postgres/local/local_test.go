package local_test

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/local"
)

// owns makes this test program a process that owns a state folder: it starts the cluster, says what became of that, and
// lives until it is killed or its input ends.
const owns = "LAMBDASIM_TEST_OWNS"

func TestMain(m *testing.M) {
	dir := os.Getenv(owns)
	if dir == "" {
		code := m.Run()
		_ = os.RemoveAll(template.dir)
		os.Exit(code)
	}
	s, err := local.Start(context.Background(), local.Options{StateDir: dir})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(s.URL())
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	if err := s.Stop(context.Background()); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stateDir is a folder that any user may pass.
func stateDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "lambdasim-local-")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// state is a state folder with a cluster in it. Making one takes a second, copying it a tenth of that.
func state(t *testing.T) string {
	t.Helper()
	dir := stateDir(t)
	template.once.Do(func() {
		template.dir, template.err = os.MkdirTemp("/tmp", "lambdasim-local-")
		if template.err != nil {
			return
		}
		var s *local.Server
		if template.err = os.Chmod(template.dir, 0o755); template.err == nil {
			if s, template.err = local.Start(context.Background(), local.Options{StateDir: template.dir}); template.err == nil {
				template.err = s.Stop(context.Background())
			}
		}
	})
	must(t, template.err)
	out, err := exec.Command("cp", "-a", filepath.Join(template.dir, "postgres"), dir).CombinedOutput()
	if err != nil {
		t.Fatalf("cp: %v\n%s", err, out)
	}
	return dir
}

var template struct {
	once sync.Once
	dir  string
	err  error
}

func start(t *testing.T, dir string) *local.Server {
	t.Helper()
	s, err := local.Start(t.Context(), local.Options{StateDir: dir})
	must(t, err)
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	return s
}

// refusal is the error of a start that must fail.
func refusal(t *testing.T, dir string) string {
	t.Helper()
	s, err := local.Start(t.Context(), local.Options{StateDir: dir})
	if err == nil {
		_ = s.Stop(context.Background())
		t.Fatal("it started")
	}
	return err.Error()
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), sql)
	must(t, err)
}

func sockets(t *testing.T, s *local.Server) string {
	t.Helper()
	u, err := url.Parse(s.URL())
	must(t, err)
	return u.Query().Get("host")
}

// unprivileged is the user who runs PostgreSQL here: this one, or the user postgres where this is root.
func unprivileged(t *testing.T, name string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}
	}
	u, err := user.Lookup(name)
	if err != nil {
		t.Skipf("there is no user %s", name)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// owner is another process that owns the state folder.
func owner(t *testing.T, dir string, as *syscall.SysProcAttr) (cmd *exec.Cmd, said string) {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	program := filepath.Join(stateDir(t), "owner") // where any user may run it
	must(t, os.WriteFile(program, self, 0o755))
	cmd = exec.Command(program)
	cmd.Env = append(os.Environ(), owns+"="+dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = as
	out, err := cmd.StdoutPipe()
	must(t, err)
	_, err = cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	said, err = bufio.NewReader(out).ReadString('\n')
	must(t, err)
	return cmd, strings.TrimSpace(said)
}

func programs(t *testing.T) string {
	t.Helper()
	dir, err := local.FindPrograms(nil)
	must(t, err)
	return dir
}

func TestStart(t *testing.T) {
	t.Run("what was committed is there at the next start, and a clean stop leaves nothing but the state", func(t *testing.T) {
		dir := stateDir(t)
		s := start(t, dir)
		exec1(t, s.URL(), `CREATE TABLE kept AS SELECT 1`)
		must(t, s.Stop(t.Context()))
		if _, err := os.Stat(sockets(t, s)); !os.IsNotExist(err) {
			t.Errorf("the socket folder is still there: %v", err)
		}
		exec1(t, start(t, dir).URL(), `SELECT * FROM kept`)
	})

	t.Run("a second owner is told who owns the folder and what to do", func(t *testing.T) {
		dir := state(t)
		start(t, dir)
		if got := refusal(t, dir); !strings.Contains(got, "another backend owns the state folder "+dir) || !strings.Contains(got, "--state-dir") {
			t.Errorf("it said %q", got)
		}
	})

	t.Run("a lock that a dying owner's child still holds for a moment is waited for", func(t *testing.T) {
		dir := state(t)
		f, err := os.Create(filepath.Join(dir, "lock"))
		must(t, err)
		must(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
		moment := clock.NewWallTimer(200 * time.Millisecond)
		go func() { <-moment.C(); _ = f.Close() }()
		exec1(t, start(t, dir).URL(), `SELECT 1`)
	})

	t.Run("a state folder with a long path works", func(t *testing.T) {
		dir := filepath.Join(stateDir(t), strings.Repeat("a-long-name-", 10), strings.Repeat("another-", 10))
		exec1(t, start(t, dir).URL(), `SELECT 1`)
	})

	t.Run("a half-made cluster is made anew", func(t *testing.T) {
		dir := stateDir(t)
		must(t, os.MkdirAll(filepath.Join(dir, "postgres.new", "base"), 0o700))
		must(t, os.MkdirAll(filepath.Join(dir, "postgres"), 0o700))
		exec1(t, start(t, dir).URL(), `SELECT 1`)
	})

	t.Run("a cluster of another version is refused with what to do", func(t *testing.T) {
		dir := state(t)
		must(t, start(t, dir).Stop(t.Context()))
		must(t, os.WriteFile(filepath.Join(dir, "postgres", "PG_VERSION"), []byte("9\n"), 0o644))
		if got := refusal(t, dir); !strings.Contains(got, "is PostgreSQL 9") || !strings.Contains(got, local.ProgramsVariable) {
			t.Errorf("it said %q", got)
		}
	})

	t.Run("a start that fails says what postgres said, and leaves no socket folder", func(t *testing.T) {
		dir := state(t)
		s := start(t, dir)
		must(t, s.Stop(t.Context()))
		conf := filepath.Join(dir, "postgres", "postgresql.conf")
		must(t, os.WriteFile(conf, []byte("no_such_setting = 1\n"), 0o644))
		if got := refusal(t, dir); !strings.Contains(got, "no_such_setting") {
			t.Errorf("it said %q", got)
		}
		if _, err := os.Stat(sockets(t, s)); !os.IsNotExist(err) {
			t.Errorf("the socket folder is still there: %v", err)
		}
	})
}

func TestUsers(t *testing.T) {
	t.Run("an ordinary user runs it", func(t *testing.T) {
		dir := stateDir(t)
		as := unprivileged(t, "nobody")
		if as.Credential != nil {
			must(t, os.Chown(dir, int(as.Credential.Uid), int(as.Credential.Gid)))
		}
		t.Setenv("XDG_RUNTIME_DIR", "/nowhere") // must not matter
		if _, said := owner(t, dir, as); !strings.HasPrefix(said, "postgres://") {
			t.Errorf("it said %q", said)
		}
	})

	t.Run("root is told which folder the user of PostgreSQL may not enter, and none is made below it", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("not root")
		}
		dir := stateDir(t)
		must(t, os.Chmod(dir, 0o700)) // as /root is
		if got := refusal(t, filepath.Join(dir, "state")); !strings.Contains(got, "may not enter "+dir+" (mode -rwx------)") || !strings.Contains(got, "/var/lib/lambdasim") {
			t.Errorf("it said %q", got)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("it left %v", left)
		}
	})

	t.Run("whatever the umask, root makes a state folder that the user of PostgreSQL can enter", func(t *testing.T) {
		dir := stateDir(t)
		defer syscall.Umask(syscall.Umask(0o077))
		exec1(t, start(t, filepath.Join(dir, "a", "b")).URL(), `SELECT 1`)
	})

	t.Run("a socket folder that somebody else has made is refused and left alone", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("not root: only root can make files of others")
		}
		dir := state(t)
		s := start(t, dir)
		must(t, s.Stop(t.Context()))
		squatted := sockets(t, s)
		must(t, os.Mkdir(squatted, 0o777))
		defer os.Remove(squatted)
		must(t, os.Chown(squatted, 54321, 54321))
		if got := refusal(t, dir); !strings.Contains(got, squatted+" belongs to somebody else") {
			t.Errorf("it said %q", got)
		}
		if _, err := os.Stat(squatted); err != nil {
			t.Error(err)
		}
	})
}

func TestAfterAKill(t *testing.T) {
	t.Run("a killed owner's PostgreSQL ends, and the next start takes over at once", func(t *testing.T) {
		dir := state(t)
		cmd, said := owner(t, dir, nil)
		exec1(t, said, `CREATE TABLE kept AS SELECT 1`)
		must(t, cmd.Process.Kill())
		_ = cmd.Wait()
		exec1(t, start(t, dir).URL(), `SELECT * FROM kept`)
	})

	t.Run("a PostgreSQL that goes on without its owner is stopped", func(t *testing.T) {
		dir := state(t)
		s := start(t, dir)
		must(t, s.Stop(t.Context()))
		orphan := exec.Command(filepath.Join(programs(t), "postgres"), "-D", filepath.Join(dir, "postgres"), "-c", "listen_addresses=", "-c", "unix_socket_directories=.")
		orphan.Dir = filepath.Join(dir, "postgres")
		orphan.SysProcAttr = unprivileged(t, "postgres")
		must(t, orphan.Start())
		ended := make(chan error, 1)
		go func() { ended <- orphan.Wait() }()
		for _, err := os.Stat(filepath.Join(orphan.Dir, "postmaster.pid")); err != nil; _, err = os.Stat(filepath.Join(orphan.Dir, "postmaster.pid")) {
		}
		exec1(t, start(t, dir).URL(), `SELECT 1`)
		if err := <-ended; err != nil {
			t.Errorf("the orphan ended with %v, want a clean stop", err)
		}
	})

	t.Run("after a kill of the postmaster alone the next start recovers", func(t *testing.T) {
		dir := state(t)
		s := start(t, dir)
		exec1(t, s.URL(), `CREATE TABLE kept AS SELECT 1`)
		must(t, syscall.Kill(postmaster(t, dir), syscall.SIGKILL))
		<-s.Done()
		must(t, s.Stop(t.Context()))
		exec1(t, start(t, dir).URL(), `SELECT * FROM kept`)
	})

	t.Run("a process that has got the number of the dead server is left alone and is no obstacle", func(t *testing.T) {
		dir := state(t)
		s := start(t, dir)
		must(t, s.Stop(t.Context()))
		other := exec.Command("sleep", "60")
		other.Dir = "/"
		other.SysProcAttr = unprivileged(t, "postgres") // whose processes postgres would take for a server
		must(t, other.Start())
		defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
		file := filepath.Join(dir, "postgres", "postmaster.pid")
		must(t, os.WriteFile(file, fmt.Appendf(nil, "%d\n/elsewhere\n1\n5432\n", other.Process.Pid), 0o600))
		exec1(t, start(t, dir).URL(), `SELECT 1`)
		if err := other.Process.Signal(syscall.Signal(0)); err != nil {
			t.Errorf("the process was ended: %v", err)
		}
	})

	t.Run("socket folders of dead owners are removed, those of living ones and of others are not", func(t *testing.T) {
		living := start(t, state(t))
		t.Setenv("XDG_RUNTIME_DIR", "")
		long := time.Now().Add(-time.Hour)
		folder := func(name string, age time.Time, files ...string) string {
			path := filepath.Join("/tmp", name)
			must(t, os.Mkdir(path, 0o700))
			t.Cleanup(func() { _ = os.RemoveAll(path) })
			for _, f := range files {
				must(t, os.WriteFile(filepath.Join(path, f), nil, 0o600))
			}
			must(t, os.Chtimes(path, age, age))
			return path
		}
		dead := folder("lambdasim-00000000dead", long)
		young := folder("lambdasim-0000000a11ce", time.Now())
		used := folder("lambdasim-0000000000ed", long, "precious")
		start(t, state(t))
		for path, want := range map[string]bool{dead: false, young: true, used: true, sockets(t, living): true} {
			if _, err := os.Stat(path); (err == nil) != want {
				t.Errorf("%s is there: %v, want %v", path, err == nil, want)
			}
		}
		exec1(t, living.URL(), `SELECT 1`)
	})
}

// postmaster is the process id of the folder's server.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	must(t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	must(t, err)
	return pid
}
