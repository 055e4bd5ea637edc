package s3

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// defaultChecksum is the algorithm of S3's own checksum where a client gives none (Checking object integrity, S3 User
// Guide). The two types say what a checksum is of.
const (
	defaultChecksum = "CRC64NVME"
	fullObject      = "FULL_OBJECT"
	composite       = "COMPOSITE" // of the parts' checksums, with the number of parts after a dash
)

const checksumPrefix = "X-Amz-Checksum-"

var algorithms = []string{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"}

// sentChecksum is the algorithm of the checksum that a request carries in a header or announces for its trailer, "" for none.
func sentChecksum(h http.Header) string {
	for _, name := range algorithms {
		if h.Get(checksumPrefix+name) != "" || strings.EqualFold(strings.TrimSpace(h.Get("X-Amz-Trailer")), checksumPrefix+name) {
			return name
		}
	}
	return ""
}

// setChecksum keeps a checksum with the object, in place of any other.
func (o *object) setChecksum(algorithm, value, kind string) {
	for name := range o.headers {
		if strings.HasPrefix(name, checksumPrefix) {
			delete(o.headers, name)
		}
	}
	o.headers[http.CanonicalHeaderKey(checksumPrefix+algorithm)] = value
	o.headers[checksumPrefix+"Type"] = kind
}

// answerChecksum puts the object's checksum into an answer's headers.
func (o *object) answerChecksum(h http.Header) {
	for name, v := range o.headers {
		if strings.HasPrefix(name, checksumPrefix) {
			h.Set(name, v)
		}
	}
}

// uploadChecksum reads which checksums a multipart upload is to have.
func uploadChecksum(h http.Header) (algorithm, kind string, err error) {
	algorithm, kind = strings.ToUpper(h.Get(checksumPrefix+"Algorithm")), strings.ToUpper(h.Get(checksumPrefix+"Type"))
	if algorithm == "" {
		algorithm = defaultChecksum
	}
	if wire.NewChecksum(algorithm) == nil {
		return "", "", wire.Errorf(http.StatusBadRequest, "InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
	}
	if kind == "" {
		kind = composite
		if algorithm == "CRC64NVME" {
			kind = fullObject
		}
	}
	sha := strings.HasPrefix(algorithm, "SHA")
	if (kind != fullObject && kind != composite) || (kind == fullObject && sha) || (kind == composite && algorithm == "CRC64NVME") {
		return "", "", wire.Errorf(http.StatusBadRequest, "InvalidRequest", "The %s checksum type cannot be used with the %s checksum algorithm.", kind, strings.ToLower(algorithm))
	}
	return algorithm, kind, nil
}

// combined is the checksum of an upload's parts, put together.
func combined(algorithm, kind string, parts []part) (string, error) {
	sums := make([][]byte, len(parts))
	for i, p := range parts {
		raw, err := base64.StdEncoding.DecodeString(p.checksum)
		if err != nil {
			return "", fmt.Errorf("the stored checksum of part %d: %w", p.number, err)
		}
		sums[i] = raw
	}
	if kind == composite {
		h := wire.NewChecksum(algorithm)
		for _, raw := range sums {
			h.Write(raw)
		}
		return fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(h.Sum(nil)), len(parts)), nil
	}
	crc := number(sums[0])
	for i, raw := range sums[1:] {
		crc = shiftCRC(algorithm, crc, parts[i+1].size) ^ number(raw)
	}
	text := binary.BigEndian.AppendUint64(nil, crc)
	return base64.StdEncoding.EncodeToString(text[8-len(sums[0]):]), nil
}

func number(raw []byte) uint64 {
	var n uint64
	for _, b := range raw {
		n = n<<8 | uint64(b)
	}
	return n
}

// polynomials of the CRCs, bit-reversed.
var polynomials = map[string]uint64{"CRC32": 0xedb88320, "CRC32C": 0x82f63b78, "CRC64NVME": 0x9a6c9329ac4bc9b5}

// shiftCRC is the CRC after n more bytes that are zero, as far as it depends on the CRC before: a linear map over bits,
// raised to the n-th power by squaring (as zlib's crc32_combine does).
func shiftCRC(algorithm string, crc uint64, n int64) uint64 {
	var step [64]uint64 // what one zero bit makes of each bit
	step[0] = polynomials[algorithm]
	for i := 1; i < 64; i++ {
		step[i] = 1 << (i - 1)
	}
	for bits := n * 8; bits > 0; bits >>= 1 {
		if bits&1 == 1 {
			crc = apply(&step, crc)
		}
		var twice [64]uint64
		for i := range step {
			twice[i] = apply(&step, step[i])
		}
		step = twice
	}
	return crc
}

func apply(m *[64]uint64, v uint64) uint64 {
	var sum uint64
	for i := 0; v != 0; i, v = i+1, v>>1 {
		if v&1 == 1 {
			sum ^= m[i]
		}
	}
	return sum
}
