// Package local finds PostgreSQL's programs on this machine and runs a private cluster with them.
//
// The cluster lives in a state folder and listens on a Unix socket in a private folder, never on the network. One backend
// owns the folder: it holds a file lock for as long as it lives, which the kernel frees if it is killed. What a killed
// backend leaves behind (a postgres without a parent, a half-made data folder) is mended at the next start. PostgreSQL
// refuses to run as root, so root starts it as an unprivileged user, who must be able to reach the folder.
package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// startLimit bounds how long a start may take in real time, crash recovery included.
const startLimit = 60 * time.Second

// Options says where the cluster lives.
type Options struct {
	StateDir string // made when it does not exist
	Log      *slog.Logger
	// Programs is the folder of initdb and postgres; found when empty.
	Programs string
	// Unsafe turns fsync off: for tests, whose data nobody needs after a crash.
	Unsafe bool
}

// Server is a running private cluster.
type Server struct {
	dir, data, sockets string
	owner              *owner
	lock               *os.File
	cmd                *exec.Cmd
	log                *slog.Logger
	exited             chan struct{}
	logfile            *os.File
}

// DefaultStateDir is where the state is kept when nothing else is said: /var/lib/lambdasim for root, otherwise
// $XDG_STATE_HOME/lambdasim or ~/.local/state/lambdasim.
func DefaultStateDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/lambdasim", nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "lambdasim"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no state folder: %w; name one with --state-dir", err)
	}
	return filepath.Join(home, ".local", "state", "lambdasim"), nil
}

// Start takes the state folder, makes the cluster if there is none, and starts it. It returns once the server answers.
func Start(ctx context.Context, o Options) (*Server, error) {
	dir, err := filepath.Abs(o.StateDir)
	if err != nil {
		return nil, err
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{dir: dir, data: filepath.Join(dir, "postgres"), log: log, exited: make(chan struct{})}
	if err := s.prepare(); err != nil {
		s.unlock()
		return nil, err
	}
	if err := s.launch(ctx, o); err != nil {
		_ = s.removeSockets()
		s.unlock()
		return nil, err
	}
	return s, nil
}

func (s *Server) prepare() (err error) {
	if s.owner, err = findOwner(); err != nil {
		return err
	}
	if err := s.owner.canReach(s.dir); err != nil {
		return err
	}
	if err := makePassable(s.dir); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	if err := s.takeLock(); err != nil {
		return err
	}
	return s.makeSockets()
}

// makePassable makes the folders that are missing on the way to dir, and dir, passable for everybody whatever the umask.
func makePassable(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := makePassable(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755)
}

func (s *Server) launch(ctx context.Context, o Options) error {
	programs := o.Programs
	if programs == "" {
		var err error
		if programs, err = FindPrograms(s.log); err != nil {
			return err
		}
	}
	if err := s.stopOrphan(); err != nil {
		return err
	}
	if err := s.initdb(ctx, programs); err != nil {
		return err
	}
	return s.start(ctx, programs, o.Unsafe)
}

// takeLock holds <state>/lock until this process ends.
func (s *Server) takeLock() error {
	path := filepath.Join(s.dir, "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock the state folder: %w", err)
	}
	err = clock.Patiently(func() error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) },
		func(err error) bool { return errors.Is(err, syscall.EWOULDBLOCK) })
	if err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("another backend owns the state folder %s: stop it, or give this one a folder of its own with --state-dir", s.dir)
		}
		return fmt.Errorf("lock %s: %w", path, err)
	}
	s.lock = f
	return nil
}

func (s *Server) unlock() {
	if s.lock != nil {
		_ = s.lock.Close()
	}
}

// initdb makes the data folder. It is made beside its place and moved there when complete, so that one that was
// interrupted is never taken for a cluster.
func (s *Server) initdb(ctx context.Context, programs string) error {
	if _, err := os.Stat(filepath.Join(s.data, "PG_VERSION")); err == nil {
		return s.checkVersion(programs)
	}
	half := s.data + ".new"
	for _, dir := range []string{half, s.data} {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove a half-made cluster: %w", err)
		}
	}
	if err := os.Mkdir(half, 0o700); err != nil {
		return err
	}
	if err := s.owner.own(half); err != nil {
		return err
	}
	s.log.Info("making a PostgreSQL cluster", "folder", s.data, "programs", programs)
	cmd := exec.CommandContext(ctx, filepath.Join(programs, "initdb"), "-D", half, "-U", "lambdasim", "-A", "trust",
		"-E", "UTF8", "--locale=C", "-N") // not synced, which takes seconds on a slow disk: the system does that within half a minute
	s.owner.run(cmd, half)
	if out, err := output(cmd); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.Rename(half, s.data)
}

