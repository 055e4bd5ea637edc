package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// Payload hashes that are not hashes.
const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	emptyHash       = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	amzDate         = "20060102T150405Z"
	algorithm       = "AWS4-HMAC-SHA256"
)

// MaxSkew is how far a signature's date may be from now.
const MaxSkew = 15 * time.Minute

// signature is a Signature Version 4 as a request carries it (AWS General Reference, Signature Version 4), in the
// Authorization header or in the query (presigned).
type signature struct {
	keyID, date, region, service string // of the credential scope
	headers                      []string
	value                        string
	presigned                    bool
	expires                      time.Duration // presigned: after at
	at                           time.Time
	token                        string
	seed                         []byte // the signing key, once verified: chunks are signed with it
}

// errors of reading a signature; the server words them as the service does.
var (
	errUnsigned   = errors.New("the request is not signed")
	errIncomplete = errors.New("the signature is incomplete")
)

// readSignature finds the signature of a request.
func readSignature(r *http.Request) (*signature, error) {
	if q := r.URL.Query(); q.Get("X-Amz-Signature") != "" || q.Get("X-Amz-Credential") != "" {
		return presignedSignature(q)
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, errUnsigned
	}
	fields, ok := strings.CutPrefix(header, algorithm)
	if !ok {
		return nil, errIncomplete
	}
	s := &signature{token: r.Header.Get("X-Amz-Security-Token")}
	for _, part := range strings.Split(fields, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			s.scope(value)
		case "SignedHeaders":
			s.headers = strings.Split(value, ";")
		case "Signature":
			s.value = value
		}
	}
	at, err := time.Parse(amzDate, r.Header.Get("X-Amz-Date"))
	if err != nil {
		at, err = http.ParseTime(r.Header.Get("Date"))
	}
	if s.at = at; err != nil || s.keyID == "" || s.value == "" || len(s.headers) == 0 {
		return nil, errIncomplete
	}
	return s, nil
}

func presignedSignature(q url.Values) (*signature, error) {
	s := &signature{presigned: true, value: q.Get("X-Amz-Signature"), token: q.Get("X-Amz-Security-Token"),
		headers: strings.Split(q.Get("X-Amz-SignedHeaders"), ";")}
	s.scope(q.Get("X-Amz-Credential"))
	at, err := time.Parse(amzDate, q.Get("X-Amz-Date"))
	seconds, err2 := strconv.Atoi(q.Get("X-Amz-Expires"))
	if err != nil || err2 != nil || seconds < 0 || seconds > 604800 || s.keyID == "" || q.Get("X-Amz-Algorithm") != algorithm {
		return nil, errIncomplete
	}
	s.at, s.expires = at, time.Duration(seconds)*time.Second
	return s, nil
}

// scope reads KEY/DATE/REGION/SERVICE/aws4_request.
func (s *signature) scope(credential string) {
	if p := strings.Split(credential, "/"); len(p) == 5 && p[4] == "aws4_request" {
		s.keyID, s.date, s.region, s.service = p[0], p[1], p[2], p[3]
	}
}

// verdicts of checking a signature.
var (
	errMismatch = errors.New("the signature does not match")
	errSkewed   = errors.New("the signature's date is too far from now")
	errExpired  = errors.New("the presigned request has expired")
)

// verify checks the signature with the secret. payload is the hash that was signed.
func (s *signature) verify(r *http.Request, secret, payload string) error {
	now := clock.Wall()
	switch {
	case s.presigned && now.After(s.at.Add(s.expires)):
		return errExpired
	case now.Sub(s.at).Abs() > MaxSkew && (!s.presigned || s.at.After(now)):
		return errSkewed
	}
	s.seed = signingKey(secret, s.date, s.region, s.service)
	sum := sha256.Sum256([]byte(s.canonicalRequest(r, payload)))
	text := strings.Join([]string{algorithm, s.at.Format(amzDate), s.scopeText(), hex.EncodeToString(sum[:])}, "\n")
	if !hmac.Equal([]byte(hex.EncodeToString(sign(s.seed, text))), []byte(s.value)) {
		return errMismatch
	}
	return nil
}

func (s *signature) scopeText() string {
	return s.date + "/" + s.region + "/" + s.service + "/aws4_request"
}

func (s *signature) canonicalRequest(r *http.Request, payload string) string {
	var headers strings.Builder
	for _, name := range s.headers {
		headers.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	return strings.Join([]string{r.Method, s.canonicalPath(r), canonicalQuery(r.URL.RawQuery), headers.String(),
		strings.Join(s.headers, ";"), payload}, "\n")
}

func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	case "transfer-encoding":
		return strings.Join(r.TransferEncoding, ",")
	}
	values := r.Header.Values(name)
	for i, v := range values {
		values[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(values, ",")
}

// canonicalPath is the path as it came; every service but S3 escapes it once more.
func (s *signature) canonicalPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if i := strings.Index(path, "://"); i >= 0 { // absolute form
		path = r.URL.EscapedPath()
	}
	if path == "" {
		path = "/"
	}
	if s.service == "s3" {
		return path
	}
	return escape(path, true)
}

// canonicalQuery sorts the parameters and escapes them anew; the signature itself is not signed.
func canonicalQuery(raw string) string {
	if raw == "" {
		return ""
	}
	var list [][2]string
	for _, pair := range strings.Split(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil || pair == "" || n == "X-Amz-Signature" {
			continue
		}
		list = append(list, [2]string{escape(n, false), escape(v, false)})
	}
	slices.SortFunc(list, func(x, y [2]string) int {
		if c := strings.Compare(x[0], y[0]); c != 0 {
			return c
		}
		return strings.Compare(x[1], y[1])
	})
	parts := make([]string, len(list))
	for i, p := range list {
		parts[i] = p[0] + "=" + p[1]
	}
	return strings.Join(parts, "&")
}

// escape percent-encodes all but unreserved characters, and slashes where they are kept.
func escape(s string, slashes bool) string {
	const hexdigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0, c == '/' && slashes:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hexdigits[c>>4], hexdigits[c&15]})
		}
	}
	return b.String()
}

func signingKey(secret, date, region, service string) []byte {
	key := sign([]byte("AWS4"+secret), date)
	return sign(sign(sign(key, region), service), "aws4_request")
}

func sign(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hashHex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
