package backend_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
)

func (b *bundle) versioning(t *testing.T, bucket string, status s3types.BucketVersioningStatus) {
	t.Helper()
	if _, err := b.s3.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: &bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: status}}); err != nil {
		t.Fatal(err)
	}
}

// versions lists a bucket's versions as "key content-size latest", markers as "key marker latest", in the order of the answer.
func (b *bundle) versions(t *testing.T, in *s3.ListObjectVersionsInput) []string {
	t.Helper()
	out, err := b.s3.ListObjectVersions(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, v := range out.Versions {
		list = append(list, fmt.Sprintf("%s %d %t", *v.Key, *v.Size, *v.IsLatest))
	}
	for _, m := range out.DeleteMarkers {
		list = append(list, fmt.Sprintf("%s marker %t", *m.Key, *m.IsLatest))
	}
	return list
}

func same(t *testing.T, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// S3 user guide: adding objects to versioning-enabled and suspended buckets, working with delete markers.
func TestS3Versions(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	ctx, plain, key := t.Context(), aws.String("plain"), aws.String("k")
	if out, err := b.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: plain}); err != nil || out.Status != "" {
		t.Errorf("versioning begins as %q (%v)", out.Status, err)
	}
	if out := b.put(t, "plain", "k", "0"); out.VersionId != nil {
		t.Error("what is written without versioning has a version")
	}
	b.versioning(t, "plain", "Enabled")
	one, two := b.put(t, "plain", "k", "one!").VersionId, b.put(t, "plain", "k", "two").VersionId
	all := &s3.ListObjectVersionsInput{Bucket: plain}
	same(t, []string{"k 3 true", "k 4 false", "k 1 false"}, b.versions(t, all))
	for version, want := range map[*string]string{one: "one!", two: "two", aws.String("null"): "0"} {
		out, err := b.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: plain, Key: key, VersionId: version})
		if err != nil || aws.ToString(out.VersionId) != *version || *out.ContentLength != int64(len(want)) {
			t.Errorf("version %s: %+v %v", *version, out, err)
		}
	}
	marked, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: plain, Key: key})
	if err != nil || !*marked.DeleteMarker || marked.VersionId == nil {
		t.Fatalf("%+v %v", marked, err)
	}
	same(t, []string{"k 3 false", "k 4 false", "k 1 false", "k marker true"}, b.versions(t, all))
	_, err = b.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: plain, Key: key})
	refused(t, err, "NoSuchKey")
	if r, ok := errors.AsType[*awshttp.ResponseError](err); !ok || r.Response.Header.Get("X-Amz-Delete-Marker") != "true" || r.Response.Header.Get("X-Amz-Version-Id") != *marked.VersionId {
		t.Error("the answer does not say that a marker hides it")
	}
	_, err = b.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: plain, Key: key, VersionId: marked.VersionId})
	refused(t, err, "MethodNotAllowed")
	if list, err := b.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: plain}); err != nil || *list.KeyCount != 0 {
		t.Errorf("a marked key is listed: %+v %v", list, err)
	}
	if _, err := b.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: plain, Key: key, IfNoneMatch: aws.String("*"), Body: strings.NewReader("three")}); err != nil {
		t.Errorf("a marked key is not there for a condition: %v", err)
	}
	if _, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: plain, Key: aws.String("never"), VersionId: one}); err != nil {
		t.Errorf("a version that is not there may be deleted: %v", err)
	}
	_, err = b.s3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: plain})
	if e := refused(t, err, "BucketNotEmpty"); !strings.HasSuffix(e.ErrorMessage(), "You must delete all versions in the bucket.") {
		t.Error(e.ErrorMessage())
	}
	for _, c := range []struct {
		version *string
		code    string
	}{{aws.String("0123456789abcdef0123456789abcdef"), "NoSuchVersion"}, {aws.String("v1"), "InvalidArgument"}} {
		_, err = b.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: plain, Key: key, VersionId: c.version})
		refused(t, err, c.code)
	}
}

