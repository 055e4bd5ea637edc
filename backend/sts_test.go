package backend_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// trusts is a trust policy for one principal, with actions and a condition.
func trusts(principal, actions, condition string) *string {
	return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":[` + actions + `],"Condition":` + condition + `}]}`)
}

func stsTags(pairs ...string) (list []ststypes.Tag) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, ststypes.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return list
}

const roleOf = "arn:aws:iam::000000000000:role/"

// Session tags need sts:TagSession, count before the role's own, and go down a chain where they are transitive.
func TestSTSSessionTags(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	ann := b.user(t, "ann", "")
	const annARN = "arn:aws:iam::000000000000:user/ann"
	ok[*iam.CreateRoleOutput](t)(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("plain"), AssumeRolePolicyDocument: trusts(annARN, `"sts:AssumeRole"`, "{}")}))
	ok[*iam.CreateRoleOutput](t)(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("first"), AssumeRolePolicyDocument: trusts(annARN, `"sts:AssumeRole","sts:TagSession"`,
		`{"StringLike":{"aws:RequestTag/Team":"*"},"ForAllValues:StringEquals":{"aws:TagKeys":["Team","cost"],"sts:TransitiveTagKeys":["Team"]}}`),
		Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("own")}, {Key: aws.String("own"), Value: aws.String("1")}}}))
	ok[*iam.CreateRoleOutput](t)(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("second"), AssumeRolePolicyDocument: trusts(roleOf+"first", `"sts:AssumeRole","sts:TagSession"`, "{}")}))
	reads := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::plain/${aws:PrincipalTag/Team}-${aws:PrincipalTag/own, 'none'}"}]}`
	b.rolePolicy(t, "first", reads)
	b.rolePolicy(t, "second", reads)
	b.bucket(t, "plain")
	b.put(t, "plain", "red-1", "x")
	b.put(t, "plain", "red-none", "x")
	tagged := func(tags []ststypes.Tag, transitive ...string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.Tags, in.TransitiveTagKeys = tags, transitive }
	}
	try := func(c *clients, role string, change func(*sts.AssumeRoleInput)) func() error {
		return func() error {
			_, _, err := b.assume(t, c, role, change)
			return err
		}
	}
	refusals(t, map[string]func() error{
		"AccessDenied: User: " + annARN + " is not authorized to perform: sts:TagSession on resource: " + roleOf + "plain":                                                                          try(ann, roleOf+"plain", tagged(stsTags("Team", "red"))),
		"AccessDenied: User: " + annARN + " is not authorized to perform: sts:AssumeRole on resource: " + roleOf + "first":                                                                          try(ann, roleOf+"first", tagged(stsTags("Team", "red", "other", "1"))),
		"InvalidParameterValue: The specified transitive tag key must be included in the requested tags.":                                                                                           try(ann, roleOf+"first", tagged(stsTags("Team", "red"), "cost")),
		"InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive.":                                                                                          try(ann, roleOf+"first", tagged(stsTags("Team", "red", "team", "blue"))),
		"ValidationError: nothing-valid-in-here is invalid":                                                                                                                                         try(ann, "nothing-valid-in-here", nil),
		"ValidationError: arn:a:::something/test-role is invalid":                                                                                                                                   try(ann, "arn:a:::something/test-role", nil),
		"ValidationError: arn:a:a::aaaaaaaaaa: is invalid":                                                                                                                                          try(ann, "arn:a:a::aaaaaaaaaa:", nil),
		`ValidationError: 1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`:           try(ann, roleOf+"first", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("Session1:2") }),
		"ValidationError: 1 validation error detected: Value '" + strings.Repeat("s", 65) + "' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64": try(ann, roleOf+"first", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String(strings.Repeat("s", 65)) }),
	})
	first, out, err := b.assume(t, ann, roleOf+"first", tagged(stsTags("Team", "red", "cost", "1"), "TEAM"))
	if err != nil {
		t.Fatal(err)
	}
	if out.PackedPolicySize == nil || *out.PackedPolicySize < 1 || *out.PackedPolicySize > 20 {
		t.Errorf("packed: %v", aws.ToInt32(out.PackedPolicySize))
	}
	read := func(c *clients, key string) error {
		return failure(c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("plain"), Key: &key}))
	}
	if err := read(first, "red-1"); err != nil {
		t.Errorf("the session's tag before the role's, and the role's other one: %v", err)
	}
	second, _, err := b.assume(t, first, roleOf+"second", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := read(second, "red-none"); err != nil {
		t.Errorf("the transitive tag goes on, the role's own does not: %v", err)
	}
	_, _, err = b.assume(t, first, roleOf+"second", tagged(stsTags("team", "blue")))
	if e := refused(t, err, "InvalidParameterValue"); e.ErrorMessage() != "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session." {
		t.Error(e.ErrorMessage())
	}
	var long []string
	for i := range 50 {
		long = append(long, fmt.Sprintf("key-%d-%x", i, i*7919), fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i)})))
	}
	wide := ok[*iam.CreateRoleOutput](t)(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("wide"), AssumeRolePolicyDocument: trusts(annARN, `"sts:*"`, "{}")}))
	_, _, err = b.assume(t, ann, *wide.Role.Arn, tagged(stsTags(long...)))
	if e := refused(t, err, "PackedPolicyTooLarge"); !strings.HasPrefix(e.ErrorMessage(), "Packed size of session tags consumes ") || !strings.HasSuffix(e.ErrorMessage(), "% of allotted space.") {
		t.Error(e.ErrorMessage())
	}
}

