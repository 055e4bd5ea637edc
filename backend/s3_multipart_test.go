package backend_test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	bigendian "encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc64"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// pieces counts the rows of bytes in the database: what nobody refers to any more must be gone.
func (b *bundle) pieces(t *testing.T) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), b.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM blob.pieces WHERE id LIKE 's3/%'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// uploadParts uploads the parts of a new upload.
func (b *bundle) uploadParts(t *testing.T, in *s3.CreateMultipartUploadInput, parts ...[]byte) (id *string, list []s3types.CompletedPart) {
	t.Helper()
	up, err := b.s3.CreateMultipartUpload(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, data := range parts {
		n := aws.Int32(int32(i + 1))
		out, err := b.s3.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: in.Bucket, Key: in.Key, UploadId: up.UploadId, PartNumber: n, Body: bytes.NewReader(data), ChecksumAlgorithm: in.ChecksumAlgorithm})
		if err != nil {
			t.Fatal(err)
		}
		if want := `"` + hexMD5(data) + `"`; *out.ETag != want {
			t.Errorf("part %d has the tag %s, want %s", i+1, *out.ETag, want)
		}
		list = append(list, s3types.CompletedPart{PartNumber: n, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC64NVME: out.ChecksumCRC64NVME})
	}
	return up.UploadId, list
}

func (b *bundle) complete(t *testing.T, bucket, key string, id *string, parts []s3types.CompletedPart) (*s3.CompleteMultipartUploadOutput, error) {
	t.Helper()
	return b.s3.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: &bucket, Key: &key, UploadId: id,
		MultipartUpload: &s3types.CompletedMultipartUpload{Parts: parts}})
}

func hexMD5(b []byte) string { s := md5.Sum(b); return hex.EncodeToString(s[:]) }

// multiTag is the entity tag of an object made of parts.
func multiTag(parts ...[]byte) string {
	var all []byte
	for _, p := range parts {
		s := md5.Sum(p)
		all = append(all, s[:]...)
	}
	return fmt.Sprintf("%q", hexMD5(all)+fmt.Sprintf("-%d", len(parts)))
}

func TestS3Multipart(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	seen := b.notified(t, "plain")
	data := noise(11<<20 + 77)
	first, second, third := data[:5<<20], data[5<<20:10<<20+3], data[10<<20+3:]
	id, list := b.uploadParts(t, &s3.CreateMultipartUploadInput{Bucket: aws.String("plain"), Key: aws.String("big"), ContentType: aws.String("text/x"), Metadata: map[string]string{"a": "b"}},
		first, second, third)

	shown, err := b.s3.ListParts(t.Context(), &s3.ListPartsInput{Bucket: aws.String("plain"), Key: aws.String("big"), UploadId: id, MaxParts: aws.Int32(2)})
	if err != nil || len(shown.Parts) != 2 || !*shown.IsTruncated || *shown.NextPartNumberMarker != "2" || *shown.Parts[1].Size != int64(len(second)) {
		t.Errorf("ListParts: %+v %v", shown, err)
	}
	uploads, err := b.s3.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("plain")})
	if err != nil || len(uploads.Uploads) != 1 || *uploads.Uploads[0].UploadId != *id {
		t.Errorf("ListMultipartUploads: %+v %v", uploads, err)
	}
	done, err := b.complete(t, "plain", "big", id, list)
	if err != nil {
		t.Fatal(err)
	}
	want := multiTag(first, second, third)
	sum := bigendian.BigEndian.AppendUint64(nil, crc64.Checksum(data, crc64.MakeTable(0x9a6c9329ac4bc9b5)))
	if *done.ETag != want || aws.ToString(done.ChecksumCRC64NVME) != base64.StdEncoding.EncodeToString(sum) {
		t.Errorf("the tag is %s, want %s; the checksum %s", *done.ETag, want, aws.ToString(done.ChecksumCRC64NVME))
	}
	head, err := b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("plain"), Key: aws.String("big")})
	if err != nil || *head.ETag != want || *head.ContentLength != int64(len(data)) || *head.ContentType != "text/x" || head.Metadata["a"] != "b" {
		t.Errorf("head: %+v %v", head, err)
	}
	if !bytes.Equal(b.get(t, "plain", "big"), data) {
		t.Error("the object is not its parts")
	}
	out, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("plain"), Key: aws.String("big"), Range: aws.String("bytes=5242870-10485770")})
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if _, err := got.ReadFrom(out.Body); err != nil || !bytes.Equal(got.Bytes(), data[5242870:10485771]) {
		t.Errorf("a range over three parts: %d bytes, %v", got.Len(), err)
	}
	_, err = b.complete(t, "plain", "big", id, list)
	refused(t, err, "NoSuchUpload")
	if diff := cmp.Diff([]string{"ObjectCreated:CompleteMultipartUpload of big in plain"}, seen()); diff != "" {
		t.Error(diff)
	}
	if _, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("plain"), Key: aws.String("big")}); err != nil {
		t.Fatal(err)
	}
	if n := b.pieces(t); n != 0 {
		t.Errorf("%d rows are left of nothing", n)
	}
}

