package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// getObject serves GET and HEAD.
func (a *API) getObject(ctx context.Context, q *request) error {
	var o *object
	var b *bucket
	var body *spool
	var from, n int64
	for {
		var err error
		if o, b, err = a.object(ctx, q); err != nil {
			return a.hide(ctx, q, err)
		}
		if err := readCondition(q.r.Header, o); err != nil {
			return err
		}
		if from, n, err = byteRange(q.r.Header.Get("Range"), o.size); err != nil {
			return err
		}
		if q.r.Method == http.MethodHead {
			break
		}
		body, err = a.content(ctx, o, from, n, defaultChecksum)
		if err == nil {
			defer body.close()
			break
		}
		if !errors.Is(err, errReplaced) {
			return err
		}
	}
	if b.versioning != "" {
		q.Header().Set("X-Amz-Version-Id", o.version)
	}
	o.answer(q, from, n)
	if body == nil {
		return nil
	}
	_, _ = io.Copy(q, body.reader()) // who has gone away reads no error either
	return nil
}

// errReplaced says that an object's bytes went while they were being read: it was overwritten or deleted.
var errReplaced = errors.New("the object was replaced while it was being read")

// content reads a stretch of an object, all of it before a client gets any: no connection to the database waits for one.
func (a *API) content(ctx context.Context, o *object, from, n int64, algorithm string) (*spool, error) {
	s := newSpool(algorithm)
	left, at := n, from
	for _, seg := range o.segments {
		if at >= seg.Size {
			at -= seg.Size
			continue
		}
		take := min(left, seg.Size-at)
		got, err := blob.Read(ctx, a.DB, s, seg.Blob, at, take)
		if err == nil && got < take {
			err = errReplaced
		}
		if err != nil {
			s.close()
			return nil, err
		}
		if left, at = left-take, 0; left == 0 {
			break
		}
	}
	return s, nil
}

// answer writes the head of an answer with n bytes of the object.
func (o *object) answer(q *request, from, n int64) {
	h := q.Header()
	for name, v := range o.headers {
		if !strings.HasPrefix(name, checksumPrefix) && name != tagHeader {
			h.Set(name, v)
		}
	}
	if n := len(o.tags()); n > 0 {
		h.Set("X-Amz-Tagging-Count", strconv.Itoa(n))
	}
	h.Set("Content-Type", o.contentType)
	h.Set("Etag", `"`+o.etag+`"`)
	h.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Length", strconv.FormatInt(n, 10))
	for name, values := range q.query {
		if override, ok := strings.CutPrefix(name, "response-"); ok {
			h.Set(override, values[0])
		}
	}
	if n < o.size {
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, from+n-1, o.size))
		q.WriteHeader(http.StatusPartialContent)
		return
	}
	if strings.EqualFold(q.r.Header.Get("X-Amz-Checksum-Mode"), "ENABLED") {
		o.answerChecksum(h)
	}
	if q.r.Header.Get("Range") != "" && o.size > 0 && validRange(q.r.Header.Get("Range")) {
		h.Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", o.size-1, o.size))
		q.WriteHeader(http.StatusPartialContent)
		return
	}
	q.WriteHeader(http.StatusOK)
}

// readCondition applies the conditions of a read (RFC 9110, in the order of its section 13.2.2; GetObject).
func readCondition(h http.Header, o *object) error {
	modified := o.modified.UTC().Truncate(time.Second)
	if match := h.Get("If-Match"); match != "" {
		if !sameTag(match, o.etag) {
			return failedCondition("If-Match")
		}
	} else if t, err := http.ParseTime(h.Get("If-Unmodified-Since")); err == nil && modified.After(t) {
		return failedCondition("If-Unmodified-Since")
	}
	unchanged := &wire.Error{Status: http.StatusNotModified, Code: "NotModified", Headers: map[string]string{"Etag": `"` + o.etag + `"`,
		"Last-Modified": modified.Format(http.TimeFormat)}}
	if none := h.Get("If-None-Match"); none != "" {
		if sameTag(none, o.etag) {
			return unchanged
		}
	} else if t, err := http.ParseTime(h.Get("If-Modified-Since")); err == nil && !modified.After(t) {
		return unchanged
	}
	return nil
}

