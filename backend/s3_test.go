package backend_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// refused fails the test unless err is AWS's error with the code.
func refused(t *testing.T, err error, code string) smithy.APIError {
	t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != code {
		t.Fatalf("want the error %s, got %v", code, err)
	}
	return e
}

func (b *bundle) bucket(t *testing.T, name string) {
	t.Helper()
	if _, err := b.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
}

func (c *clients) put(t *testing.T, bucket, key, text string) *s3.PutObjectOutput {
	t.Helper()
	out, err := c.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (c *clients) get(t *testing.T, bucket, key string) []byte {
	t.Helper()
	out, err := c.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// noise is n bytes that do not repeat.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestS3SubresourcesThatAreNotSimulatedTouchNothing(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.bucket(t, "empty")
	b.put(t, "plain", "k", "content")
	ctx, plain, empty, key := t.Context(), aws.String("plain"), aws.String("empty"), aws.String("k")
	for name, call := range map[string]func() error{
		"GET object ?attributes": func() error {
			_, err := b.s3.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: plain, Key: key, ObjectAttributes: []s3types.ObjectAttributes{"ETag"}})
			return err
		},
		"GET object ?partNumber": func() error {
			_, err := b.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: plain, Key: key, PartNumber: aws.Int32(1)})
			return err
		},
		"GET bucket ?replication": func() error {
			_, err := b.s3.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: plain})
			return err
		},
		"DELETE bucket ?replication": func() error {
			_, err := b.s3.DeleteBucketReplication(ctx, &s3.DeleteBucketReplicationInput{Bucket: empty})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { refused(t, call(), "NotImplemented") })
	}
	if _, err := b.s3.DeleteBucketTagging(ctx, &s3.DeleteBucketTaggingInput{Bucket: empty}); err != nil {
		t.Error(err)
	}
	if _, err := b.s3.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: plain, Key: key, Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}}); err != nil {
		t.Error(err)
	}
	if got := b.get(t, "plain", "k"); string(got) != "content" {
		t.Errorf("the object is %q now", got)
	}
	list, err := b.s3.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil || len(list.Buckets) != 2 {
		t.Errorf("there are %d buckets (%v)", len(list.Buckets), err)
	}
}

// send signs a request by hand for one path and query and sends it with another query, for what no SDK sends.
func (b *bundle) send(t *testing.T, method, path, query string) (int, string) {
	t.Helper()
	req := signed(t, method, b.b.URL()+path, "s3", "test", "test")
	if query != "" {
		req.URL.RawQuery = query
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestS3AQueryThatCannotBeReadIsNotTakenForNone(t *testing.T) {
	b := setup(t)
	b.bucket(t, "empty")
	b.bucket(t, "plain")
	b.put(t, "plain", "k", "content")
	for _, c := range [][2]string{{"/empty?tagging%3Bx=", "tagging;x"}, {"/empty", "tagging=%zz"}, {"/plain/k?tagging%3Bx=", "tagging;x"},
		{"/plain/k?acl=&tagging=", ""}, {"/plain/%00", ""}, {"/plain/%ff%fe", ""}} {
		if status, body := b.send(t, http.MethodDelete, c[0], c[1]); status != http.StatusBadRequest {
			t.Errorf("DELETE %s (%s): %d %s", c[0], c[1], status, body)
		}
	}
	if got := b.get(t, "plain", "k"); string(got) != "content" {
		t.Errorf("the object is %q now", got)
	}
	if _, err := b.s3.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("empty")}); err != nil {
		t.Error(err)
	}
}

func TestS3HeadersThatAreNotSimulatedAreRefusedByName(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	for name, in := range map[string]*s3.PutObjectInput{
		"x-amz-storage-class":          {StorageClass: s3types.StorageClassGlacier},
		"x-amz-server-side-encryption": {ServerSideEncryption: s3types.ServerSideEncryptionAwsKms},
		"x-amz-acl":                    {ACL: s3types.ObjectCannedACLPublicRead},
		"x-amz-grant-read":             {GrantRead: aws.String("id=1")},
	} {
		in.Bucket, in.Key, in.Body = aws.String("plain"), aws.String("k"), strings.NewReader("x")
		_, err := b.s3.PutObject(t.Context(), in)
		if e := refused(t, err, "NotImplemented"); !strings.Contains(e.ErrorMessage(), name) {
			t.Errorf("the message %q does not name %s", e.ErrorMessage(), name)
		}
	}
	_, err := b.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("locked"), ObjectLockEnabledForBucket: aws.Bool(true)})
	refused(t, err, "NotImplemented")
}

