// The function of the soak test: what it does is in its event, and most of it is what no function should do.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

type event struct {
	Do string `json:"do"`
	N  string `json:"n"`
}

func post(url, body string) {
	out, err := http.Post(url, "application/json", bytes.NewReader([]byte(body)))
	if err != nil {
		os.Exit(2)
	}
	_, _ = io.Copy(io.Discard, out.Body)
	_ = out.Body.Close()
}

func main() {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		out, err := http.Get(base + "next")
		if err != nil {
			os.Exit(2)
		}
		var e event
		if err := json.NewDecoder(out.Body).Decode(&e); err != nil {
			os.Exit(2)
		}
		_ = out.Body.Close()
		answer := base + out.Header.Get("Lambda-Runtime-Aws-Request-Id") + "/response"
		switch e.Do {
		case "exit":
			os.Exit(3)
		case "hang":
			select {}
		case "print":
			_, _ = os.Stdout.Write(bytes.Repeat([]byte("0123456789abcde\n"), 1<<16))
			post(answer, `"printed"`)
		case "garbage":
			post(base+"not-this-one/response", "{}")
			post(answer, "\x00{[ no JSON \xff")
			post(answer, "again")
		case "write":
			f, err := os.OpenFile(os.Getenv("SEEN"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
			if err != nil {
				os.Exit(2)
			}
			fmt.Fprintln(f, e.N)
			_ = f.Close()
			post(answer, `"written"`)
		}
	}
}
