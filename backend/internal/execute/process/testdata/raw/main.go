// The program of the tests that speak to the Runtime API without a client: it calls what it should and what it should not,
// and answers each event with what came back and with what it sees of its surroundings.
package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
)

type reply struct {
	Call   string
	Status int
	Body   string
}

var (
	base    = "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API")
	runtime = base + "/2018-06-01/runtime/"
	replies []reply
)

// call makes a call; a body makes it a POST.
func call(url, body string, header ...string) (http.Header, string) {
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	out, err := http.DefaultClient.Do(r)
	if err != nil {
		panic(err)
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	if err != nil {
		panic(err)
	}
	replies = append(replies, reply{strings.TrimPrefix(url, base), out.StatusCode, string(text)})
	return out.Header, string(text)
}

func main() {
	if mode := os.Getenv("INIT"); mode != "" {
		call(runtime+"init/error", `{"errorMessage":"not today","errorType":"Init.Failed"}`, "Lambda-Runtime-Function-Error-Type", "Runtime.Init")
		os.Exit(1)
	}
	for {
		headers, event := call(runtime+"invocation/next", "")
		id := headers.Get("Lambda-Runtime-Aws-Request-Id")
		replies = replies[:len(replies)-1] // what was asked before belongs to this event
		if strings.Contains(event, "misbehave") {
			call(runtime+"invocation/11111111-1111-1111-1111-111111111111/response", "{}")
			again, _ := call(runtime+"invocation/next", "")
			replies = append(replies, reply{Call: "again " + again.Get("Lambda-Runtime-Aws-Request-Id")})
			call(runtime+"invocation/"+id+"/response", "{}", "Lambda-Runtime-Function-Response-Mode", "weird")
			call(runtime+"init/error", "{}")
			call(base+"/2020-01-01/extension/register", "{}")
		}
		answer, err := json.Marshal(map[string]any{"replies": replies, "headers": headers, "event": event, "env": os.Environ(),
			"uid": os.Getuid(), "groups": groups(), "writable": writable(), "folder": folder()})
		if err != nil {
			panic(err)
		}
		replies = nil
		call(runtime+"invocation/"+id+"/response", string(answer))
		replies = nil
		if strings.Contains(event, "misbehave") {
			call(runtime+"invocation/"+id+"/response", "{}")
			call(runtime+"invocation/"+id+"/error", "{}")
		}
	}
}

func groups() []int {
	list, err := os.Getgroups()
	if err != nil {
		panic(err)
	}
	return list
}

func folder() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return dir
}

// writable lists which of the folders the program may write to.
func writable() (list []string) {
	for _, dir := range []string{"TMPDIR", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"} {
		if os.WriteFile(os.Getenv(dir)+"/written", nil, 0o600) == nil {
			list = append(list, dir)
		}
	}
	return list
}