func TestS3MultipartRefusals(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	small, large := []byte("small"), noise(5<<20)
	id, list := b.uploadParts(t, &s3.CreateMultipartUploadInput{Bucket: aws.String("plain"), Key: aws.String("k"), ChecksumAlgorithm: s3types.ChecksumAlgorithmCrc32}, large, small, large)
	_, err := b.complete(t, "plain", "k", id, list)
	refused(t, err, "EntityTooSmall")
	_, err = b.complete(t, "plain", "k", id, []s3types.CompletedPart{list[2], list[0]})
	refused(t, err, "InvalidPartOrder")
	_, err = b.complete(t, "plain", "k", id, []s3types.CompletedPart{{PartNumber: aws.Int32(1), ETag: list[1].ETag}})
	refused(t, err, "InvalidPart")
	_, err = b.complete(t, "plain", "k", id, []s3types.CompletedPart{{PartNumber: aws.Int32(1), ETag: list[0].ETag, ChecksumCRC32: aws.String("AAAAAA==")}})
	refused(t, err, "InvalidPart")
	_, err = b.complete(t, "plain", "k", id, []s3types.CompletedPart{{PartNumber: aws.Int32(7), ETag: list[0].ETag}})
	refused(t, err, "InvalidPart")
	_, err = b.complete(t, "plain", "other", id, list[:1])
	refused(t, err, "NoSuchUpload")
	_, err = b.s3.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: aws.String("plain"), Key: aws.String("k"), UploadId: id, PartNumber: aws.Int32(10001), Body: strings.NewReader("x")})
	refused(t, err, "InvalidArgument")
	done, err := b.complete(t, "plain", "k", id, []s3types.CompletedPart{list[0], list[2]})
	if err != nil || !strings.HasSuffix(aws.ToString(done.ChecksumCRC32), "-2") || done.ChecksumType != s3types.ChecksumTypeComposite {
		t.Errorf("%+v %v", done, err)
	}
	if n := b.pieces(t); n != 10 {
		t.Errorf("%d rows, want those of the two parts that were listed", n)
	}

	id, _ = b.uploadParts(t, &s3.CreateMultipartUploadInput{Bucket: aws.String("plain"), Key: aws.String("left")}, small)
	if _, err := b.s3.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: aws.String("plain"), Key: aws.String("left"), UploadId: id, PartNumber: aws.Int32(1), Body: strings.NewReader("again")}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.s3.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: aws.String("plain"), Key: aws.String("left"), UploadId: id}); err != nil {
		t.Fatal(err)
	}
	_, err = b.s3.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: aws.String("plain"), Key: aws.String("left"), UploadId: id})
	refused(t, err, "NoSuchUpload")
	b.uploadParts(t, &s3.CreateMultipartUploadInput{Bucket: aws.String("plain"), Key: aws.String("left")}, small)
	if err := b.control.Reset(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	if n := b.pieces(t); n != 0 {
		t.Errorf("%d rows are left after a reset", n)
	}
}

