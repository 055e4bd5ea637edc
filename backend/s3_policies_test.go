package backend_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (c *clients) bucketPolicy(t *testing.T, bucket, text string) {
	t.Helper()
	if _, err := c.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &text}); err != nil {
		t.Fatal(err)
	}
}

func (c *clients) read(t *testing.T, bucket, key string) error {
	t.Helper()
	out, err := c.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err == nil {
		out.Body.Close()
	}
	return err
}

// whyNot is the message of a refusal, and what the header adds.
func whyNot(t *testing.T, err error) (message, detail string) {
	t.Helper()
	e := refused(t, err, "AccessDenied")
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		detail = r.Response.Header.Get("X-Lambdasim-Detail")
	}
	return e.ErrorMessage(), detail
}

// anonymous sends an unsigned request.
func (b *bundle) anonymous(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.b.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// S3 user guide, bucket policy examples; IAM user guide, cross-account policy evaluation logic.
func TestS3BucketPoliciesAcrossAccounts(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.put(t, "plain", "in/k", "content")
	b.put(t, "plain", "out/k", "content")
	other := b.as("111111111111")
	if message, _ := whyNot(t, other.read(t, "plain", "in/k")); message != "Access Denied" {
		t.Errorf("a stranger is told %q", message)
	}
	b.bucketPolicy(t, "plain", `{"Version":"2012-10-17","Statement":[{"Sid":"other","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::plain/in/*"}]}`)
	if err := other.read(t, "plain", "in/k"); err != nil {
		t.Errorf("the other account's root, which the policy names: %v", err)
	}
	if message, detail := whyNot(t, other.read(t, "plain", "out/k")); message != "Access Denied" || !strings.Contains(detail, `statement "other" of the policy of bucket plain: `) {
		t.Errorf("outside of the policy's resource: %q, %q", message, detail)
	}
	if _, err := other.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("plain"), Key: aws.String("in/theirs"), Body: strings.NewReader("x")}); err != nil {
		t.Error(err)
	}
	out, err := other.s3.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("plain"), Delete: &s3types.Delete{
		Objects: []s3types.ObjectIdentifier{{Key: aws.String("in/theirs")}, {Key: aws.String("out/k")}}}})
	if err != nil || len(out.Deleted) != 1 || len(out.Errors) != 1 || *out.Errors[0].Message != "Access Denied" {
		t.Errorf("each key is asked for: %+v %v", out, err)
	}
	b.bucket(t, "copies")
	if _, err := b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("copies"), Key: aws.String("k"), CopySource: aws.String("plain/in/k")}); err != nil {
		t.Error(err)
	}
	_, err = other.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("copies"), Key: aws.String("k"), CopySource: aws.String("plain/in/k")})
	refused(t, err, "AccessDenied")
	_, err = other.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("plain"), Policy: aws.String(`{"Version":"2012-10-17","Statement":[]}`)})
	refused(t, err, "AccessDenied")
	b.bucketPolicy(t, "plain", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:*","Resource":["arn:aws:s3:::plain","arn:aws:s3:::plain/*"]}]}`)
	got, err := b.s3.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("plain")})
	if err != nil || !strings.Contains(*got.Policy, `{"AWS":"arn:aws:iam::111111111111:root"}`) {
		t.Errorf("the policy is given back as AWS shows it: %v %v", got, err)
	}
	_, err = other.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("plain"), Policy: got.Policy})
	refused(t, err, "MethodNotAllowed")
}

func TestS3BucketPoliciesInOneAccount(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.put(t, "plain", "k", "content")
	nobody := b.user(t, "nobody", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}]}`)
	if message, _ := whyNot(t, nobody.read(t, "plain", "k")); message != `User: arn:aws:iam::`+account+`:user/nobody is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::plain/k" because no identity-based policy allows the s3:GetObject action` {
		t.Error(message)
	}
	b.bucketPolicy(t, "plain", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+account+`:user/nobody"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::plain/*"}]}`)
	if err := nobody.read(t, "plain", "k"); err != nil {
		t.Errorf("in one account the bucket's policy is enough: %v", err)
	}
	b.bucketPolicy(t, "plain", `{"Version":"2012-10-17","Statement":[{"Sid":"shut","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::plain","arn:aws:s3:::plain/*"]}]}`)
	message, detail := whyNot(t, b.read(t, "plain", "k"))
	if message != `User: arn:aws:iam::`+account+`:root is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::plain/k" with an explicit deny in a resource-based policy` || !strings.Contains(detail, `"shut"`) {
		t.Errorf("%q %q", message, detail)
	}
	_, err := b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("plain")})
	refused(t, err, "AccessDenied")
	if _, err := b.s3.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: aws.String("plain")}); err != nil {
		t.Errorf("the root user can't be shut out of the policy: %v", err)
	}
	if err := b.read(t, "plain", "k"); err != nil {
		t.Error(err)
	}
	_, err = b.s3.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("plain")})
	refused(t, err, "NoSuchBucketPolicy")
}

// S3 user guide, blocking public access to your S3 storage.
func TestS3PublicAccess(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.put(t, "plain", "k", "content")
	const open = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::plain/*"}]}`
	if status, text := b.anonymous(t, http.MethodGet, "/plain/k", ""); status != http.StatusForbidden || !strings.Contains(text, "<Message>Access Denied</Message>") {
		t.Errorf("%d %s", status, text)
	}
	_, err := b.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("plain"), Policy: aws.String(open)})
	if e := refused(t, err, "AccessDenied"); !strings.HasSuffix(e.ErrorMessage(), "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.") {
		t.Error(e.ErrorMessage())
	}
	block := func(p *s3types.PublicAccessBlockConfiguration) {
		t.Helper()
		if _, err := b.s3.PutPublicAccessBlock(t.Context(), &s3.PutPublicAccessBlockInput{Bucket: aws.String("plain"), PublicAccessBlockConfiguration: p}); err != nil {
			t.Fatal(err)
		}
	}
	block(&s3types.PublicAccessBlockConfiguration{RestrictPublicBuckets: aws.Bool(true)})
	b.bucketPolicy(t, "plain", open)
	if status, _ := b.anonymous(t, http.MethodGet, "/plain/k", ""); status != http.StatusForbidden {
		t.Errorf("a restricted bucket answers nobody with %d", status)
	}
	if err := b.as("111111111111").read(t, "plain", "k"); err == nil {
		t.Error("a restricted bucket lets another account in")
	}
	if got, err := b.s3.GetBucketPolicyStatus(t.Context(), &s3.GetBucketPolicyStatusInput{Bucket: aws.String("plain")}); err != nil || !*got.PolicyStatus.IsPublic {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := b.s3.DeletePublicAccessBlock(t.Context(), &s3.DeletePublicAccessBlockInput{Bucket: aws.String("plain")}); err != nil {
		t.Fatal(err)
	}
	_, err = b.s3.GetPublicAccessBlock(t.Context(), &s3.GetPublicAccessBlockInput{Bucket: aws.String("plain")})
	refused(t, err, "NoSuchPublicAccessBlockConfiguration")
	if status, text := b.anonymous(t, http.MethodGet, "/plain/k", ""); status != http.StatusOK || text != "content" {
		t.Errorf("%d %s", status, text)
	}
	if status, text := b.anonymous(t, http.MethodPut, "/plain/theirs", "anonymous content"); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
	if status, _ := b.anonymous(t, http.MethodDelete, "/plain/k", ""); status != http.StatusForbidden {
		t.Errorf("what the policy does not allow is answered with %d", status)
	}
	if got := b.get(t, "plain", "theirs"); string(got) != "anonymous content" {
		t.Errorf("%q", got)
	}
}

func TestS3WhatIsPublic(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	for statement, public := range map[string]bool{
		`"Effect":"Allow","Principal":"*"`:                                                                                               true,
		`"Effect":"Allow","Principal":{"AWS":"111111111111"}`:                                                                            false,
		`"Effect":"Deny","Principal":"*"`:                                                                                                false,
		`"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"}`:                                                            false,
		`"Effect":"Allow","Principal":"*","Condition":{"StringEquals":{"aws:SourceVpc":"vpc-91237329"}}`:                                 false,
		`"Effect":"Allow","Principal":"*","Condition":{"StringLike":{"aws:SourceVpc":"vpc-*"}}`:                                          true,
		`"Effect":"Allow","Principal":"*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}`:                                     true,
		`"Effect":"Allow","Principal":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`:                                   false,
		`"Effect":"Allow","Principal":"*","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}}`:                                        true,
		`"Effect":"Allow","Principal":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"},"Bool":{"aws:SecureTransport":true}}`: false,
		`"Effect":"Allow","Principal":"*","Condition":{"Bool":{"aws:SecureTransport":true}}`:                                             true,
	} {
		_, err := b.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("plain"), Policy: aws.String(
			`{"Version":"2012-10-17","Statement":[{` + statement + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::plain/*"}]}`)})
		if (err != nil) != public {
			t.Errorf("%s: public should be %t: %v", statement, public, err)
		}
	}
}

// Texts as users report them.
func TestS3BucketPoliciesThatAreMalformed(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	for text, want := range map[string]string{
		`no json`:                              "Policies must be valid JSON and the first byte must be '{'",
		`{"Version":"2012-10-17","Statement":`: "Policies must be valid JSON and the first byte must be '{'",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::plain/*"}]}`:                                                         "Missing required field Principal",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*"}]}`:                                                                           "Missing required field Resource",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::plainer/*"}]}`:                                       "Policy has invalid resource",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"arn:aws:s3:::plain/*"}]}`:                                        "Policy has invalid action",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/none"},"Action":"s3:*","Resource":"arn:aws:s3:::plain"}]}`: "Invalid principal in policy",
	} {
		_, err := b.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("plain"), Policy: &text})
		if e := refused(t, err, "MalformedPolicy"); e.ErrorMessage() != want {
			t.Errorf("%s: %s", text, e.ErrorMessage())
		}
	}
}

// What is kept and not done is given back as it came.
func TestS3SettingsAreKept(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	ctx, plain := t.Context(), aws.String("plain")
	_, err := b.s3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: plain})
	refused(t, err, "NoSuchLifecycleConfiguration")
	rule := s3types.LifecycleRule{ID: aws.String("old"), Status: "Enabled", Filter: &s3types.LifecycleRuleFilter{Prefix: aws.String("tmp/")}, Expiration: &s3types.LifecycleExpiration{Days: aws.Int32(7)}}
	if _, err := b.s3.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: plain, LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{Rules: []s3types.LifecycleRule{rule}}}); err != nil {
		t.Fatal(err)
	}
	kept, err := b.s3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: plain})
	if err != nil || len(kept.Rules) != 1 || *kept.Rules[0].Expiration.Days != 7 || *kept.Rules[0].Filter.Prefix != "tmp/" {
		t.Fatalf("%+v %v", kept, err)
	}
	if _, err := b.s3.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: plain}); err != nil {
		t.Fatal(err)
	}
	_, err = b.s3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: plain})
	refused(t, err, "NoSuchLifecycleConfiguration")
	sse, err := b.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: plain})
	if err != nil || sse.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != "AES256" {
		t.Errorf("%+v %v", sse, err)
	}
	if pay, err := b.s3.GetBucketRequestPayment(ctx, &s3.GetBucketRequestPaymentInput{Bucket: plain}); err != nil || pay.Payer != "BucketOwner" {
		t.Errorf("%+v %v", pay, err)
	}
	if l, err := b.s3.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: plain}); err != nil || l.LoggingEnabled != nil {
		t.Errorf("%+v %v", l, err)
	}
	if status, text := b.send(t, http.MethodGet, "/plain?website", ""); status != http.StatusNotFound || !strings.Contains(text, "NoSuchWebsiteConfiguration") {
		t.Errorf("%d %s", status, text)
	}
}

// S3 user guide, controlling ownership of objects: since April 2023 a bucket has no ACLs until its ownership controls say so.
func TestS3ACLs(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	ctx, plain := t.Context(), aws.String("plain")
	_, err := b.s3.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: plain, ACL: "private"})
	if e := refused(t, err, "AccessControlListNotSupported"); e.ErrorMessage() != "The bucket does not allow ACLs" {
		t.Error(e.ErrorMessage())
	}
	if _, err := b.s3.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: plain, OwnershipControls: &s3types.OwnershipControls{
		Rules: []s3types.OwnershipControlsRule{{ObjectOwnership: "BucketOwnerPreferred"}}}}); err != nil {
		t.Fatal(err)
	}
	_, err = b.s3.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: plain, ACL: "public-read"})
	if e := refused(t, err, "AccessDenied"); !strings.Contains(e.ErrorMessage(), "BlockPublicAcls") {
		t.Error(e.ErrorMessage())
	}
	if _, err := b.s3.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: plain}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.s3.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: plain, ACL: "public-read"}); err != nil {
		t.Fatal(err)
	}
	got, err := b.s3.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: plain})
	if err != nil || len(got.Grants) != 2 || got.Grants[0].Permission != "FULL_CONTROL" || *got.Grants[0].Grantee.ID != *got.Owner.ID ||
		got.Grants[1].Grantee.Type != "Group" || *got.Grants[1].Grantee.URI != "http://acs.amazonaws.com/groups/global/AllUsers" {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := b.s3.DeleteBucketOwnershipControls(ctx, &s3.DeleteBucketOwnershipControlsInput{Bucket: plain}); err != nil {
		t.Fatal(err)
	}
	_, err = b.s3.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: plain})
	refused(t, err, "OwnershipControlsNotFoundError")
}
