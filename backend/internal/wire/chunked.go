package wire

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxChunk bounds one chunk of an aws-chunked body; clients send at most 1 MiB or so, buffers of ours hold one chunk.
const maxChunk = 64 << 20

// Body is the body of an S3 request with the framing of aws-chunked taken off. Reading it checks what the request promises:
// the payload's hash, each chunk's signature, the decoded length. A broken promise is an *Error from Read; what was read
// before must be thrown away then.
type Body struct {
	Reader  io.Reader
	Length  int64       // of the decoded body; -1 when unknown
	Trailer http.Header // filled once the body has been read to its end
}

// DecodeBody prepares the body of a request that call has signed.
func DecodeBody(r *http.Request, call *Call) (*Body, error) {
	declared := r.Header.Get("X-Amz-Content-Sha256")
	if strings.HasPrefix(declared, "STREAMING-") {
		return chunkedBody(r, call, declared)
	}
	b := &Body{Reader: r.Body, Length: r.ContentLength, Trailer: http.Header{}}
	if len(declared) == 64 {
		b.Reader = &hashedReader{r: r.Body, h: sha256.New(), want: declared}
	}
	return b, nil
}

func chunkedBody(r *http.Request, call *Call, declared string) (*Body, error) {
	length, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || length < 0 {
		return nil, Errorf(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	c := &chunkReader{in: bufio.NewReader(r.Body), left: length, trailer: http.Header{}, expectTrailer: strings.HasSuffix(declared, "-TRAILER")}
	switch declared {
	case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
		if call.signature == nil {
			return nil, refuse(RESTXML, errUnsigned)
		}
		c.signature, c.previous = call.signature, call.signature.value
	default:
		return nil, Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not read bodies framed as %s", declared)
	}
	return &Body{Reader: c, Length: length, Trailer: c.trailer}, nil
}

// hashedReader checks a body against the hash that was signed.
type hashedReader struct {
	r    io.Reader
	h    hash.Hash
	want string
}

func (h *hashedReader) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.h.Write(p[:n])
	if err == io.EOF && hex.EncodeToString(h.h.Sum(nil)) != h.want {
		return n, Errorf(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return n, err
}

// chunkReader takes the framing off: SIZE[;chunk-signature=…] CRLF data CRLF … 0 CRLF trailers CRLF.
type chunkReader struct {
	in            *bufio.Reader
	chunk         []byte // what is left of the current chunk
	left          int64  // of the decoded length
	done          bool
	signature     *signature // nil: chunks are not signed
	previous      string     // the signature before
	trailer       http.Header
	expectTrailer bool
}

func (c *chunkReader) Read(p []byte) (int, error) {
	for len(c.chunk) == 0 {
		if c.done {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.chunk)
	c.chunk = c.chunk[n:]
	return n, nil
}

func incompleteBody(what string) error {
	return Errorf(http.StatusBadRequest, "IncompleteBody", "The request body terminated unexpectedly: %s", what)
}

func (c *chunkReader) next() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	size, extension, _ := strings.Cut(line, ";")
	n, err := strconv.ParseInt(size, 16, 64)
	if err != nil || n < 0 || n > maxChunk || n > c.left {
		return incompleteBody(fmt.Sprintf("%.40q is no chunk size", line))
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(c.in, data); err != nil {
		return incompleteBody("in a chunk")
	}
	if err := c.checkChunk(data, extension); err != nil {
		return err
	}
	c.left -= n
	if n == 0 {
		c.done = true
		if c.left != 0 {
			return incompleteBody("the decoded body is shorter than x-amz-decoded-content-length")
		}
		return c.trailers()
	}
	if line, err := c.line(); err != nil || line != "" {
		return incompleteBody("after a chunk")
	}
	c.chunk = data
	return nil
}

func (c *chunkReader) line() (string, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return "", incompleteBody("in the framing")
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

func (c *chunkReader) checkChunk(data []byte, extension string) error {
	if c.signature == nil {
		return nil
	}
	got, _ := strings.CutPrefix(extension, "chunk-signature=")
	text := strings.Join([]string{algorithm + "-PAYLOAD", c.signature.at.Format(amzDate), c.signature.scopeText(), c.previous, emptyHash, hashHex(data)}, "\n")
	want := hex.EncodeToString(sign(c.signature.seed, text))
	if !hmac.Equal([]byte(want), []byte(got)) {
		return refuse(RESTXML, errMismatch)
	}
	c.previous = want
	return nil
}

// trailers reads the headers after the last chunk, and checks their signature where there is one.
func (c *chunkReader) trailers() error {
	var signed bytes.Buffer
	for {
		line, err := c.in.ReadString('\n')
		text := strings.TrimRight(line, "\r\n")
		if text == "" {
			break // the blank line, or the end of the body, which some clients leave without one
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			return incompleteBody("in the trailer")
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if name == "x-amz-trailer-signature" {
			if err := c.checkTrailer(signed.Bytes(), value); err != nil {
				return err
			}
			continue
		}
		signed.WriteString(name + ":" + value + "\n")
		c.trailer.Set(name, value)
		if err != nil {
			break
		}
	}
	return nil
}

func (c *chunkReader) checkTrailer(signed []byte, got string) error {
	if c.signature == nil {
		return nil
	}
	text := strings.Join([]string{algorithm + "-TRAILER", c.signature.at.Format(amzDate), c.signature.scopeText(), c.previous, hashHex(signed)}, "\n")
	if !hmac.Equal([]byte(hex.EncodeToString(sign(c.signature.seed, text))), []byte(got)) {
		return refuse(RESTXML, errMismatch)
	}
	return nil
}