func TestS3Copies(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	seen := b.notified(t, "plain")
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("plain"), Key: aws.String("a b+c"), Body: strings.NewReader("content"), ContentType: aws.String("text/x"), Metadata: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	from := aws.String("plain/" + url.PathEscape("a b+c"))
	out, err := b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("plain"), Key: aws.String("copy"), CopySource: from})
	if err != nil || *out.CopyObjectResult.ETag != `"`+hexMD5([]byte("content"))+`"` || out.CopyObjectResult.LastModified == nil {
		t.Fatalf("%+v %v", out, err)
	}
	head := func(key string) *s3.HeadObjectOutput {
		t.Helper()
		head, err := b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("plain"), Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		return head
	}
	if h := head("copy"); *h.ContentType != "text/x" || h.Metadata["a"] != "b" || string(b.get(t, "plain", "copy")) != "content" {
		t.Errorf("the copy: %+v", h)
	}
	_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("plain"), Key: aws.String("copy"), CopySource: from, MetadataDirective: s3types.MetadataDirectiveReplace, Metadata: map[string]string{"c": "d"}})
	if h := head("copy"); err != nil || len(h.Metadata) != 1 || h.Metadata["c"] != "d" || *h.ContentType == "text/x" {
		t.Errorf("REPLACE keeps nothing of the old metadata: %+v %v", h, err)
	}
	_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("plain"), Key: aws.String("copy"), CopySource: aws.String("plain/copy")})
	refused(t, err, "InvalidRequest")
	if _, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("plain"), Key: aws.String("copy"), CopySource: aws.String("plain/copy"), MetadataDirective: s3types.MetadataDirectiveReplace}); err != nil {
		t.Error(err)
	}
	if string(b.get(t, "plain", "copy")) != "content" {
		t.Error("an object copied onto itself lost its bytes")
	}
	_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("plain"), Key: aws.String("copy"), CopySource: aws.String("plain/none")})
	refused(t, err, "NoSuchKey")
	_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("plain"), Key: aws.String("copy"), CopySource: from, CopySourceIfMatch: aws.String("no")})
	refused(t, err, "PreconditionFailed")

	data := noise(6 << 20)
	id, list := b.uploadParts(t, &s3.CreateMultipartUploadInput{Bucket: aws.String("plain"), Key: aws.String("big")}, data[:5<<20], data[5<<20:])
	if _, err := b.complete(t, "plain", "big", id, list); err != nil {
		t.Fatal(err)
	}
	out, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("plain"), Key: aws.String("one"), CopySource: aws.String("plain/big")})
	if err != nil || *out.CopyObjectResult.ETag != `"`+hexMD5(data)+`"` || !bytes.Equal(b.get(t, "plain", "one"), data) {
		t.Errorf("a copy of parts is one object with the MD5 of all: %+v %v", out, err)
	}
	up, err := b.s3.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("plain"), Key: aws.String("again")})
	if err != nil {
		t.Fatal(err)
	}
	var parts []s3types.CompletedPart
	for i, r := range []string{"bytes=0-5242879", "bytes=5242880-6291455"} {
		part, err := b.s3.UploadPartCopy(t.Context(), &s3.UploadPartCopyInput{Bucket: aws.String("plain"), Key: aws.String("again"), UploadId: up.UploadId, PartNumber: aws.Int32(int32(i + 1)), CopySource: aws.String("plain/big"), CopySourceRange: &r})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, s3types.CompletedPart{PartNumber: aws.Int32(int32(i + 1)), ETag: part.CopyPartResult.ETag})
	}
	_, err = b.s3.UploadPartCopy(t.Context(), &s3.UploadPartCopyInput{Bucket: aws.String("plain"), Key: aws.String("again"), UploadId: up.UploadId, PartNumber: aws.Int32(3), CopySource: aws.String("plain/big"), CopySourceRange: aws.String("bytes=0-6291456")})
	refused(t, err, "InvalidArgument")
	if done, err := b.complete(t, "plain", "again", up.UploadId, parts); err != nil || *done.ETag != multiTag(data[:5<<20], data[5<<20:]) || !bytes.Equal(b.get(t, "plain", "again"), data) {
		t.Errorf("UploadPartCopy: %+v %v", done, err)
	}
	want := []string{"ObjectCreated:Put of a b+c in plain", "ObjectCreated:Copy of copy in plain", "ObjectCreated:Copy of copy in plain", "ObjectCreated:Copy of copy in plain",
		"ObjectCreated:CompleteMultipartUpload of big in plain", "ObjectCreated:Copy of one in plain", "ObjectCreated:CompleteMultipartUpload of again in plain"}
	if diff := cmp.Diff(want, seen()); diff != "" {
		t.Error(diff)
	}
}

