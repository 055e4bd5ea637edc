package process

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
)

// call is one call of the Runtime API. Whoever serves it answers or refuses it, once; what is not answered ends the
// connection.
//
// The server is our own because two of its calls belong to every invocation: each connection is one goroutine that reads a
// request, serves it and writes the answer in one piece, where net/http needs a second goroutine to notice a client that
// leaves. Requests are read by net/http all the same.
type call struct {
	*http.Request
	conn   net.Conn
	in     *bufio.Reader
	answer []byte // head and body; nil until answered
	tail   []byte // the rest of a body too large to be copied
}

// mostCopied is how many bytes of a body are written together with its head.
const mostCopied = 64 << 10

func (a *api) accept() {
	for {
		conn, err := a.listener.Accept()
		if err != nil {
			return
		}
		a.mu.Lock()
		if a.over {
			a.mu.Unlock()
			_ = conn.Close()
			return
		}
		a.open[conn] = true
		a.handlers.Go(func() { a.serve(conn) })
		a.mu.Unlock()
	}
}

// serve serves the calls of a connection, one after the other.
func (a *api) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		a.mu.Lock()
		delete(a.open, conn)
		a.mu.Unlock()
	}()
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		c := &call{Request: r, conn: conn, in: in}
		if strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
			r.Body = &expected{ReadCloser: r.Body, conn: conn}
		}
		a.route(c)
		if c.answer == nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		if _, err := conn.Write(c.answer); err != nil {
			return
		}
		if len(c.tail) > 0 {
			if _, err := conn.Write(c.tail); err != nil {
				return
			}
		}
		if r.Close {
			return
		}
	}
}

// expected is a body that its sender holds back until it is asked for.
type expected struct {
	io.ReadCloser
	conn  net.Conn
	asked bool
}

func (e *expected) Read(p []byte) (int, error) {
	if !e.asked {
		e.asked = true
		if _, err := io.WriteString(e.conn, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return 0, err
		}
	}
	return e.ReadCloser.Read(p)
}

// gone reports whether the other side has closed the connection, as far as is known now. It must not be reading.
func (c *call) gone() bool {
	if c.in.Buffered() > 0 {
		return false
	}
	socket, ok := c.conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return true
	}
	left := false
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		left = n <= 0 && err != syscall.EAGAIN && err != syscall.EINTR
	})
	return err != nil || left
}

// respond answers with a body of JSON. Headers are names and values in turn; those without a value are left out.
func (c *call) respond(status int, body []byte, headers ...string) {
	b := make([]byte, 0, 512+min(len(body), mostCopied))
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(append(b, ' '), http.StatusText(status)...)
	b = append(b, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] != "" {
			b = append(append(append(append(b, "\r\n"...), headers[i]...), ": "...), oneLine(headers[i+1])...)
		}
	}
	b = append(b, "\r\n\r\n"...)
	n := min(len(body), mostCopied)
	c.answer, c.tail = append(b, body[:n]...), body[n:]
}

// oneLine is a value as a header can hold it: the JSON of a client context may have line breaks between its tokens.
func oneLine(value string) string {
	if !strings.ContainsAny(value, "\r\n") {
		return value
	}
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
}

func (c *call) refuse(status int, kind, message string) {
	text, _ := json.Marshal(struct { // strings always marshal
		ErrorMessage string `json:"errorMessage"`
		ErrorType    string `json:"errorType"`
	}{message, kind})
	c.respond(status, text)
}

func (c *call) accept() { c.respond(http.StatusAccepted, []byte(`{"status":"OK"}`)) }