// output runs cmd so that it ends with this process, and returns what it wrote.
func output(cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	exited := make(chan struct{})
	if err := spawn(cmd, exited); err != nil {
		return nil, err
	}
	<-exited
	if !cmd.ProcessState.Success() {
		return out.Bytes(), errors.New(cmd.ProcessState.String())
	}
	return out.Bytes(), nil
}

func (s *Server) checkVersion(programs string) error {
	have, err := os.ReadFile(filepath.Join(s.data, "PG_VERSION"))
	if err != nil {
		return err
	}
	out, err := exec.Command(filepath.Join(programs, "postgres"), "--version").Output()
	if err != nil {
		return fmt.Errorf("%s/postgres --version: %w", programs, err)
	}
	fields := strings.Fields(string(out)) // postgres (PostgreSQL) 15.18 …
	if len(fields) >= 3 && strings.SplitN(fields[2], ".", 2)[0] != strings.TrimSpace(string(have)) {
		return fmt.Errorf("the cluster in %s is PostgreSQL %s, the programs in %s are %s: remove the folder, or set LAMBDASIM_POSTGRES_BIN to programs of that version",
			s.data, strings.TrimSpace(string(have)), programs, fields[2])
	}
	return nil
}

// settings are passed on the command line, so that a new version of the simulator changes them without touching the
// cluster. What keeps commits durable stays on.
func (s *Server) settings(unsafe bool) []string {
	list := []string{"listen_addresses=", "unix_socket_directories=" + s.sockets, "shared_buffers=32MB", "max_connections=60",
		"wal_level=minimal", "max_wal_senders=0", "max_wal_size=1GB", "min_wal_size=32MB", "max_worker_processes=0",
		"max_parallel_workers=0", "jit=off", "wal_compression=on", "autovacuum_max_workers=1", "autovacuum_naptime=15s",
		"autovacuum_vacuum_cost_delay=0", "logging_collector=off", "dynamic_shared_memory_type=mmap", "log_timezone=UTC",
		"timezone=UTC"}
	if unsafe {
		list = append(list, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	args := []string{"-D", s.data}
	for _, setting := range list {
		args = append(args, "-c", setting)
	}
	return args
}

func (s *Server) start(ctx context.Context, programs string, unsafe bool) error {
	var err error
	if s.logfile, err = os.OpenFile(filepath.Join(s.dir, "postgres.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644); err != nil {
		return err
	}
	s.cmd = exec.Command(filepath.Join(programs, "postgres"), s.settings(unsafe)...)
	s.cmd.Stdout, s.cmd.Stderr = s.logfile, s.logfile
	s.owner.run(s.cmd, s.data)
	if err := spawn(s.cmd, s.exited); err != nil {
		_ = s.logfile.Close()
		return fmt.Errorf("start postgres: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.URL())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.exited:
			_ = s.logfile.Close()
			return fmt.Errorf("postgres ended while starting:\n%s", tail(s.logfile.Name()))
		case <-ctx.Done():
			_ = s.Stop(context.Background())
			return fmt.Errorf("postgres did not answer: %w\n%s", err, tail(s.logfile.Name()))
		case <-clock.NewWallTimer(5 * time.Millisecond).C():
		}
	}
}

func tail(path string) string {
	text, _ := os.ReadFile(path)
	if len(text) > 2000 {
		text = text[len(text)-2000:]
	}
	return string(text)
}

// URL is how to connect.
func (s *Server) URL() string { return s.DatabaseURL("postgres") }

// DatabaseURL is how to connect to one of the cluster's databases.
func (s *Server) DatabaseURL(name string) string {
	return "postgres:///" + url.PathEscape(name) + "?host=" + url.QueryEscape(s.sockets) + "&user=lambdasim"
}

// Done is closed when the server has ended, asked or not.
func (s *Server) Done() <-chan struct{} { return s.exited }

// Stop ends the server cleanly (a fast shutdown), waits for it, and gives the state folder free. When ctx ends before, the
// server is killed; it recovers at the next start.
func (s *Server) Stop(ctx context.Context) error {
	defer s.unlock()
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-s.exited:
	case <-ctx.Done():
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.exited
	}
	_ = s.logfile.Close()
	return s.removeSockets()
}
