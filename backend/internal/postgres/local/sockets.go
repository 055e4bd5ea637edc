package local

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// longestSocket is how long the path of a Unix socket may be, in bytes (107 on Linux, 103 on macOS).
const longestSocket = 103

// socketName is what postgres calls its socket in the folder.
const socketName = ".s.PGSQL.5432"

// makeSockets makes a private folder with a short path for the socket: such a path may have 107 bytes, and a state folder's
// may be longer.
func (s *Server) makeSockets() error {
	sum := sha256.Sum256([]byte(s.dir))
	name := fmt.Sprintf("lambdasim-%x", sum[:6])
	base := "/tmp"
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" && !s.owner.switches && len(filepath.Join(dir, name, socketName)) <= longestSocket {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			base = dir
		}
	}
	s.sweepSockets(base)
	s.sockets = filepath.Join(base, name)
	if err := os.Mkdir(s.sockets, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the socket folder: %w", err)
	}
	info, err := os.Lstat(s.sockets)
	if err != nil {
		return err
	}
	if !info.IsDir() || !s.owner.has(info) {
		path := s.sockets
		s.sockets = "" // it is not for us to remove
		return fmt.Errorf("%s belongs to somebody else: remove it, or choose another --state-dir", path)
	}
	if err := s.owner.own(s.sockets); err != nil {
		return err
	}
	return os.Chmod(s.sockets, 0o700)
}

var socketFolder = regexp.MustCompile(`^lambdasim-[0-9a-f]{12}$`)

// sweepSockets removes the socket folders of servers whose backend was killed. Only what is surely nobody's goes: a
// folder of ours with nothing in it but a socket on which nobody listens; or with nothing in it at all, for longer than
// any start takes.
func (s *Server) sweepSockets(base string) {
	entries, _ := os.ReadDir(base)
	for _, e := range entries {
		path := filepath.Join(base, e.Name())
		info, err := e.Info()
		if err != nil || !e.IsDir() || !socketFolder.MatchString(e.Name()) || !s.owner.has(info) {
			continue
		}
		files := socketFiles(path)
		if len(files) == 0 && clock.Wall().Sub(info.ModTime()) < 2*startLimit {
			continue
		}
		if len(files) > 0 && !silent(filepath.Join(path, socketName)) {
			continue
		}
		for _, file := range files {
			_ = os.Remove(file)
		}
		_ = os.Remove(path) // stays where there is anything else in it
	}
}

func socketFiles(dir string) []string {
	if dir == "" {
		return nil
	}
	files, _ := filepath.Glob(filepath.Join(dir, socketName+"*"))
	return files
}

// silent reports whether surely nobody listens on the socket.
func silent(path string) bool {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// removeSockets removes the socket folder.
func (s *Server) removeSockets() error {
	if s.sockets == "" {
		return nil
	}
	return os.RemoveAll(s.sockets)
}