// A source identity needs sts:SetSourceIdentity, can be asked for, and stays.
func TestSTSSourceIdentity(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	ann := b.user(t, "ann", "")
	const annARN = "arn:aws:iam::000000000000:user/ann"
	ok[*iam.CreateRoleOutput](t)(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("first"), AssumeRolePolicyDocument: trusts(annARN, `"sts:AssumeRole","sts:SetSourceIdentity"`, `{"StringLikeIfExists":{"sts:SourceIdentity":"a*"}}`)}))
	ok[*iam.CreateRoleOutput](t)(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("second"), AssumeRolePolicyDocument: trusts(roleOf+"first", `"sts:AssumeRole","sts:SetSourceIdentity"`, "{}")}))
	b.rolePolicy(t, "second", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*","Condition":{"StringEquals":{"aws:SourceIdentity":"alice"},"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:00Z"},"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]}`)
	as := func(name string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.SourceIdentity = &name }
	}
	_, _, err := b.assume(t, ann, roleOf+"first", as("bob"))
	refused(t, err, "AccessDenied")
	first, out, err := b.assume(t, ann, roleOf+"first", as("alice"))
	if err != nil || *out.SourceIdentity != "alice" {
		t.Fatal(out, err)
	}
	_, _, err = b.assume(t, first, roleOf+"second", as("another"))
	refused(t, err, "AccessDenied")
	second, _, err := b.assume(t, first, roleOf+"second", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.s3.ListBuckets(ctx, &s3.ListBucketsInput{}); err != nil {
		t.Error(err)
	}
}

func TestSTSManagedSessionPolicies(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	ann := b.user(t, "ann", "")
	ok[*iam.CreateRoleOutput](t)(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: trusts("arn:aws:iam::000000000000:user/ann", `"sts:AssumeRole"`, "{}")}))
	b.rolePolicy(t, "r", everything)
	p := b.managed(t, "lister", *allow("s3:ListAllMyBuckets", "*"))
	with := func(arns ...string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) {
			for _, a := range arns {
				in.PolicyArns = append(in.PolicyArns, ststypes.PolicyDescriptorType{Arn: aws.String(a)})
			}
		}
	}
	s, out, err := b.assume(t, ann, roleOf+"r", with(*p, "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"))
	if err != nil {
		t.Fatal(err)
	}
	if out.PackedPolicySize == nil {
		t.Error("no packed size")
	}
	list := func() error { return failure(s.s3.ListBuckets(ctx, &s3.ListBucketsInput{})) }
	if err := list(); err != nil {
		t.Error(err)
	}
	_, err = s.iam.ListRoles(ctx, &iam.ListRolesInput{})
	if e := refused(t, err, "AccessDenied"); !strings.HasSuffix(e.ErrorMessage(), "because no session policy allows the iam:ListRoles action") {
		t.Error(e.ErrorMessage())
	}
	// A policy that goes takes what it allowed; the session does not become wider, also where it was the only one.
	alone, _, err := b.assume(t, ann, roleOf+"r", with(*p))
	if err != nil {
		t.Fatal(err)
	}
	ok[*iam.DeletePolicyOutput](t)(b.iam.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: p}))
	refused(t, list(), "AccessDenied")
	_, err = alone.s3.ListBuckets(ctx, &s3.ListBucketsInput{})
	refused(t, err, "AccessDenied")
	_, _, err = b.assume(t, ann, roleOf+"r", with(*p))
	refused(t, err, "MalformedPolicyDocument")
	_, _, err = b.assume(t, ann, roleOf+"r", with("arn:aws:iam::aws:policy/NoSuchThing"))
	if e := refused(t, err, "MalformedPolicyDocument"); !strings.Contains(e.ErrorMessage(), "NoSuchThing") {
		t.Error(e.ErrorMessage())
	}
	_, _, err = b.assume(t, ann, roleOf+"r", func(in *sts.AssumeRoleInput) { in.Policy = aws.String("{") })
	refused(t, err, "MalformedPolicyDocument")
}

// A session ends with its role: it does not become one of a later role of the same name.
func TestSTSSessionsEndWithTheirRole(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	ann := b.user(t, "ann", "")
	make := func() {
		ok[*iam.CreateRoleOutput](t)(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: trusts("arn:aws:iam::000000000000:user/ann", `"sts:AssumeRole"`, "{}")}))
	}
	make()
	s, _, err := b.assume(t, ann, roleOf+"r", nil)
	if err != nil {
		t.Fatal(err)
	}
	ok[*sts.GetCallerIdentityOutput](t)(s.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	ok[*iam.DeleteRoleOutput](t)(b.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r")}))
	make()
	b.rolePolicy(t, "r", everything)
	_, err = s.s3.ListBuckets(ctx, &s3.ListBucketsInput{})
	refused(t, err, "InvalidAccessKeyId")
	_, err = s.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	refused(t, err, "InvalidClientTokenId")
}

// federatorNamed: a resource's policy that names the user who federated is enough, capped by the session policies (IAM User
// Guide, Principal), and what denies the user denies the session.
func federatorNamed(t *testing.T, b *bundle, ann *clients, federate func(*string) *clients) {
	b.role(t, "runner", everything)
	b.function(t, "f", "runner", "script")
	if err := b.control.PutScript(t.Context(), "f", control.Script{Outcomes: []control.ScriptedOutcome{{}}}); err != nil {
		t.Fatal(err)
	}
	ok[*lambda.AddPermissionOutput](t)(b.lambda.AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: aws.String("f"),
		StatementId: aws.String("ann"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("arn:aws:iam::000000000000:user/ann")}))
	invoke := func(c *clients) error {
		return failure(c.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")}))
	}
	if err := invoke(federate(aws.String(everything))); err != nil {
		t.Errorf("the function's policy names who federated: %v", err)
	}
	refused(t, invoke(federate(nil)), "AccessDeniedException")
	refused(t, invoke(federate(allow("s3:*", "*"))), "AccessDeniedException")
	put := func(document string) {
		ok[*iam.PutUserPolicyOutput](t)(ann.iam.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("ann"), PolicyName: aws.String("no"), PolicyDocument: &document}))
	}
	put(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"lambda:*","Resource":"*"}}`)
	refused(t, invoke(federate(aws.String(everything))), "AccessDeniedException")
	put(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ec2:*","Resource":"*"}}`)
}

