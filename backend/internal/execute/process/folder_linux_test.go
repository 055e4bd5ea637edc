package process_test

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute/process"
)

func TestANewFolderEndsWhatKilledBackendsHaveLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	folder := func() *process.Folder {
		f, err := process.NewFolder(slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	dead, living := folder(), folder()
	sleeps := func(dir string, env ...string) (cmd *exec.Cmd, ended chan error) {
		cmd, ended = exec.Command("sleep", "100"), make(chan error, 1)
		cmd.Dir, cmd.Env = dir, env
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { ended <- cmd.Wait() }()
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		return cmd, ended
	}
	_, child := sleeps("/", "A=1", "_LAMBDASIM_FOLDER="+filepath.Join(dead.Path, "environment", "1")+"/")
	_, function := sleeps(dead.Path, "_LAMBDASIM_FOLDER="+filepath.Join(dead.Path, "environment", "2")+"/")
	_, visitor := sleeps(dead.Path, "PWD="+dead.Path)
	_, other := sleeps("/", "_LAMBDASIM_FOLDER="+filepath.Join(living.Path, "environment", "1")+"/")
	dead.Abandon()

	half := filepath.Join(os.TempDir(), "lambdasim-work-half-removed")
	if err := os.MkdirAll(filepath.Join(half, "code"), 0o755); err != nil {
		t.Fatal(err)
	}
	third := folder()
	<-child
	<-function
	for name, ended := range map[string]chan error{"a process that only works in the folder": visitor, "a living backend's": other} {
		select {
		case err := <-ended:
			t.Errorf("%s was ended: %v", name, err)
		default:
		}
	}
	for path, want := range map[string]bool{dead.Path: false, half: false, living.Path: true, third.Path: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
	for _, f := range []*process.Folder{living, third} {
		if err := f.Remove(); err != nil {
			t.Error(err)
		}
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}
