package wire

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strings"
)

// crc64NVME is the polynomial of CRC-64/NVME, bit-reversed (NVM Express Base Specification).
const crc64NVME = 0x9a6c9329ac4bc9b5

// checksumAlgorithms are S3's (Checking object integrity, Amazon S3 User Guide), by the end of the header's name, in the
// order in which they are looked for.
var checksumAlgorithms = []struct {
	name string
	make func() hash.Hash
}{
	{"CRC32", func() hash.Hash { return crc32.NewIEEE() }},
	{"CRC32C", func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }},
	{"CRC64NVME", func() hash.Hash { return crc64.New(crc64.MakeTable(crc64NVME)) }},
	{"SHA1", sha1.New},
	{"SHA256", sha256.New},
}

// NewChecksum returns the hash of one of S3's checksum algorithms (CRC32, CRC32C, CRC64NVME, SHA1, SHA256), nil for any
// other. S3 writes its sum in base64.
func NewChecksum(algorithm string) hash.Hash {
	for _, a := range checksumAlgorithms {
		if a.name == algorithm {
			return a.make()
		}
	}
	return nil
}

// checks are what a request promises of its body's content.
type checks struct {
	md5       hash.Hash // nil without Content-MD5
	wantMD5   []byte
	algorithm string    // "" without a checksum
	sum       hash.Hash // nil without a checksum
	want      string    // in base64; "" when it comes in the trailer
	name      string    // of the header or trailer
	result    string
}

// newChecks reads the promises in the headers. More than one checksum is refused, and so is an algorithm that is not known.
func newChecks(h http.Header) (*checks, error) {
	c := &checks{}
	if text := h.Get("Content-Md5"); text != "" {
		want, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(want) != md5.Size {
			return nil, Errorf(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.")
		}
		c.md5, c.wantMD5 = md5.New(), want
	}
	trailer := strings.ToLower(strings.TrimSpace(h.Get("X-Amz-Trailer")))
	for name := range h {
		if algorithm, ok := checksumHeader(name); ok {
			if err := c.expect(name, algorithm, h.Get(name)); err != nil {
				return nil, err
			}
		}
	}
	if trailer != "" {
		algorithm, ok := checksumHeader(trailer)
		if !ok {
			return nil, Errorf(http.StatusBadRequest, "InvalidRequest", "The value specified in the x-amz-trailer header is not supported")
		}
		if err := c.expect(trailer, algorithm, ""); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// checksumHeader returns the algorithm in the name of a header that carries a checksum. x-amz-checksum-algorithm, -type and
// -mode are about checksums and carry none.
func checksumHeader(name string) (algorithm string, ok bool) {
	algorithm, ok = strings.CutPrefix(strings.ToUpper(name), "X-AMZ-CHECKSUM-")
	switch algorithm {
	case "ALGORITHM", "TYPE", "MODE":
		return "", false
	}
	return algorithm, ok
}

func (c *checks) expect(name, algorithm, want string) error {
	if c.sum != nil {
		return Errorf(http.StatusBadRequest, "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	}
	h := NewChecksum(algorithm)
	if h == nil {
		return Errorf(http.StatusBadRequest, "InvalidRequest", "lambdasim does not compute %s; it computes CRC32, CRC32C, CRC64NVME, SHA1 and SHA256", name)
	}
	if want != "" {
		if raw, err := base64.StdEncoding.DecodeString(want); err != nil || len(raw) != h.Size() {
			return Errorf(http.StatusBadRequest, "InvalidRequest", "Value for %s header is invalid.", strings.ToLower(name))
		}
	}
	c.sum, c.algorithm, c.want, c.name = h, algorithm, want, name
	return nil
}

// finish compares the sums at the end of the body.
func (c *checks) finish(trailer http.Header) error {
	if c.md5 != nil && !bytes.Equal(c.md5.Sum(nil), c.wantMD5) {
		return Errorf(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	}
	if c.sum == nil {
		return nil
	}
	want := c.want
	if want == "" {
		if want = trailer.Get(c.name); want == "" {
			return malformedTrailer()
		}
	}
	c.result = base64.StdEncoding.EncodeToString(c.sum.Sum(nil))
	if want != c.result {
		return Errorf(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", c.algorithm)
	}
	return nil
}

// checkedReader computes the sums while the body is read, and compares them at its end.
type checkedReader struct {
	in      io.Reader
	check   *checks
	trailer http.Header
}

func (c *checkedReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	if c.check.md5 != nil {
		c.check.md5.Write(p[:n])
	}
	if c.check.sum != nil {
		c.check.sum.Write(p[:n])
	}
	if err == io.EOF {
		if broken := c.check.finish(c.trailer); broken != nil {
			return n, broken
		}
	}
	return n, err
}

// Checksum is the checksum that the client sent and that was found right: its algorithm (CRC32 and so on) and its value in
// base64. Both are "" before the body has been read to its end, and when the client sent none.
func (b *Body) Checksum() (algorithm, value string) {
	if b.check.result == "" {
		return "", ""
	}
	return b.check.algorithm, b.check.result
}