// behindTLS is an S3 client of the backend through TLS, where the SDK sends aws-chunked bodies with a checksum in the trailer.
func (b *bundle) behindTLS(t *testing.T) *s3.Client {
	t.Helper()
	to, err := url.Parse(b.b.URL())
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		r.Out.URL.RawPath = r.In.URL.RawPath
	}})
	t.Cleanup(front.Close)
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: &front.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: sdkhttp.Client(&http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}), RetryMaxAttempts: 1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported}
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

func TestS3StoresNoFramingOfATrailer(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	secure := b.behindTLS(t)
	data := noise(3 << 20)
	_, err := secure.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("plain"), Key: aws.String("k"), Body: bytes.NewReader(data), ContentEncoding: aws.String("gzip")})
	if err != nil {
		t.Fatal(err)
	}
	head, err := b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("plain"), Key: aws.String("k"), ChecksumMode: s3types.ChecksumModeEnabled})
	if err != nil {
		t.Fatal(err)
	}
	sum := crc32.ChecksumIEEE(data)
	want := base64.StdEncoding.EncodeToString([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	if *head.ContentEncoding != "gzip" || *head.ContentLength != int64(len(data)) || aws.ToString(head.ChecksumCRC32) != want {
		t.Errorf("head: encoding %q, length %d, CRC32 %q", *head.ContentEncoding, *head.ContentLength, aws.ToString(head.ChecksumCRC32))
	}
	if !bytes.Equal(b.get(t, "plain", "k"), data) {
		t.Error("the object is not what was put")
	}
}

func TestS3RefusesAWrongChecksum(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("plain"), Key: aws.String("k"), Body: strings.NewReader("x"),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(make([]byte, 32)))})
	refused(t, err, "BadDigest")
	_, err = b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("plain"), Key: aws.String("k"), Body: strings.NewReader("x"),
		ContentMD5: aws.String(base64.StdEncoding.EncodeToString(make([]byte, 16)))})
	refused(t, err, "BadDigest")
	_, err = b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("plain"), Key: aws.String("k")})
	refused(t, err, "NotFound")
}

func TestS3PresignedRequests(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.put(t, "plain", "k", "content")
	presign := s3.NewPresignClient(b.s3)
	fetch := func(t *testing.T, u string) (int, string) {
		t.Helper()
		res, err := http.Get(u)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	good, err := presign.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("plain"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	if status, body := fetch(t, good.URL); status != 200 || body != "content" {
		t.Errorf("a presigned GET: %d %s", status, body)
	}
	if status, body := fetch(t, strings.Replace(good.URL, "/k?", "/other?", 1)); status != 403 || !strings.Contains(body, "SignatureDoesNotMatch") {
		t.Errorf("another key with the signature: %d %s", status, body)
	}
	old, err := presign.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("plain"), Key: aws.String("k")}, func(o *s3.PresignOptions) {
		o.Expires = time.Second
		o.Presigner = past{o.Presigner}
	})
	if err != nil {
		t.Fatal(err)
	}
	if status, body := fetch(t, old.URL); status != 403 || !strings.Contains(body, "Request has expired") {
		t.Errorf("an expired URL: %d %s", status, body)
	}
	tagged, err := presign.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("plain"), Key: aws.String("k"), Tagging: aws.String("a=b")})
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest(tagged.Method, tagged.URL, strings.NewReader("other"))
	for name, values := range tagged.SignedHeader {
		req.Header[name] = values
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	tags, err := b.s3.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: aws.String("plain"), Key: aws.String("k")})
	if err != nil || res.StatusCode != 200 || len(tags.TagSet) != 1 || *tags.TagSet[0].Value != "b" {
		t.Errorf("a presigned PUT with tags in the query: %d, %v %v", res.StatusCode, tags, err)
	}
	if status, body := fetch(t, b.b.URL()+"/plain/k?AWSAccessKeyId=test&Signature=x&Expires=2000000000"); status != 400 || !strings.Contains(body, "Please use AWS4-HMAC-SHA256") {
		t.Errorf("Signature Version 2: %d %s", status, body)
	}
}