func TestSTSSessionsOfUsers(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	ann := b.user(t, "ann", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sts:GetFederationToken","iam:*"],"Resource":"*"}]}`)
	of := func(c *ststypes.Credentials) *clients {
		return newClients(b.b.URL(), *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	}
	out := ok[*sts.GetSessionTokenOutput](t)(ann.sts.GetSessionToken(ctx, &sts.GetSessionTokenInput{}))
	if left := out.Credentials.Expiration.Sub(b.now(t)); left != 12*time.Hour {
		t.Errorf("it lasts %v", left)
	}
	s := of(out.Credentials)
	who := ok[*sts.GetCallerIdentityOutput](t)(s.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	if *who.Arn != "arn:aws:iam::000000000000:user/ann" {
		t.Error(*who.Arn)
	}
	ok[*s3.ListBucketsOutput](t)(s.s3.ListBuckets(ctx, &s3.ListBucketsInput{}))
	root := ok[*sts.GetSessionTokenOutput](t)(b.sts.GetSessionToken(ctx, &sts.GetSessionTokenInput{}))
	if left := root.Credentials.Expiration.Sub(b.now(t)); left != time.Hour {
		t.Errorf("the root user's lasts %v", left)
	}
	ok[*s3.ListBucketsOutput](t)(of(root.Credentials).s3.ListBuckets(ctx, &s3.ListBucketsInput{}))
	refusals(t, map[string]func() error{
		"InvalidClientTokenId: The security token included in the request is invalid": func() error {
			return failure(s.iam.ListRoles(ctx, &iam.ListRolesInput{}))
		},
		"AccessDenied: Cannot call GetSessionToken with session credentials": func() error {
			return failure(s.sts.GetSessionToken(ctx, &sts.GetSessionTokenInput{}))
		},
		"NotImplemented: lambdasim does not simulate SerialNumber of sts:GetSessionToken": func() error {
			return failure(ann.sts.GetSessionToken(ctx, &sts.GetSessionTokenInput{SerialNumber: aws.String("arn:aws:iam::000000000000:mfa/ann")}))
		},
		"NotImplemented: lambdasim does not simulate sts:DecodeAuthorizationMessage yet": func() error {
			return failure(b.sts.DecodeAuthorizationMessage(ctx, &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("x")}))
		},
	})
	info := ok[*sts.GetAccessKeyInfoOutput](t)(b.sts.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: out.Credentials.AccessKeyId}))
	if *info.Account != account {
		t.Error(*info.Account)
	}

	// A federated user may do what both its federator and the session policies allow; without session policies, nothing.
	federate := func(policy *string) *clients {
		out := ok[*sts.GetFederationTokenOutput](t)(ann.sts.GetFederationToken(ctx, &sts.GetFederationTokenInput{Name: aws.String("visitor"), Policy: policy}))
		if *out.FederatedUser.Arn != "arn:aws:sts::000000000000:federated-user/visitor" || *out.FederatedUser.FederatedUserId != "000000000000:visitor" || (policy == nil) != (*out.PackedPolicySize == 0) {
			t.Errorf("%+v", out.FederatedUser)
		}
		return of(out.Credentials)
	}
	ok[*s3.ListBucketsOutput](t)(federate(aws.String(everything)).s3.ListBuckets(ctx, &s3.ListBucketsInput{}))
	_, err := federate(nil).s3.ListBuckets(ctx, &s3.ListBucketsInput{})
	refused(t, err, "AccessDenied")
	_, err = federate(allow("s3:GetObject", "*")).s3.ListBuckets(ctx, &s3.ListBucketsInput{})
	refused(t, err, "AccessDenied")
	federatorNamed(t, b, ann, federate)
	bob := b.user(t, "bob", "")
	_, err = bob.sts.GetFederationToken(ctx, &sts.GetFederationTokenInput{Name: aws.String("visitor")})
	refused(t, err, "AccessDenied")
}

