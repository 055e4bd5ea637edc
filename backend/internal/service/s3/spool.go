package s3

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// inMemory is how much of a body is held in memory, in bytes; what goes beyond lies in a temporary file until the
// transaction has it. So no transaction waits for a client, and no object has to fit into memory.
const inMemory = 1 << 20

// spool is a body that has been read to its end, and its sums. It must be closed.
type spool struct {
	head      bytes.Buffer
	file      *os.File // nil while the body is small
	size      int64
	md5       hash.Hash
	algorithm string // of sum
	sum       hash.Hash
}

// newSpool returns an empty one that computes a checksum besides the MD5.
func newSpool(algorithm string) *spool {
	return &spool{md5: md5.New(), algorithm: algorithm, sum: wire.NewChecksum(algorithm)}
}

func (s *spool) Write(p []byte) (int, error) {
	s.md5.Write(p)
	s.sum.Write(p)
	s.size += int64(len(p))
	if s.file == nil && s.head.Len()+len(p) <= inMemory {
		return s.head.Write(p)
	}
	if s.file == nil {
		var err error
		if s.file, err = os.CreateTemp("", "lambdasim-s3-*"); err != nil {
			return 0, err
		}
	}
	return s.file.Write(p)
}

// reader reads the body from its beginning.
func (s *spool) reader() io.Reader {
	if s.file == nil {
		return bytes.NewReader(s.head.Bytes())
	}
	return io.MultiReader(bytes.NewReader(s.head.Bytes()), io.NewSectionReader(s.file, 0, s.size-int64(s.head.Len())))
}

func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
	}
}

func (s *spool) etag() string     { return hex.EncodeToString(s.md5.Sum(nil)) }
func (s *spool) checksum() string { return base64.StdEncoding.EncodeToString(s.sum.Sum(nil)) }

// readBody reads and checks a body: framing, hash, checksums, Content-MD5, and that it is no larger than most.
func readBody(q *request, most int64, algorithm string) (*spool, error) {
	b, err := wire.DecodeBody(q.r, q.call)
	if err != nil {
		return nil, err
	}
	if b.Length < 0 {
		return nil, wire.Errorf(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	if b.Length > most {
		return nil, &wire.Error{Status: http.StatusBadRequest, Code: "EntityTooLarge", Message: "Your proposed upload exceeds the maximum allowed size",
			Fields: map[string]string{"ProposedSize": fmt.Sprint(b.Length), "MaxSizeAllowed": fmt.Sprint(most)}}
	}
	s := newSpool(algorithm)
	n, err := io.Copy(s, b.Reader)
	if err == nil && n == b.Length {
		return s, nil
	}
	s.close()
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return nil, e
	}
	if _, ours := errors.AsType[*os.PathError](err); ours {
		return nil, fmt.Errorf("hold the body: %w", err)
	}
	return nil, wire.Errorf(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
}

// readSmall reads the body of a request that is a document.
func readSmall(q *request) ([]byte, error) {
	s, err := readBody(q, maxSmall, defaultChecksum)
	if err != nil {
		return nil, err
	}
	defer s.close()
	return io.ReadAll(s.reader())
}