// past presigns as if it were an hour ago.
type past struct{ s3.HTTPPresignerV4 }

func (p past) PresignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, at time.Time, o ...func(*v4.SignerOptions)) (string, http.Header, error) {
	return p.HTTPPresignerV4.PresignHTTP(ctx, c, r, hash, service, region, at.Add(-time.Hour), o...)
}

func TestS3ConditionsAndRanges(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	etag := *b.put(t, "plain", "k", "0123456789").ETag
	get := func(in *s3.GetObjectInput) (string, error) {
		in.Bucket, in.Key = aws.String("plain"), aws.String("k")
		out, err := b.s3.GetObject(t.Context(), in)
		if err != nil {
			return "", err
		}
		defer out.Body.Close()
		body, err := io.ReadAll(out.Body)
		return string(body) + aws.ToString(out.ContentRange), err
	}
	_, err := get(&s3.GetObjectInput{IfMatch: aws.String(`"no"`)})
	refused(t, err, "PreconditionFailed")
	if _, err := get(&s3.GetObjectInput{IfMatch: &etag}); err != nil {
		t.Error(err)
	}
	_, err = get(&s3.GetObjectInput{IfNoneMatch: &etag})
	refused(t, err, "NotModified")
	for given, want := range map[string]string{"bytes=2-4": "234bytes 2-4/10", "bytes=7-": "789bytes 7-9/10", "bytes=-2": "89bytes 8-9/10",
		"bytes=0-99": "0123456789bytes 0-9/10", "bytes=4-2": "0123456789", "lines=1-2": "0123456789", "bytes=0-1,3-4": "0123456789"} {
		if got, err := get(&s3.GetObjectInput{Range: &given}); err != nil || got != want {
			t.Errorf("%s: %q (%v), want %q", given, got, err, want)
		}
	}
	_, err = get(&s3.GetObjectInput{Range: aws.String("bytes=10-")})
	refused(t, err, "InvalidRange")

	put := func(key string, in *s3.PutObjectInput) error {
		in.Bucket, in.Key, in.Body = aws.String("plain"), &key, strings.NewReader("new")
		_, err := b.s3.PutObject(t.Context(), in)
		return err
	}
	refused(t, put("k", &s3.PutObjectInput{IfNoneMatch: aws.String("*")}), "PreconditionFailed")
	refused(t, put("k", &s3.PutObjectInput{IfNoneMatch: &etag}), "NotImplemented")
	refused(t, put("k", &s3.PutObjectInput{IfMatch: aws.String("no")}), "PreconditionFailed")
	refused(t, put("missing", &s3.PutObjectInput{IfMatch: &etag}), "NoSuchKey")
	if err := put("k", &s3.PutObjectInput{IfMatch: &etag}); err != nil {
		t.Error(err)
	}
	_, err = b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("plain"), Key: aws.String("k"), IfMatch: &etag})
	refused(t, err, "PreconditionFailed")
}

