package wire_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// store is an S3 that keeps the last object, as a front would: nothing is kept when the body is not what was promised.
type store struct {
	kept             []byte
	length           int64
	bucketHost       string
	algorithm, value string
	headers          http.Header
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := wire.CallFrom(r.Context())
	s.bucketHost, s.headers = call.BucketHost, r.Header
	body, err := wire.DecodeBody(r, call)
	var data []byte
	if err == nil {
		data, err = io.ReadAll(body.Reader)
	}
	if err != nil {
		e, ok := err.(*wire.Error)
		if !ok {
			e = wire.Errorf(500, "InternalError", "%v", err)
		}
		wire.WriteXMLError(w, e, call.RequestID)
		return
	}
	s.kept, s.length = data, body.Length
	s.algorithm, s.value = body.Checksum()
}

func TestPutObject(t *testing.T) {
	ctx := context.Background()
	big := make([]byte, 300_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range big {
		big[i] = byte(r.Uint32())
	}
	for name, setup := range map[string]func(testing.TB, ...wire.Service) *bundle{"http": setup, "https": setupTLS} {
		for _, algorithm := range []types.ChecksumAlgorithm{"", "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"} {
			for size, data := range map[string][]byte{"nothing": {}, "five bytes": []byte("hello"), "300 kB": big} {
				t.Run(fmt.Sprintf("%s over %s with %s arrives as it was sent", size, name, algorithm), func(t *testing.T) {
					s := &store{}
					b := setup(t, wire.Service{API: wire.S3API(), Handler: s})
					_, err := b.s3().PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"),
						Body: bytes.NewReader(data), ChecksumAlgorithm: algorithm})
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(s.kept, data) || s.length != int64(len(data)) {
						t.Errorf("got %d bytes of length %d", len(s.kept), s.length)
					}
					want := algorithm
					if want == "" {
						want = "CRC32"
					}
					h := wire.NewChecksum(string(want))
					h.Write(data)
					if s.algorithm != string(want) || s.value != base64.StdEncoding.EncodeToString(h.Sum(nil)) {
						t.Errorf("got %s %s", s.algorithm, s.value)
					}
				})
			}
		}
	}
	t.Run("https frames its bodies, or this test shows nothing", func(t *testing.T) {
		s := &store{}
		b := setupTLS(t, wire.Service{API: wire.S3API(), Handler: s})
		if _, err := b.s3().PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
		if got := s.headers.Get("X-Amz-Content-Sha256"); got != "STREAMING-UNSIGNED-PAYLOAD-TRAILER" {
			t.Error(got)
		}
	})
	t.Run("the bucket may be in the host", func(t *testing.T) {
		s := &store{}
		b := setup(t, wire.Service{API: wire.S3API(), Handler: s})
		client := s3.NewFromConfig(b.config(permanent), func(o *s3.Options) {
			o.BaseEndpoint = aws.String(strings.Replace(b.http.URL, "127.0.0.1", "s3.localhost", 1))
			o.HTTPClient = toLoopback{b.http.Client()}
		})
		if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("my-bucket"), Key: aws.String("k"), Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
		if s.bucketHost != "my-bucket" {
			t.Errorf("got %q", s.bucketHost)
		}
	})
}

// toLoopback sends what is addressed to a name below localhost to 127.0.0.1, as resolvers do.
type toLoopback struct{ client *http.Client }

func (l toLoopback) Do(r *http.Request) (*http.Response, error) {
	r.Host = r.URL.Host
	r.URL.Host = "127.0.0.1:" + r.URL.Port()
	return l.client.Do(r)
}

