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

// maxTrailer bounds the headers after the last chunk, in bytes.
const maxTrailer = 16 << 10

// Body is the body of an S3 request with the framing of aws-chunked taken off. Reading it to its end checks what the request
// promises: the payload's hash, each chunk's signature, the decoded length, Content-MD5 and the checksum in a header or the
// trailer. A broken promise is an *Error from Read in the place of io.EOF, or earlier; what was read before must be thrown
// away then.
type Body struct {
	Reader  io.Reader
	Length  int64       // of the decoded body, in bytes; -1 when unknown
	Trailer http.Header // filled once the body has been read to its end

	check *checks
}

// DecodeBody prepares the body of a request that call has signed (Signature Version 4: transferring the payload in multiple
// chunks, Amazon S3 API Reference).
func DecodeBody(r *http.Request, call *Call) (*Body, error) {
	declared := r.Header.Get("X-Amz-Content-Sha256")
	check, err := newChecks(r.Header)
	if err != nil {
		return nil, err
	}
	b := &Body{Length: r.ContentLength, Trailer: http.Header{}, check: check}
	in := io.Reader(r.Body)
	switch {
	case r.Body == nil:
		in = http.NoBody
	case strings.HasPrefix(declared, "STREAMING-"):
		c, err := chunkedBody(r, call, declared, b.Trailer)
		if err != nil {
			return nil, err
		}
		in, b.Length = c, c.left
	case len(declared) == sha256.Size*2:
		in = &hashedReader{r: r.Body, h: sha256.New(), want: declared}
	case declared != "" && declared != unsignedPayload:
		return nil, &Error{Status: http.StatusBadRequest, Code: "InvalidArgument", Fields: map[string]string{"ArgumentName": "x-amz-content-sha256", "ArgumentValue": declared},
			Message: "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."}
	}
	b.Reader = &checkedReader{in: in, check: check, trailer: b.Trailer}
	return b, nil
}

func chunkedBody(r *http.Request, call *Call, declared string, trailer http.Header) (*chunkReader, error) {
	length, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || length < 0 {
		return nil, Errorf(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	c := &chunkReader{in: bufio.NewReader(r.Body), left: length, trailer: trailer, expectTrailer: strings.HasSuffix(declared, "-TRAILER")}
	switch declared {
	case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
		if !call.Signed {
			return nil, refuse(RESTXML, errUnsigned)
		}
		c.signature, c.previous, c.hash = call.signature, call.signature.value, sha256.New()
	default:
		return nil, Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not read bodies framed as %s", declared)
	}
	return c, nil
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
		return n, refuse(RESTXML, errMismatchBody)
	}
	return n, err
}

// chunkReader takes the framing off: SIZE[;chunk-signature=…] CRLF data CRLF … 0 CRLF trailers CRLF. A chunk may be as long
// as the whole body, so it is passed on as it comes, and its signature is checked at its end.
type chunkReader struct {
	in            *bufio.Reader
	chunk         int64 // what is left of the current chunk
	left          int64 // what is left of the decoded length, the current chunk included
	started, done bool
	signature     *signature // nil: chunks are not signed
	hash          hash.Hash  // of the current chunk, where chunks are signed
	claimed       string     // the current chunk's signature, as sent
	previous      string     // the signature before
	trailer       http.Header
	expectTrailer bool
}

func (c *chunkReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for c.chunk == 0 {
		if c.done {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n, err := c.in.Read(p[:min(int64(len(p)), c.chunk)])
	if n == 0 && err != nil {
		return 0, incompleteBody("in a chunk")
	}
	if c.hash != nil {
		c.hash.Write(p[:n])
	}
	c.chunk -= int64(n)
	c.left -= int64(n)
	return n, nil
}

func incompleteBody(what string) error {
	return Errorf(http.StatusBadRequest, "IncompleteBody", "The request body terminated unexpectedly: %s", what)
}

// next ends the chunk that was read, and begins the one that follows; after the last it reads the trailer.
func (c *chunkReader) next() error {
	if c.started {
		if line, err := c.line(); err != nil || line != "" {
			return incompleteBody("after a chunk")
		}
		if err := c.checkChunk(); err != nil {
			return err
		}
	}
	c.started = true
	line, err := c.line()
	if err != nil {
		return err
	}
	size, extension, _ := strings.Cut(line, ";")
	n, err := strconv.ParseUint(size, 16, 62)
	if err != nil || int64(n) > c.left {
		return incompleteBody(fmt.Sprintf("%.40q is no chunk size, or the chunk is longer than x-amz-decoded-content-length leaves", line))
	}
	c.claimed, _ = strings.CutPrefix(extension, "chunk-signature=")
	if c.chunk = int64(n); n > 0 {
		return nil
	}
	c.done = true
	if c.left != 0 {
		return incompleteBody("the decoded body is shorter than x-amz-decoded-content-length")
	}
	if err := c.checkChunk(); err != nil {
		return err
	}
	return c.trailers()
}

func (c *chunkReader) line() (string, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return "", incompleteBody("in the framing")
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

func (c *chunkReader) checkChunk() error {
	if c.signature == nil {
		return nil
	}
	text := strings.Join([]string{algorithm + "-PAYLOAD", c.signature.at.Format(amzDate), c.signature.scopeText(), c.previous, emptyHash, hex.EncodeToString(c.hash.Sum(nil))}, "\n")
	c.hash.Reset()
	want := hex.EncodeToString(sign(c.signature.seed, text))
	if !hmac.Equal([]byte(want), []byte(c.claimed)) {
		return refuse(RESTXML, errMismatch)
	}
	c.previous = want
	return nil
}

// trailers reads the headers after the last chunk, and checks their signature where chunks are signed.
func (c *chunkReader) trailers() error {
	var signed bytes.Buffer
	claimed := ""
	for ended := false; !ended; {
		line, err := c.in.ReadSlice('\n')
		text := strings.TrimRight(string(line), "\r\n")
		if err == bufio.ErrBufferFull || signed.Len() > maxTrailer {
			return malformedTrailer()
		}
		if text == "" {
			break // the blank line, or the end of the body, which some clients leave without one
		}
		ended = err != nil
		name, value, ok := strings.Cut(text, ":")
		if !ok || !c.expectTrailer {
			return malformedTrailer()
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if name == "x-amz-trailer-signature" {
			claimed = value
			continue
		}
		signed.WriteString(name + ":" + value + "\n")
		c.trailer.Set(name, value)
	}
	return c.checkTrailer(signed.Bytes(), claimed)
}

func malformedTrailer() error {
	return Errorf(http.StatusBadRequest, "MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema.")
}

func (c *chunkReader) checkTrailer(signed []byte, claimed string) error {
	if c.signature == nil || !c.expectTrailer {
		return nil
	}
	text := strings.Join([]string{algorithm + "-TRAILER", c.signature.at.Format(amzDate), c.signature.scopeText(), c.previous, hashHex(signed)}, "\n")
	if !hmac.Equal([]byte(hex.EncodeToString(sign(c.signature.seed, text))), []byte(claimed)) {
		return refuse(RESTXML, errMismatch)
	}
	return nil
}
