package process

import (
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// Runtimes lists what runs here, for messages.
func Runtimes() []string {
	return []string{"provided", "provided.al2", "provided.al2023", "python3.*", "nodejs*"}
}

var (
	providedRuntime = regexp.MustCompile(`^provided(\.al2|\.al2023)?$`)
	pythonRuntime   = regexp.MustCompile(`^python(3\.\d+)$`)
	nodeRuntime     = regexp.MustCompile(`^nodejs(\d+)\.x$`)
)

// program is how an environment's program is started.
type program struct {
	path      string   // as the program itself sees it
	args      []string // without the program's own name
	prefixes  []string // folders of the machine that the program needs
	managed   bool     // the runtime is Lambda's: AWS_EXECUTION_ENV is set
	bootstrap string   // on the machine: the package's or a layer's program; "" where the program is an interpreter
	shown     string   // where it is on Lambda
}

// supported reports an error that lists what runs here, for a runtime that does not.
func supported(v *function.Version) error {
	switch {
	case v.Image != nil:
		return fault.New(fault.Unsupported, "function %s is the container image %s, and lambdasim runs no containers: give it as a zip file with a runtime that runs here (%s), or give the function a script",
			v.Name, v.Image.URI, strings.Join(Runtimes(), ", "))
	case pythonRuntime.MatchString(v.Runtime), nodeRuntime.MatchString(v.Runtime):
		return nil
	case providedRuntime.MatchString(v.Runtime) && runtime.GOOS == "linux":
		return nil
	case providedRuntime.MatchString(v.Runtime):
		return fault.New(fault.Unsupported, "function %s has the runtime %s, whose programs are Linux programs, and this machine runs %s: run the simulator on Linux (in a virtual machine or a container), or give the function a script",
			v.Name, v.Runtime, runtime.GOOS)
	}
	return fault.New(fault.Unsupported, "function %s has the runtime %q, which does not run here; these do: %s. Build it for one of them, or give the function a script",
		v.Name, v.Runtime, strings.Join(Runtimes(), ", "))
}

// program finds the program of a version whose package is unpacked in task, and its layers in opt.
func (e *Executor) program(ctx context.Context, v *function.Version, task, opt string, see view) (*program, error) {
	if err := supported(v); err != nil {
		return nil, err
	}
	if m := pythonRuntime.FindStringSubmatch(v.Runtime); m != nil {
		in, err := e.find.interpreter(ctx, python, m[1], e.home.owner)
		args := []string{"-u", "-B", filepath.Join(see.client, "python", "client.py"), see.libraries, see.layers}
		return &program{path: in.path, args: args, prefixes: in.prefixes, managed: true}, err
	}
	if m := nodeRuntime.FindStringSubmatch(v.Runtime); m != nil {
		in, err := e.find.interpreter(ctx, node, m[1], e.home.owner)
		args := []string{filepath.Join(see.client, "node", "client.mjs"), see.libraries, see.layers}
		return &program{path: in.path, args: args, prefixes: in.prefixes, managed: true}, err
	}
	path, seen := bootstrap(task, opt, see)
	p := &program{path: seen, bootstrap: path, shown: "/var/task/bootstrap"}
	if opt != "" && strings.HasPrefix(path, opt+"/") {
		p.shown = "/opt/bootstrap"
	}
	return p, checkProcessor(v, path)
}

// libraries is the folder of the AWS SDKs, where there is one that the programs' user may enter.
func (e *Executor) libraries() string {
	if e.Libraries == "" || e.home.owner.canEnter(e.Libraries) != nil {
		return ""
	}
	if info, err := os.Stat(e.Libraries); err != nil || !info.IsDir() {
		return ""
	}
	return e.Libraries
}

// checkProcessor reports a bootstrap that is a program for another processor or system. One that is missing, or is no
// program at all, is left for the start to find out, as on Lambda.
func checkProcessor(v *function.Version, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var head [20]byte
	if n, _ := f.ReadAt(head[:], 0); n < len(head) {
		return nil
	}
	builtFor := programFor(head)
	if builtFor == "" || builtFor == "linux/"+runtime.GOARCH {
		return nil
	}
	return fault.New(fault.Unsupported, "the bootstrap of function %s is a program for %s, and this machine is %s/%s: build it for this machine (in Go: GOOS=linux GOARCH=%s) and set the function's architecture to match, or run the simulator on a machine of the other kind",
		v.Name, builtFor, runtime.GOOS, runtime.GOARCH, runtime.GOARCH)
}

// programFor tells from a file's first bytes the system and processor that it was built for, in Go's spelling; "" where
// it is no program (a script).
func programFor(head [20]byte) string {
	machines := map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_386: "386",
		elf.EM_ARM: "arm", elf.EM_RISCV: "riscv64", elf.EM_PPC64: "ppc64le", elf.EM_S390: "s390x"}
	switch magic := binary.BigEndian.Uint32(head[:]); {
	case magic == 0x7f454c46:
		var order binary.ByteOrder = binary.LittleEndian
		if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
			order = binary.BigEndian
		}
		machine := elf.Machine(order.Uint16(head[18:]))
		if name, ok := machines[machine]; ok {
			return "linux/" + name
		}
		return "linux/" + machine.String()
	case magic == 0xcafebabe:
		return "darwin (macOS, several processors)"
	case magic == 0xcffaedfe && binary.LittleEndian.Uint32(head[4:]) == 0x0100000c:
		return "darwin/arm64"
	case magic == 0xcffaedfe:
		return "darwin/amd64"
	case head[0] == 'M' && head[1] == 'Z':
		return "windows"
	}
	return ""
}

// runtimeVersion is how INIT_START names the runtime, and its ARN.
func runtimeVersion(v *function.Version) (version, arn string) {
	name := v.Runtime
	switch {
	case strings.HasPrefix(name, "python"):
		name = "python:" + strings.TrimPrefix(name, "python")
	case strings.HasPrefix(name, "nodejs"):
		name = "nodejs:" + strings.TrimSuffix(strings.TrimPrefix(name, "nodejs"), ".x")
	case strings.HasPrefix(name, "provided."):
		name = "provided:" + strings.TrimPrefix(name, "provided.")
	}
	sum := sha256.Sum256([]byte(v.Runtime))
	return name + ".v1", fmt.Sprintf("arn:aws:lambda:%s::runtime:%x", v.Region, sum)
}