func TestBrokenBodies(t *testing.T) {
	s := &store{}
	b := setup(t, wire.Service{API: wire.S3API(), Handler: s})
	put := func(t *testing.T, body string, h map[string]string) *http.Response {
		t.Helper()
		r, err := http.NewRequest("PUT", b.http.URL+"/b/k", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range h {
			r.Header.Set(name, value)
		}
		hash := r.Header.Get("X-Amz-Content-Sha256")
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		if err := signer.SignHTTP(context.Background(), permanent, r, hash, "s3", "eu-west-1", clock.Wall()); err != nil {
			t.Fatal(err)
		}
		s.kept = nil
		return b.do(t, r)
	}
	trailer := func(decoded string) map[string]string {
		return map[string]string{"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length": decoded, "X-Amz-Trailer": "x-amz-checksum-crc32"}
	}
	sum := sha256.Sum256([]byte("hello"))
	for _, test := range []struct {
		name, body string
		headers    map[string]string
		status     int
		part       string
	}{
		{"a framed body", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", trailer("5"), 200, ""},
		{"a framed body in two chunks, its end without a blank line", "2\r\nhe\r\n3\r\nllo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n", trailer("5"), 200, ""},
		{"a wrong checksum in the trailer", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", trailer("5"), 400, "BadDigest"},
		{"a trailer that is missing", "5\r\nhello\r\n0\r\n\r\n", trailer("5"), 400, "MalformedTrailerError"},
		{"a trailer that is no header", "5\r\nhello\r\n0\r\nrubbish\r\n\r\n", trailer("5"), 400, "MalformedTrailerError"},
		{"a body shorter than declared", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", trailer("6"), 400, "IncompleteBody"},
		{"a body longer than declared", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", trailer("4"), 400, "IncompleteBody"},
		{"a body that ends in a chunk", "5\r\nhel", trailer("5"), 400, "IncompleteBody"},
		{"a chunk without its end", "5\r\nhelloX\r\n", trailer("5"), 400, "IncompleteBody"},
		{"a size that is no number", "-5\r\nhello\r\n", trailer("5"), 400, "IncompleteBody"},
		{"a framed body without its length", "0\r\n\r\n", trailer(""), 411, "MissingContentLength"},
		{"a framing that is not known", "", map[string]string{"X-Amz-Content-Sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "X-Amz-Decoded-Content-Length": "0"}, 501, "NotImplemented"},
		{"a plain body with its hash", "hello", map[string]string{"X-Amz-Content-Sha256": hex.EncodeToString(sum[:])}, 200, ""},
		{"a plain body with another's hash", "hellO", map[string]string{"X-Amz-Content-Sha256": hex.EncodeToString(sum[:])}, 400, "XAmzContentSHA256Mismatch"},
		{"a wrong checksum in a header", "hello", map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "X-Amz-Checksum-Crc32": "AAAAAA=="}, 400, "BadDigest"},
		{"a checksum that is none", "hello", map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "X-Amz-Checksum-Crc32": "AAAA"}, 400, "InvalidRequest"},
		{"two checksums", "hello", map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "X-Amz-Checksum-Crc32": "NhCmhg==", "X-Amz-Checksum-Crc32c": "mnG7TA=="}, 400, "Multiple checksum"},
		{"an unknown checksum", "hello", map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "X-Amz-Checksum-Crc16": "AAA="}, 400, "does not compute"},
		{"a right MD5", "hello", map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "Content-Md5": "XUFAKrxLKna5cZ2REBfFkg=="}, 200, ""},
		{"a wrong MD5", "hellO", map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "Content-Md5": "XUFAKrxLKna5cZ2REBfFkg=="}, 400, "BadDigest"},
		{"an MD5 that is none", "hello", map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "Content-Md5": "XUFA"}, 400, "InvalidDigest"},
	} {
		t.Run(fmt.Sprintf("%s: %d %s", test.name, test.status, test.part), func(t *testing.T) {
			wantBody(t, put(t, test.body, test.headers), test.status, test.part)
			if (test.status == 200) != (string(s.kept) == "hello") {
				t.Errorf("kept %q", s.kept)
			}
		})
	}
}