// Of many who write a key that must not exist, one may: the row that is first decides.
func TestS3OfManyConditionalPutsOneSucceeds(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	for round := range 5 {
		key := fmt.Sprint("k", round)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := []string{}
		for i := range 8 {
			wg.Go(func() {
				text := fmt.Sprint("writer ", i)
				_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("plain"), Key: &key, Body: strings.NewReader(text), IfNoneMatch: aws.String("*")})
				if err == nil {
					mu.Lock()
					won = append(won, text)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(won) != 1 || string(b.get(t, "plain", key)) != won[0] {
			t.Fatalf("%v succeeded, and the object is %q", won, b.get(t, "plain", key))
		}
	}
}

func TestS3PagesOfPrefixesDoNotRepeat(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	var want []string
	for i := range 15 {
		for j := range 3 {
			b.put(t, "plain", fmt.Sprintf("in/p%02d/%d", i, j), "x")
		}
		want = append(want, fmt.Sprintf("in/p%02d/", i))
	}
	b.put(t, "plain", "in/z z", "x")
	want = append(want, "in/z z")
	var got []string
	for p := s3.NewListObjectsV2Paginator(b.s3, &s3.ListObjectsV2Input{Bucket: aws.String("plain"), Prefix: aws.String("in/"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(4)}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.CommonPrefixes {
			got = append(got, *c.Prefix)
		}
		for _, o := range page.Contents {
			got = append(got, *o.Key)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("version 2:\n%s", diff)
	}
	got = nil
	in := &s3.ListObjectsInput{Bucket: aws.String("plain"), Prefix: aws.String("in/"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(4), EncodingType: s3types.EncodingTypeUrl}
	for more := true; more; {
		page, err := b.s3.ListObjects(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.CommonPrefixes {
			got = append(got, *c.Prefix)
		}
		for _, o := range page.Contents {
			got = append(got, *o.Key)
		}
		more = *page.IsTruncated
		if more && !slices.Contains(got, *page.NextMarker) {
			t.Errorf("the marker %q is none of what was listed", *page.NextMarker)
		}
		in.Marker = page.NextMarker
	}
	want[15] = "in/z+z"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("version 1:\n%s", diff)
	}
}

func TestS3DeleteObjectsAsksForEachKey(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	for _, k := range []string{"tmp/a", "tmp/b", "keep/c"} {
		b.put(t, "plain", k, "x")
	}
	cleaner := b.user(t, "cleaner", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::plain","arn:aws:s3:::plain/*"]},
		{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::plain/keep/*"}]}`)
	out, err := cleaner.s3.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("plain"), Delete: &s3types.Delete{
		Objects: []s3types.ObjectIdentifier{{Key: aws.String("tmp/a")}, {Key: aws.String("keep/c")}, {Key: aws.String("tmp/none")}}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Deleted) != 2 || len(out.Errors) != 1 || *out.Errors[0].Key != "keep/c" || *out.Errors[0].Code != "AccessDenied" {
		t.Errorf("deleted %v, errors %v", out.Deleted, out.Errors)
	}
	if got := b.get(t, "plain", "keep/c"); string(got) != "x" {
		t.Error("what was denied is gone")
	}
	only := b.user(t, "only", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::plain/tmp/*"}]}`)
	out, err = only.s3.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("plain"), Delete: &s3types.Delete{
		Objects: []s3types.ObjectIdentifier{{Key: aws.String("tmp/b")}}}})
	if err != nil || len(out.Deleted) != 1 {
		t.Errorf("a right on the prefix is enough for keys below it: %v %v", out, err)
	}
	out, err = only.s3.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("plain"), Delete: &s3types.Delete{
		Objects: []s3types.ObjectIdentifier{{Key: aws.String("tmp/b"), VersionId: aws.String("null")}, {Key: aws.String("tmp/b"), VersionId: aws.String("v")}}}})
	if err != nil || len(out.Errors) != 2 || !strings.Contains(*out.Errors[0].Message, "s3:DeleteObjectVersion") || *out.Errors[1].Code != "InvalidArgument" {
		t.Errorf("a version needs a right of its own: %+v %v", out, err)
	}
}

func TestS3AcrossAccounts(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.put(t, "plain", "secret", "content")
	other := b.as("111111111111")
	_, err := other.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("plain"), Key: aws.String("secret")})
	refused(t, err, "AccessDenied")
	_, err = other.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("plain")})
	refused(t, err, "BucketAlreadyExists")
	if _, err := other.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("others")}); err != nil {
		t.Fatal(err)
	}
	_, err = other.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("others"), Key: aws.String("k"), CopySource: aws.String("plain/secret")})
	refused(t, err, "AccessDenied")
	_, err = other.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("others"), Key: aws.String("none")})
	refused(t, err, "NoSuchKey")
	reader := b.user(t, "reader", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::plain/*"}]}`)
	_, err = reader.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("plain"), Key: aws.String("none")})
	refused(t, err, "AccessDenied") // who may not list is not told what is missing
	_, err = b.s3.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("plain"), ExpectedBucketOwner: aws.String("111111111111")})
	if err == nil {
		t.Error("another owner than the expected one was accepted")
	}
}

// Code of a function comes from a bucket that its creator may read, or not at all.
func TestS3CodeIsReadAsTheCaller(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.put(t, "plain", "code.zip", string(archive(t, map[string]string{"main.py": "def handler(e, c): pass"})))
	other := b.as("111111111111")
	other.makeRole(t, "r", trustLambda)
	in := &lambda.CreateFunctionInput{FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::111111111111:role/r"), Runtime: "python3.12",
		Handler: aws.String("main.handler"), Code: codeIn("plain", "code.zip")}
	_, err := other.lambda.CreateFunction(t.Context(), in)
	if e := refused(t, err, "AccessDeniedException"); !strings.Contains(e.ErrorMessage(), "S3 Error Code: AccessDenied") {
		t.Error(e.ErrorMessage())
	}
	b.makeRole(t, "r", trustLambda)
	in.Role = aws.String("arn:aws:iam::" + account + ":role/r")
	if _, err := b.lambda.CreateFunction(t.Context(), in); err != nil {
		t.Error(err)
	}
}

func TestS3NotificationsThatCannotBeValidated(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	config := func(arns ...string) *s3.PutBucketNotificationConfigurationInput {
		in := &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String("plain"), NotificationConfiguration: &s3types.NotificationConfiguration{}}
		for i, a := range arns {
			in.NotificationConfiguration.LambdaFunctionConfigurations = append(in.NotificationConfiguration.LambdaFunctionConfigurations,
				s3types.LambdaFunctionConfiguration{LambdaFunctionArn: aws.String(a), Events: []s3types.Event{"s3:ObjectCreated:*"},
					Filter: &s3types.NotificationConfigurationFilter{Key: &s3types.S3KeyFilter{FilterRules: []s3types.FilterRule{{Name: "PREFIX", Value: aws.String(fmt.Sprint(i))}}}}})
		}
		return in
	}
	var body bytes.Buffer
	keep := func(o *s3.Options) { o.HTTPClient = tee{o.HTTPClient, &body} }
	_, err := b.s3.PutBucketNotificationConfiguration(t.Context(), config(functionARN("none"), functionARN("neither")), keep)
	e := refused(t, err, "InvalidArgument")
	if e.ErrorMessage() != "Unable to validate the following destination configurations" {
		t.Error(e.ErrorMessage())
	}
	for _, want := range []string{
		"<ArgumentName1>" + functionARN("none") + ", null</ArgumentName1>", "<ArgumentValue1>Not authorized to invoke function [" + functionARN("none") + "]</ArgumentValue1>",
		"<ArgumentName2>" + functionARN("neither") + ", null</ArgumentName2>", "<ArgumentValue2>Not authorized to invoke function [" + functionARN("neither") + "]</ArgumentValue2>",
	} {
		if !strings.Contains(body.String(), want) {
			t.Errorf("the answer lacks %s:\n%s", want, body.String())
		}
	}
	body.Reset()
	bad := config("arn:nothing")
	bad.SkipDestinationValidation = aws.Bool(true)
	_, err = b.s3.PutBucketNotificationConfiguration(t.Context(), bad, keep)
	refused(t, err, "InvalidArgument")
	if !strings.Contains(body.String(), "<ArgumentName>CloudFunction</ArgumentName>") || !strings.Contains(body.String(), "<ArgumentValue>arn:nothing</ArgumentValue>") {
		t.Error(body.String())
	}
	elsewhere := config("arn:aws:lambda:eu-west-1:" + account + ":function:f")
	elsewhere.SkipDestinationValidation = aws.Bool(true)
	_, err = b.s3.PutBucketNotificationConfiguration(t.Context(), elsewhere)
	refused(t, err, "InvalidArgument")
	same := config(functionARN("f"), functionARN("g"))
	same.SkipDestinationValidation = aws.Bool(true)
	for i := range same.NotificationConfiguration.LambdaFunctionConfigurations {
		same.NotificationConfiguration.LambdaFunctionConfigurations[i].Id = aws.String("one")
	}
	_, err = b.s3.PutBucketNotificationConfiguration(t.Context(), same)
	refused(t, err, "InvalidArgument")
	skip := config(functionARN("none"))
	skip.SkipDestinationValidation = aws.Bool(true)
	if _, err := b.s3.PutBucketNotificationConfiguration(t.Context(), skip); err != nil {
		t.Fatal(err)
	}
	got, err := b.s3.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String("plain")})
	if err != nil || len(got.LambdaFunctionConfigurations) != 1 || got.LambdaFunctionConfigurations[0].Filter.Key.FilterRules[0].Name != "Prefix" {
		t.Errorf("%v %v", got, err)
	}
}

// tee keeps the bodies of answers.
type tee struct {
	s3.HTTPClient
	body *bytes.Buffer
}

func (c tee) Do(r *http.Request) (*http.Response, error) {
	res, err := c.HTTPClient.Do(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(res.Body, c.body), res.Body}
	}
	return res, err
}
