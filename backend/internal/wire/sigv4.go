package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// Payload hashes that are not hashes.
const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	emptyHash       = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	amzDate         = "20060102T150405Z"
	algorithm       = "AWS4-HMAC-SHA256"
	authority       = ":authority" // what a request of HTTP/2 has for Host: the SDK for JavaScript signs it
)

// How far a signature's date may be from now: S3 allows more than the others (Troubleshooting Signature Version 4; S3 error
// RequestTimeTooSkewed).
const (
	maxSkew   = 5 * time.Minute
	maxSkewS3 = 15 * time.Minute
)

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

// errMechanism is a signature of version 2, which AWS itself accepts in its oldest regions only.
var errMechanism = errors.New("the request is signed with Signature Version 2; lambdasim verifies version 4 (in ~/.aws/config: s3 = signature_version = s3v4)")

// errUnsigned and incompleteError come of reading a signature; the server words them as the service does.
var errUnsigned = errors.New("the request is not signed")

// incompleteError says what a signature lacks.
type incompleteError string

func (e incompleteError) Error() string { return string(e) }

// readSignature finds the signature of a request. It is returned with the error as well, as far as it can be read.
func readSignature(r *http.Request) (*signature, error) {
	if strings.Contains(r.URL.RawQuery, "X-Amz-") {
		if q := r.URL.Query(); q.Get("X-Amz-Signature") != "" || q.Get("X-Amz-Credential") != "" {
			return presignedSignature(q)
		}
	}
	if strings.Contains(r.URL.RawQuery, "AWSAccessKeyId=") {
		return nil, errMechanism // Signature Version 2, in the query
	}
	header := r.Header.Get("Authorization")
	if strings.HasPrefix(header, "AWS ") {
		return nil, errMechanism
	}
	if header == "" {
		return nil, errUnsigned
	}
	fields, ok := strings.CutPrefix(header, algorithm)
	if !ok {
		scheme, _, _ := strings.Cut(header, " ")
		return nil, incompleteError(fmt.Sprintf("Authorization: the scheme is %.40q; lambdasim verifies %s", scheme, algorithm))
	}
	s := &signature{token: r.Header.Get("X-Amz-Security-Token")}
	for part := range strings.SplitSeq(fields, ",") {
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
	if err != nil {
		return s, incompleteError("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	s.at = at
	return s, s.complete("Authorization header")
}

func presignedSignature(q url.Values) (*signature, error) {
	s := &signature{presigned: true, value: q.Get("X-Amz-Signature"), token: q.Get("X-Amz-Security-Token"),
		headers: strings.Split(q.Get("X-Amz-SignedHeaders"), ";")}
	s.scope(q.Get("X-Amz-Credential"))
	if q.Get("X-Amz-Algorithm") != algorithm {
		return s, incompleteError("X-Amz-Algorithm only supports \"" + algorithm + "\"")
	}
	at, err := time.Parse(amzDate, q.Get("X-Amz-Date"))
	if err != nil {
		return s, incompleteError("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
	}
	expires := q.Get("X-Amz-Expires")
	if expires == "" && s.service != "s3" {
		expires = defaultExpires
	}
	seconds, err := strconv.Atoi(expires)
	if err != nil || seconds < 0 || seconds > maxExpires {
		return s, incompleteError(fmt.Sprintf("X-Amz-Expires must be a number of seconds from 0 to %d (a week)", maxExpires))
	}
	s.at, s.expires = at, time.Duration(seconds)*time.Second
	return s, s.complete("query")
}

// How long a presigned request may be valid, in seconds: a week. Where it does not say (STS's GetCallerIdentity, as clients
// presign it) it is a quarter of an hour.
const (
	maxExpires     = 604800
	defaultExpires = "900"
)

// complete reports what a signature lacks.
func (s *signature) complete(where string) error {
	switch {
	case s.keyID == "":
		return incompleteError(where + " requires 'Credential' parameter, as KEY/DATE/REGION/SERVICE/aws4_request.")
	case s.value == "":
		return incompleteError(where + " requires 'Signature' parameter.")
	case !slices.Contains(s.headers, "host") && !slices.Contains(s.headers, authority):
		return incompleteError("'Host' must be a 'SignedHeader' in the " + where + ".")
	}
	return nil
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
	errExpired  = errors.New("the presigned request has expired")
)

// skewError is a signature whose date is too far from now.
type skewError struct {
	at, now time.Time
	most    time.Duration
}

func (e skewError) Error() string {
	minutes := int(e.most.Minutes())
	now := e.now.Format(amzDate)
	if e.at.Before(e.now) {
		return fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %d min.)", e.at.Format(amzDate), e.now.Add(-e.most).Format(amzDate), now, minutes)
	}
	return fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %d min.)", e.at.Format(amzDate), e.now.Add(e.most).Format(amzDate), now, minutes)
}

// unsignedHeadersError is S3's: headers that change what a request does must be signed.
type unsignedHeadersError []string

func (e unsignedHeadersError) Error() string {
	return "There were headers present in the request which were not signed"
}

// verify checks the signature with the secret. payload is the hash that was signed. The dates are real ones, whatever the
// simulator's clock shows: clients sign with theirs.
func (s *signature) verify(r *http.Request, secret, payload string) error {
	if err := s.current(clock.Wall()); err != nil {
		return err
	}
	if s.date != s.at.Format("20060102") {
		return incompleteError(fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s'", s.date, s.at.Format("20060102")))
	}
	if list := s.unsignedHeaders(r); len(list) > 0 {
		return unsignedHeadersError(list)
	}
	s.seed = signingKey(secret, s.date, s.region, s.service)
	for _, path := range s.canonicalPaths(r) {
		sum := sha256.Sum256([]byte(s.canonicalRequest(r, path, payload)))
		text := strings.Join([]string{algorithm, s.at.Format(amzDate), s.scopeText(), hex.EncodeToString(sum[:])}, "\n")
		if hmac.Equal([]byte(hex.EncodeToString(sign(s.seed, text))), []byte(s.value)) {
			return nil
		}
	}
	return errMismatch
}

// current checks the dates of a signature.
func (s *signature) current(now time.Time) error {
	most := maxSkew
	if s.service == "s3" {
		most = maxSkewS3
	}
	switch {
	case s.presigned && now.After(s.at.Add(s.expires)):
		return errExpired
	case s.at.Sub(now) > most, !s.presigned && now.Sub(s.at) > most:
		return skewError{s.at, now, most}
	}
	return nil
}

// unsignedHeaders lists the x-amz- headers that S3 wants signed and that are not.
func (s *signature) unsignedHeaders(r *http.Request) []string {
	if s.service != "s3" {
		return nil
	}
	var list []string
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && name != "x-amz-content-sha256" && !slices.Contains(s.headers, name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

func (s *signature) scopeText() string {
	return s.date + "/" + s.region + "/" + s.service + "/aws4_request"
}

func (s *signature) canonicalRequest(r *http.Request, path, payload string) string {
	var headers strings.Builder
	for _, name := range s.headers {
		headers.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	return strings.Join([]string{r.Method, path, canonicalQuery(r.URL.RawQuery), headers.String(),
		strings.Join(s.headers, ";"), payload}, "\n")
}

func headerValue(r *http.Request, name string) string {
	switch name {
	case "host", authority:
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	case "transfer-encoding":
		return strings.Join(r.TransferEncoding, ",")
	}
	values := slices.Clone(r.Header.Values(name)) // the handler reads the headers as they came
	for i, v := range values {
		values[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(values, ",")
}

// canonicalPaths lists the forms in which clients sign a path. S3's is escaped once: as it came, or, where a client sends
// characters bare that the signature escapes, escaped anew. Every other service's is escaped twice, and some clients take
// dots and doubled slashes out first.
func (s *signature) canonicalPaths(r *http.Request) []string {
	sent, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(sent, "/") { // absolute form, or a request that did not come over the network
		sent = r.URL.EscapedPath()
	}
	if sent == "" {
		sent = "/"
	}
	if s.service == "s3" {
		return distinct(sent, escape(unescape(sent), true))
	}
	clean := path.Clean(sent)
	if strings.HasSuffix(sent, "/") && clean != "/" {
		clean += "/"
	}
	return distinct(escape(sent, true), escape(clean, true))
}

func distinct(a, b string) []string {
	if a == b {
		return []string{a}
	}
	return []string{a, b}
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

// scoped is what a signing key is derived from.
type scoped struct{ secret, date, region, service string }

// signingKeys are the keys derived lately: deriving one takes as long as all else of a verification. A client signs a day's
// requests to a service with one key.
var signingKeys struct {
	sync.RWMutex
	known map[scoped][]byte
}

// mostSigningKeys bounds them; beyond, all are forgotten.
const mostSigningKeys = 1024

// signingKey derives the key of a scope (SigV4, "Derive a signing key"). It must not be changed.
func signingKey(secret, date, region, service string) []byte {
	scope := scoped{secret, date, region, service}
	signingKeys.RLock()
	key := signingKeys.known[scope]
	signingKeys.RUnlock()
	if key != nil {
		return key
	}
	key = sign([]byte("AWS4"+secret), date)
	key = sign(sign(sign(key, region), service), "aws4_request")
	signingKeys.Lock()
	defer signingKeys.Unlock()
	if signingKeys.known == nil || len(signingKeys.known) >= mostSigningKeys {
		signingKeys.known = map[scoped][]byte{}
	}
	signingKeys.known[scope] = key
	return key
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