// TestSignedChunks frames a body as the S3 reference describes, with signatures of chunks and trailer, and breaks each.
func TestSignedChunks(t *testing.T) {
	s := &store{}
	b := setup(t, wire.Service{API: wire.S3API(), Handler: s})
	send := func(t *testing.T, withTrailer bool, spoil func(string) string) *http.Response {
		t.Helper()
		now := clock.Wall()
		declared := "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
		r, _ := http.NewRequest("PUT", b.http.URL+"/b/k", nil)
		r.Header.Set("X-Amz-Decoded-Content-Length", "11")
		if withTrailer {
			declared += "-TRAILER"
			r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32c")
		}
		r.Header.Set("X-Amz-Content-Sha256", declared)
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		if err := signer.SignHTTP(context.Background(), permanent, r, declared, "s3", "eu-west-1", now); err != nil {
			t.Fatal(err)
		}
		_, seed, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
		f := &framer{at: now, previous: seed}
		body := f.chunk("hello ") + f.chunk("world") + f.chunk("")
		if withTrailer {
			body = strings.TrimSuffix(body, "\r\n") + f.trailer("x-amz-checksum-crc32c:yZRlqg==")
		}
		body = spoil(body)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		s.kept = nil
		return b.do(t, r)
	}
	as := func(s string) string { return s }
	for _, withTrailer := range []bool{false, true} {
		t.Run(fmt.Sprintf("signed chunks are taken, trailer %v", withTrailer), func(t *testing.T) {
			wantBody(t, send(t, withTrailer, as), 200, "")
			if string(s.kept) != "hello world" {
				t.Errorf("kept %q", s.kept)
			}
		})
		t.Run(fmt.Sprintf("a changed chunk is refused, trailer %v", withTrailer), func(t *testing.T) {
			wantBody(t, send(t, withTrailer, func(s string) string { return strings.Replace(s, "world", "w0rld", 1) }), 403, "SignatureDoesNotMatch")
			if s.kept != nil {
				t.Errorf("kept %q", s.kept)
			}
		})
	}
	t.Run("a trailer without its signature is refused", func(t *testing.T) {
		wantBody(t, send(t, true, func(s string) string {
			body, _, _ := strings.Cut(s, "x-amz-trailer-signature")
			return body + "\r\n"
		}), 403, "SignatureDoesNotMatch")
	})
	t.Run("a changed trailer is refused", func(t *testing.T) {
		wantBody(t, send(t, true, func(s string) string { return strings.Replace(s, "yZRlqg", "yZRlqq", 1) }), 403, "SignatureDoesNotMatch")
	})
	t.Run("chunks without signatures are refused", func(t *testing.T) {
		wantBody(t, send(t, false, func(string) string { return "b\r\nhello world\r\n0\r\n\r\n" }), 403, "SignatureDoesNotMatch")
	})
}

// framer signs chunks with the secret of the permanent key.
type framer struct {
	at       time.Time
	previous string
}

func (f *framer) sign(kind string, lines ...string) string {
	key := []byte("AWS4" + permanent.SecretAccessKey)
	for _, part := range []string{f.at.Format("20060102"), "eu-west-1", "s3", "aws4_request"} {
		key = mac(key, part)
	}
	text := strings.Join(append([]string{kind, f.at.Format("20060102T150405Z"), f.at.Format("20060102") + "/eu-west-1/s3/aws4_request", f.previous}, lines...), "\n")
	f.previous = hex.EncodeToString(mac(key, text))
	return f.previous
}

func (f *framer) chunk(data string) string {
	signature := f.sign("AWS4-HMAC-SHA256-PAYLOAD", hexSum(""), hexSum(data))
	return fmt.Sprintf("%x;chunk-signature=%s\r\n%s\r\n", len(data), signature, data)
}

func (f *framer) trailer(line string) string {
	signature := f.sign("AWS4-HMAC-SHA256-TRAILER", hexSum(line+"\n"))
	return line + "\r\nx-amz-trailer-signature:" + signature + "\r\n\r\n"
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestChecksum(t *testing.T) {
	t.Run("CRC64NVME has the check value of its catalogue entry", func(t *testing.T) {
		h := wire.NewChecksum("CRC64NVME")
		h.Write([]byte("123456789"))
		if got := hex.EncodeToString(h.Sum(nil)); got != "ae8b14860a799888" {
			t.Error(got)
		}
	})
}

func TestBucketOf(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1:4566": "", "[::1]:4566": "", "localhost:4566": "", "s3.localhost:4566": "", "s3.us-east-1.localhost": "",
		"b.localhost": "b", "b.s3.localhost:4566": "b", "my.bucket.s3.eu-west-1.localhost:4566": "my.bucket",
		"b.s3.amazonaws.com": "b", "b.s3-eu-west-1.amazonaws.com": "b", "b.s3.dualstack.eu-west-1.amazonaws.com": "b",
		"sim.example": "", "b.sim.example:80": "b", "elsewhere.example": "",
	} {
		if got := wire.BucketOf(host, []string{"sim.example"}); got != want {
			t.Errorf("%s: got %q, want %q", host, got, want)
		}
	}
}
