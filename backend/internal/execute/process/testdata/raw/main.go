// The program of the tests that speak to the Runtime API without a client: it calls what it should and what it should not,
// and answers each event with what came back and with what it sees of its surroundings.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
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
		if strings.Contains(event, "in pieces") {
			pieces(runtime+"invocation/"+id+"/response", answer)
		} else {
			call(runtime+"invocation/"+id+"/response", string(answer))
		}
		if strings.Contains(event, "hang up") {
			hangUp()
		}
		replies = nil
		if strings.Contains(event, "misbehave") {
			call(runtime+"invocation/"+id+"/response", "{}")
			call(runtime+"invocation/"+id+"/error", "{}")
		}
	}
}

// pieces answers with a chunked body that it holds back until it is asked to go on.
func pieces(url string, answer []byte) {
	r, err := http.NewRequest(http.MethodPost, url, io.MultiReader(bytes.NewReader(answer[:10]), bytes.NewReader(answer[10:])))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Expect", "100-continue")
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Hour}}
	out, err := client.Do(r)
	if err != nil || out.StatusCode != http.StatusAccepted {
		panic(fmt.Sprint(out, err))
	}
	out.Body.Close()
}

// hangUp asks for an event and leaves before there is one.
func hangUp() {
	conn, err := net.Dial("tcp", os.Getenv("AWS_LAMBDA_RUNTIME_API"))
	if err != nil {
		panic(err)
	}
	if _, err := io.WriteString(conn, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		panic(err)
	}
	conn.Close()
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
	for name, dir := range map[string]string{"temporary": os.TempDir(), "task": os.Getenv("LAMBDA_TASK_ROOT"), "runtime": os.Getenv("LAMBDA_RUNTIME_DIR"),
		"current": ".", "root": "/", "memory": "/dev/shm"} {
		if os.WriteFile(dir+"/written", nil, 0o600) == nil {
			list = append(list, name)
		}
	}
	return list
}