func TestS3DeletingTheLatestVersionBringsTheOneBefore(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	ctx, plain, key := t.Context(), aws.String("plain"), aws.String("k")
	b.versioning(t, "plain", "Enabled")
	b.put(t, "plain", "k", "one")
	two := b.put(t, "plain", "k", "two2").VersionId
	marked, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: plain, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	out, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: plain, Key: key, VersionId: marked.VersionId})
	if err != nil || !*out.DeleteMarker || *out.VersionId != *marked.VersionId {
		t.Errorf("%+v %v", out, err)
	}
	if got := b.get(t, "plain", "k"); string(got) != "two2" {
		t.Errorf("without the marker it is %q", got)
	}
	if _, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: plain, Key: key, VersionId: two}); err != nil {
		t.Fatal(err)
	}
	if got := b.get(t, "plain", "k"); string(got) != "one" {
		t.Errorf("without the second version it is %q", got)
	}
	b.versioning(t, "plain", "Suspended")
	if out := b.put(t, "plain", "k", "null1"); out.VersionId != nil { // recorded 2025-01
		t.Error("a suspended bucket answers with a version")
	}
	b.put(t, "plain", "k", "null two")
	same(t, []string{"k 8 true", "k 3 false"}, b.versions(t, &s3.ListObjectVersionsInput{Bucket: plain}))
	if out, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: plain, Key: key}); err != nil || !*out.DeleteMarker {
		t.Fatalf("%+v %v", out, err)
	}
	same(t, []string{"k 3 false", "k marker true"}, b.versions(t, &s3.ListObjectVersionsInput{Bucket: plain}))
	if _, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: plain, Key: key, VersionId: aws.String("null")}); err != nil {
		t.Fatal(err)
	}
	if got := b.get(t, "plain", "k"); string(got) != "one" {
		t.Errorf("without the null marker it is %q", got)
	}
}

func TestS3VersionsAreListedInPages(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.versioning(t, "plain", "Enabled")
	for _, key := range []string{"a", "a", "b/1", "b/2", "c", "c", "c"} {
		b.put(t, "plain", key, "x")
	}
	for _, size := range []int32{1, 2, 3, 100} {
		for delimiter, want := range map[string]string{"": "a a b/1 b/2 c c c", "/": "a a b/ c c c"} {
			var got []string
			in := &s3.ListObjectVersionsInput{Bucket: aws.String("plain"), MaxKeys: &size, Delimiter: &delimiter}
			for {
				out, err := b.s3.ListObjectVersions(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range out.CommonPrefixes {
					got = append(got, *p.Prefix)
				}
				for _, v := range out.Versions {
					got = append(got, *v.Key)
				}
				if in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker; !*out.IsTruncated {
					break
				}
			}
			if size == 100 && delimiter == "/" {
				want = "b/ a a c c c" // prefixes and versions are lists of their own in an answer
			}
			if size < 100 && strings.Join(got, " ") != want && size == 1 || len(got) != len(strings.Fields(want)) {
				t.Errorf("pages of %d, delimiter %q: %v", size, delimiter, got)
			}
		}
	}
}

func TestS3VersionsAreCopiedTaggedAndRunAsCode(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.versioning(t, "plain", "Enabled")
	ctx, plain, key := t.Context(), aws.String("plain"), aws.String("code.zip")
	old := b.put(t, "plain", "code.zip", string(archive(t, map[string]string{"main.py": "def handler(e, c): return 1"}))).VersionId
	b.put(t, "plain", "code.zip", "no zip at all")
	b.makeRole(t, "r", trustLambda)
	code := codeIn("plain", "code.zip")
	code.S3ObjectVersion = old
	if _, err := b.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::" + account + ":role/r"), Runtime: "python3.12",
		Handler: aws.String("main.handler"), Code: code}); err != nil {
		t.Errorf("code of an old version: %v", err)
	}
	tags := &s3types.Tagging{TagSet: []s3types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}
	tagged, err := b.s3.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: plain, Key: key, VersionId: old, Tagging: tags})
	if err != nil || *tagged.VersionId != *old {
		t.Fatalf("%+v %v", tagged, err)
	}
	if out, err := b.s3.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: plain, Key: key}); err != nil || len(out.TagSet) != 0 {
		t.Errorf("the latest version has the tags of another: %+v %v", out, err)
	}
	copied, err := b.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: plain, Key: key, CopySource: aws.String("plain/code.zip?versionId=" + *old)})
	if err != nil || *copied.CopySourceVersionId != *old || copied.VersionId == nil || *copied.VersionId == *old {
		t.Fatalf("an old version copied onto the key: %+v %v", copied, err)
	}
	if out, err := b.s3.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: plain, Key: key}); err != nil || len(out.TagSet) != 1 {
		t.Errorf("the copy lacks the tags: %+v %v", out, err)
	}
	if got := b.get(t, "plain", "code.zip"); !strings.HasPrefix(string(got), "PK") {
		t.Errorf("the copy is %q", got)
	}
}

