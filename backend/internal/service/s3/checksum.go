package s3

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// nvme is the polynomial of CRC-64/NVME, reversed.
var nvme = crc64.MakeTable(0x9a6c9329ac4bc9b5)

// checksums are the algorithms of x-amz-checksum-… .
var checksums = map[string]func([]byte) []byte{
	"crc32": func(b []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) },
	"crc32c": func(b []byte) []byte {
		return binary.BigEndian.AppendUint32(nil, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	},
	"crc64nvme": func(b []byte) []byte { return binary.BigEndian.AppendUint64(nil, crc64.Checksum(b, nvme)) },
	"sha1":      func(b []byte) []byte { s := sha1.Sum(b); return s[:] },
	"sha256":    func(b []byte) []byte { s := sha256.Sum256(b); return s[:] },
}

// checkChecksums holds a body to the checksums that its headers or its trailer give.
func checkChecksums(data []byte, sets ...http.Header) error {
	for name, sum := range checksums {
		for _, h := range sets {
			given := h.Get("X-Amz-Checksum-" + name)
			if given != "" && given != base64.StdEncoding.EncodeToString(sum(data)) {
				return wire.Errorf(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", strings.ToUpper(name))
			}
		}
	}
	return nil
}
