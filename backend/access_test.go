package backend_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// user makes a user of the default account with an inline policy ("" for none), and returns its clients.
func (b *bundle) user(t *testing.T, name, text string) *clients {
	t.Helper()
	return b.userOf(t, b.clients, name, text)
}

// userOf is user in the account of the caller c.
func (b *bundle) userOf(t *testing.T, c *clients, name, text string) *clients {
	t.Helper()
	if _, err := c.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name}); err != nil {
		t.Fatal(err)
	}
	if text != "" {
		_, err := c.iam.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("main"), PolicyDocument: &text})
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := c.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return newClients(b.b.URL(), *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
}

// makeRole makes a role with a trust policy in the caller's account.
func (c *clients) makeRole(t *testing.T, name, trust string) {
	t.Helper()
	if _, err := c.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust}); err != nil {
		t.Fatal(err)
	}
}

func codeIn(bucket, key string) *lambdatypes.FunctionCode {
	return &lambdatypes.FunctionCode{S3Bucket: &bucket, S3Key: &key}
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// signed is a request without a body, signed by hand: for what no SDK sends.
func signed(t *testing.T, method, url, service, key, secret string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(nil))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Content-Sha256", emptyHash)
	err = v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = strings.EqualFold(service, "s3") }).SignHTTP(t.Context(),
		aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, req, emptyHash, service, "us-east-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return req
}
