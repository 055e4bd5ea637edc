package sdkhttp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// closedEarly is a body as smithy-go leaves it when the response came before net/http looked for the body's end.
type closedEarly struct{ io.Reader }

func (closedEarly) WriteTo(io.Writer) (int64, error) { return 0, io.EOF }
func (closedEarly) Close() error                     { return nil }

// TestABodyClosedEarly sends such a body: the write succeeds, the connection stays, and is used again.
func TestABodyClosedEarly(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	defer server.Close()
	for name, c := range map[string]struct {
		client *http.Client
		fails  bool
	}{
		"this client":       {sdkhttp.Client(nil), false},
		"one of net/http's": {&http.Client{Transport: &http.Transport{}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var reused bool
			for range 2 {
				wrote := make(chan error, 1)
				ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
					WroteRequest: func(i httptrace.WroteRequestInfo) { wrote <- i.Err },
					GotConn:      func(i httptrace.GotConnInfo) { reused = i.Reused },
				})
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, closedEarly{strings.NewReader("hello")})
				if err != nil {
					t.Fatal(err)
				}
				r.ContentLength = 5
				resp, err := c.client.Do(r)
				if got := <-wrote; (got != nil) != c.fails {
					t.Fatalf("written: %v; want a failure: %v", got, c.fails)
				}
				if c.fails {
					return // the response may or may not be there: that is the defect
				}
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				if err != nil || string(body) != "hello" {
					t.Fatalf("answered %q, %v", body, err)
				}
				_ = resp.Body.Close()
			}
			if !reused {
				t.Error("the second request had a new connection")
			}
		})
	}
}
