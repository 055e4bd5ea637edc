package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// language is how a runtime's function is made, and how its program is started without the simulator.
type language struct {
	name    string
	runtime types.Runtime
	file    string // of the package
	source  string
	client  string // the runtime client, in the repository
	args    []string
}

// The functions say with which interpreter they run, so that the floor starts the same one.
var languages = []language{
	{name: "provided (Go)"},
	{"python3", types.RuntimePython312, "main.py", "import sys\ndef handler(event, context):\n    return sys.executable\n", "python/client.py", []string{"-u", "-B"}},
	{"nodejs", types.RuntimeNodejs22x, "main.js", "exports.handler = async () => process.execPath;\n", "node/client.mjs", nil},
}

// cold measures a synchronous Invoke that has to start an environment, from the SDK's call to its answer: the role is
// assumed, a session of it is committed, the program started, initialised and run. The configuration is known and the package
// unpacked already. Floor:
// fork and exec of the same program, until its first call of the Runtime API.
func cold(ctx context.Context, w *world, s settings, t *table) error {
	for _, l := range languages {
		name := "cold-" + strings.Fields(l.name)[0]
		if w.once(name) {
			if err := w.make(ctx, l, name); err != nil {
				return err
			}
		}
		path, err := w.interpreter(ctx, l, name)
		if err != nil {
			return err
		}
		var ours, floor []float64
		for range max(1, s.samples/20) {
			if err := w.retire(ctx, name); err != nil {
				return err
			}
			begin := time.Now()
			if _, err := w.call(ctx, name); err != nil {
				return err
			}
			ours = append(ours, milliseconds(time.Since(begin)))
			took, err := w.bareStart(l, path)
			if err != nil {
				return err
			}
			floor = append(floor, milliseconds(took))
		}
		best := median(floor)
		t.add("cold start, "+l.name, "ms", aim{ratio: true, value: 2}, median(ours), &best)
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (w *world) make(ctx context.Context, l language, name string) error {
	if l.file == "" {
		return w.goFunction(ctx, w.clients, name, false)
	}
	dir := filepath.Join(w.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, l.file), []byte(l.source), 0o644); err != nil {
		return err
	}
	code, err := archive(l.file, []byte(l.source))
	if err != nil {
		return err
	}
	_, err = w.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: &name, Role: aws.String(role), Runtime: l.runtime,
		Handler: aws.String("main.handler"), Timeout: aws.Int32(30), Code: &types.FunctionCode{ZipFile: code}})
	return err
}

// retire makes the function's environments those of an older configuration, and reads the new one.
func (w *world) retire(ctx context.Context, name string) error {
	_, err := w.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &name, Description: aws.String("again")})
	if err != nil {
		return err
	}
	_, err = w.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	return err
}

func (w *world) call(ctx context.Context, name string) ([]byte, error) {
	out, err := w.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`{"n":1}`)})
	if err != nil {
		return nil, err
	}
	if out.FunctionError != nil {
		return nil, fmt.Errorf("the function failed: %s", out.Payload)
	}
	return out.Payload, nil
}

// interpreter is the program that runs the language's functions.
func (w *world) interpreter(ctx context.Context, l language, name string) (string, error) {
	answer, err := w.call(ctx, name)
	if err != nil || l.file == "" {
		return w.function, err
	}
	var path string
	return path, json.Unmarshal(answer, &path)
}

// bareStart starts the language's program as the simulator does, and returns how long it took until it asked for an event.
func (w *world) bareStart(l language, path string) (time.Duration, error) {
	begin := time.Now()
	env, err := startBare(path, func(cmd *exec.Cmd) {
		if l.file == "" {
			return
		}
		client, _ := filepath.Abs("backend/internal/execute/process/runtime/" + l.client)
		dir := filepath.Join(w.dir, "cold-"+l.name)
		cmd.Dir = dir
		cmd.Args = append(append(cmd.Args, l.args...), client, "")
		cmd.Env = append(cmd.Env, "LAMBDA_TASK_ROOT="+dir, "AWS_EXECUTION_ENV=AWS_Lambda_"+string(l.runtime))
	})
	if err != nil {
		return 0, err
	}
	defer env.stop()
	select {
	case <-env.asked:
		return time.Since(begin), nil
	case <-time.After(20 * time.Second):
		return 0, fmt.Errorf("%s did not ask for an event", path)
	}
}