func TestS3ObjectTags(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	seen := b.notified(t, "plain")
	ctx, plain := t.Context(), aws.String("plain")
	if _, err := b.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: plain, Key: aws.String("k"), Body: strings.NewReader("x"), Tagging: aws.String("a=1&b=two+words")}); err != nil {
		t.Fatal(err)
	}
	tags := func(key string) string {
		t.Helper()
		out, err := b.s3.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: plain, Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, tag := range out.TagSet {
			all = append(all, *tag.Key+"="+*tag.Value)
		}
		return strings.Join(all, ",")
	}
	if got := tags("k"); got != "a=1,b=two words" {
		t.Error(got)
	}
	if _, err := b.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: plain, Key: aws.String("copy"), CopySource: aws.String("plain/k"), MetadataDirective: s3types.MetadataDirectiveReplace}); err != nil || tags("copy") != "a=1,b=two words" {
		t.Error(tags("copy"), err)
	}
	if _, err := b.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: plain, Key: aws.String("copy"), CopySource: aws.String("plain/k"), TaggingDirective: s3types.TaggingDirectiveReplace, Tagging: aws.String("c=3")}); err != nil || tags("copy") != "c=3" {
		t.Error(tags("copy"), err)
	}
	if _, err := b.s3.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: plain, Key: aws.String("k"), Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: aws.String("z"), Value: aws.String("")}}}}); err != nil || tags("k") != "z=" {
		t.Error(tags("k"), err)
	}
	if _, err := b.s3.DeleteObjectTagging(ctx, &s3.DeleteObjectTaggingInput{Bucket: plain, Key: aws.String("k")}); err != nil || tags("k") != "" {
		t.Error(tags("k"), err)
	}
	_, err := b.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: plain, Key: aws.String("k"), Body: strings.NewReader("x"), Tagging: aws.String("a=1&a=2")})
	refused(t, err, "InvalidTag")
	_, err = b.s3.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: plain, Key: aws.String("none"), Tagging: &s3types.Tagging{TagSet: []s3types.Tag{}}})
	refused(t, err, "NoSuchKey")
	writer := b.user(t, "writer", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}`)
	_, err = writer.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: plain, Key: aws.String("k"), Body: strings.NewReader("x"), Tagging: aws.String("a=1")})
	refused(t, err, "AccessDenied")
	want := []string{"ObjectCreated:Put of k in plain", "ObjectCreated:Copy of copy in plain", "ObjectCreated:Copy of copy in plain", "ObjectTagging:Put of k in plain", "ObjectTagging:Delete of k in plain"}
	if diff := cmp.Diff(want, seen()); diff != "" {
		t.Error(diff)
	}
}

// Large bodies lie in temporary files while they are read, and none is left.
func TestS3LeavesNoTemporaryFiles(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	b := setup(t)
	b.bucket(t, "plain")
	data := noise(3 << 20)
	b.put(t, "plain", "k", string(data))
	if !bytes.Equal(b.get(t, "plain", "k"), data) {
		t.Error("the object is not what was put")
	}
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("plain"), Key: aws.String("k"), Body: bytes.NewReader(data), ContentMD5: aws.String(base64.StdEncoding.EncodeToString(make([]byte, 16)))})
	refused(t, err, "BadDigest")
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "lambdasim-s3-*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

// notified makes a function that a bucket notifies of everything, and returns a reader of the events' names and tags.
func (b *bundle) notified(t *testing.T, bucket string) func() []string {
	t.Helper()
	b.role(t, "r", "")
	b.function(t, "watch", "r", "def handler(event, context):\n    r = event['Records'][0]\n    print(r['eventName'], r['s3']['object']['key'], r['s3']['object'].get('size'), r['s3']['object'].get('eTag'))\n")
	_, err := b.lambda.AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: aws.String("watch"), StatementId: aws.String("s3"), Principal: aws.String("s3.amazonaws.com"), Action: aws.String("lambda:InvokeFunction")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.s3.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{Bucket: &bucket, NotificationConfiguration: &s3types.NotificationConfiguration{
		LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{{LambdaFunctionArn: aws.String(functionARN("watch")), Events: []s3types.Event{"s3:ObjectCreated:*", "s3:ObjectTagging:*"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.control.PutScript(t.Context(), "watch", control.Script{Outcomes: []control.ScriptedOutcome{{}}}); err != nil {
		t.Fatal(err)
	}
	return func() []string {
		t.Helper()
		b.drain(t)
		list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{Function: "watch"})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, d := range list {
			names = append(names, d.Steps[0].Reason)
		}
		return names
	}
}
