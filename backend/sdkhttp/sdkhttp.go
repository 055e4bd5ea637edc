// Package sdkhttp is the HTTP client with which this project's AWS SDK clients speak to a backend: the provider's, the
// tests', the benchmarks', and those of a Go test that uses a backend beside it.
//
// It exists for one defect of the SDK. smithy-go closes a request's body as soon as the response's head is there, and a
// closed body answers WriteTo with io.EOF. net/http, having sent the body's ContentLength octets, asks once more whether there
// are any beyond them, through WriteTo; where the server answered before that question, it takes the EOF for a failed write,
// and closes the connection from which the response is being read:
//
//	deserialization failed, failed to decode response body, read tcp …: use of closed network connection
//
// A server on the same machine answers that quickly when the machine is loaded. A body without WriteTo is asked through Read,
// whose io.EOF means what it says.
package sdkhttp

import (
	"io"
	"net/http"
)

// Client is an HTTP client for aws.Config's HTTPClient. It sends by the transport, nil being one of its own that knows no
// proxy: the environment's is not for an address of this machine. It has no timeout.
func Client(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 32}
	}
	return &http.Client{Transport: plainBodies{transport}}
}

// plainBodies hides everything of a request's body but Read and Close.
type plainBodies struct{ next http.RoundTripper }

// RoundTrip sends a copy of the request with a plain body.
func (p plainBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.WithContext(r.Context()) // a RoundTripper must not change its caller's request
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return p.next.RoundTrip(r)
}