// Of many that write and delete one key at once, each leaves its version, and one is the latest.
func TestS3ManyWritersOfAKeyLeaveOneLatestVersion(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.versioning(t, "plain", "Enabled")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 4 {
				if i%4 == 3 {
					if _, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("plain"), Key: aws.String("k")}); err != nil {
						t.Error(err)
					}
					continue
				}
				if _, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("plain"), Key: aws.String("k"), Body: strings.NewReader("x")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	list := b.versions(t, &s3.ListObjectVersionsInput{Bucket: aws.String("plain")})
	latest := 0
	for _, v := range list {
		if strings.HasSuffix(v, "true") {
			latest++
		}
	}
	if len(list) != 32 || latest != 1 {
		t.Errorf("%d versions, %d of them the latest: %v", len(list), latest, list)
	}
}

// Recorded 2025-01: test_object_created_put_versioned, for queues and for EventBridge.
func TestTheEventsOfVersionsAreAWSs(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.open(t, "records")
	b.open(t, "bridged")
	s := &story{bundle: b, t: t}
	for _, step := range []string{"advance 123ms", `versioning plain Enabled`, `rule default all {"source":["aws.s3"]}`, `target default all {"Id":"1","Arn":"` + queueARN("bridged") + `"}`,
		`configure_unchecked plain {"EventBridgeConfiguration":{},"QueueConfigurations":[{"Id":"n","QueueArn":"` + queueARN("records") + `","Events":["s3:ObjectCreated:*","s3:ObjectRemoved:*","s3:ObjectTagging:*"]}]}`,
		"put plain k one", "put plain k second", "tag plain k a b", "remove plain k", "remove_version plain k 3", "versioning plain Suspended", "put plain k null", "remove plain none"} {
		verb, rest, _ := strings.Cut(step, " ")
		if err := verbs[verb](t.Context(), s, rest); err != nil {
			t.Fatal(step, err)
		}
		b.drain(t)
	}
	records, bridged := b.bodies(t, "records"), b.bodies(t, "bridged")
	golden(t, "s3_versions.json", records)
	golden(t, "s3_versions_eventbridge.json", bridged)
	if len(records) != 7 || len(bridged) != 7 {
		t.Fatalf("%d records and %d events of EventBridge", len(records), len(bridged))
	}
	for i := range records {
		decodes(t, records[i], &events.S3Event{})
		decodes(t, bridged[i], &events.EventBridgeEvent{})
	}
}

func TestS3VersioningConfigurationsThatAreWrong(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	for _, c := range []struct {
		in   *s3types.VersioningConfiguration
		code string
	}{{&s3types.VersioningConfiguration{}, "IllegalVersioningConfigurationException"}, {&s3types.VersioningConfiguration{Status: "On"}, "MalformedXML"},
		{&s3types.VersioningConfiguration{Status: "Enabled", MFADelete: "Enabled"}, "NotImplemented"}} {
		_, err := b.s3.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: aws.String("plain"), VersioningConfiguration: c.in})
		refused(t, err, c.code)
	}
	status, text := b.send(t, http.MethodPut, "/plain/k?versionId=null", "")
	if status != http.StatusBadRequest || !strings.Contains(text, "This operation does not accept a version-id.") {
		t.Errorf("%d %s", status, text)
	}
}