// The AWS CLI's own clients for IAM and STS.
func TestIAMThroughTheAWSCLI(t *testing.T) {
	program, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("no AWS CLI")
	}
	b := setup(t)
	run := func(args ...string) map[string]any {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, append([]string{"--endpoint-url", b.b.URL(), "--region", "us-east-1", "--output", "json"}, args...)...)
		cmd.Env = append(without(os.Environ(), "AWS_CA_BUNDLE"), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true")
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("aws %s: %v: %s", strings.Join(args, " "), err, text)
		}
		m := map[string]any{}
		if len(text) > 0 {
			if err := json.Unmarshal(text, &m); err != nil {
				t.Fatalf("%s: %s", err, text)
			}
		}
		return m
	}
	tagged := run("iam", "create-user", "--user-name", "u", "--tags", "Key=a,Value=b")
	if got := tagged["User"].(map[string]any)["Tags"].([]any)[0].(map[string]any)["Value"]; got != "b" {
		t.Error(tagged)
	}
	run("iam", "create-role", "--role-name", "r", "--assume-role-policy-document", *trusts("arn:aws:iam::000000000000:user/u", `"sts:AssumeRole"`, "{}"))
	document := run("iam", "get-role", "--role-name", "r")["Role"].(map[string]any)["AssumeRolePolicyDocument"].(map[string]any)
	if document["Version"] != "2012-10-17" {
		t.Error(document)
	}
	if got := run("iam", "list-policies", "--scope", "AWS", "--page-size", "1000")["Policies"].([]any); len(got) != 1485 {
		t.Errorf("%d policies in pages", len(got))
	}
	if got := run("sts", "get-session-token")["Credentials"].(map[string]any)["SessionToken"]; got == "" {
		t.Error("no token")
	}
}

// without leaves out a variable.
func without(env []string, name string) (list []string) {
	for _, v := range env {
		if !strings.HasPrefix(v, name+"=") {
			list = append(list, v)
		}
	}
	return list
}