// byteRange reads a Range header: the offset and the number of bytes. One that is not understood, several ranges among
// them, is for the whole object.
func byteRange(text string, size int64) (from, n int64, err error) {
	first, last, ok := rangeBounds(text)
	if !ok {
		return 0, size, nil
	}
	refused := &wire.Error{Status: http.StatusRequestedRangeNotSatisfiable, Code: "InvalidRange", Message: "The requested range is not satisfiable",
		Headers: map[string]string{"Content-Range": fmt.Sprintf("bytes */%d", size)},
		Fields:  map[string]string{"RangeRequested": text, "ActualObjectSize": strconv.FormatInt(size, 10)}}
	switch {
	case first < 0 && (last == 0 || size == 0), first >= size && first >= 0:
		return 0, 0, refused
	case first < 0:
		n = min(last, size)
		return size - n, n, nil
	case last < 0:
		last = size - 1
	}
	return first, min(last, size-1) - first + 1, nil
}

func validRange(text string) bool {
	_, _, ok := rangeBounds(text)
	return ok
}

// rangeBounds reads bytes=FIRST-LAST. first is -1 for a suffix of last bytes, last is -1 where it is left out.
func rangeBounds(text string) (first, last int64, ok bool) {
	spec, ok := strings.CutPrefix(text, "bytes=")
	a, b, dash := strings.Cut(spec, "-")
	if !ok || !dash {
		return 0, 0, false
	}
	first, last = -1, -1
	var err1, err2 error
	if a != "" {
		first, err1 = strconv.ParseInt(a, 10, 64)
	}
	if b != "" {
		last, err2 = strconv.ParseInt(b, 10, 64)
	}
	if err1 != nil || err2 != nil || (a == "" && b == "") || (a != "" && b != "" && last < first) || strings.ContainsAny(spec, "+ ,") {
		return 0, 0, false
	}
	return first, last, true
}

// hide makes a missing key a refusal for who may not list the bucket: S3 tells them not even that (GetObject, permissions).
func (a *API) hide(ctx context.Context, q *request, err error) error {
	e, marked := errors.AsType[*wire.Error](err)
	f, ok := errors.AsType[*fault.Error](err)
	if (!ok || f.Detail != "NoSuchKey") && (!marked || e.Code != "NoSuchKey") {
		return err
	}
	if refused := a.may(ctx, q, "s3:ListBucket", q.bucket, ""); refused != nil {
		return refused
	}
	return err
}

// Object reads an object, or with a version that one of it, whole for a service that fetches code for a caller, who must be allowed
// to read it. Errors are in S3's words, as Lambda repeats them; a refusal is a fault of kind Denied.
func (a *API) Object(ctx context.Context, call *wire.Call, bucket, key, version string) ([]byte, error) {
	const words = "S3 Error Code: %s. S3 Error Message: %s"
	b, err := a.bucket(ctx, bucket)
	if err == nil {
		q := call.Question("s3:GetObject", arn.Object(bucket, key))
		if version != "" {
			q.Action = "s3:GetObjectVersion"
			q.Keys["s3:VersionId"] = []string{version}
		}
		q.CalledVia = []string{authz.LambdaService}
		if err := a.require(ctx, b, q); fault.Is(err, fault.Denied) {
			return nil, fault.New(fault.Denied, "Your access has been denied by S3, please make sure your request credentials have permission to GetObject for %s/%s. "+words,
				bucket, key, "AccessDenied", "Access Denied")
		} else if err != nil {
			return nil, err
		}
	}
	if err == nil && version != "" {
		err = checkVersion(version)
	}
	for err == nil {
		var o *object
		if o, err = read(ctx, a.DB, bucket, key, version); err != nil {
			break
		}
		var body *spool
		if body, err = a.content(ctx, o, 0, o.size, defaultChecksum); err == nil {
			defer body.close()
			return io.ReadAll(body.reader())
		}
		if errors.Is(err, errReplaced) {
			err = nil
		}
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return nil, fault.New(fault.Invalid, words, f.Detail, f.Message)
	}
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return nil, fault.New(fault.Invalid, words, e.Code, e.Message)
	}
	return nil, err
}
