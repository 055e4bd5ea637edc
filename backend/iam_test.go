package backend_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// managed makes a managed policy and returns its ARN.
func (c *clients) managed(t *testing.T, name, text string) *string {
	t.Helper()
	out, err := c.iam.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &text})
	if err != nil {
		t.Fatal(err)
	}
	return out.Policy.Arn
}

// Every operation on a role or a user is authorized on that role or user: a deny that names one holds.
func TestIAMADenyOnARoleHoldsForEveryOperation(t *testing.T) {
	b := setup(t)
	b.makeRole(t, "guarded", trustLambda)
	b.makeRole(t, "free", trustLambda)
	_, err := b.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("deep"), Path: aws.String("/guarded/"), AssumeRolePolicyDocument: aws.String(trustLambda)})
	if err != nil {
		t.Fatal(err)
	}
	b.user(t, "boss", "")
	admin := b.user(t, "admin", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":"iam:*","Resource":["arn:aws:iam::000000000000:role/guarded","arn:aws:iam::000000000000:role/guarded/*","arn:aws:iam::000000000000:user/boss"]}]}`)
	ctx, policy := t.Context(), b.managed(t, "p", everything)
	operations := map[string]func(role *string) error{
		"AttachRolePolicy": func(r *string) error {
			_, err := admin.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: r, PolicyArn: policy})
			return err
		},
		"DetachRolePolicy": func(r *string) error {
			_, err := admin.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: r, PolicyArn: policy})
			return err
		},
		"PutRolePermissionsBoundary": func(r *string) error {
			_, err := admin.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: r, PermissionsBoundary: policy})
			return err
		},
		"DeleteRolePermissionsBoundary": func(r *string) error {
			_, err := admin.iam.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: r})
			return err
		},
		"PutRolePolicy": func(r *string) error {
			_, err := admin.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: r, PolicyName: aws.String("x"), PolicyDocument: aws.String(everything)})
			return err
		},
		"DeleteRolePolicy": func(r *string) error {
			_, err := admin.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: r, PolicyName: aws.String("x")})
			return err
		},
		"UpdateAssumeRolePolicy": func(r *string) error {
			_, err := admin.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: r, PolicyDocument: aws.String(trustLambda)})
			return err
		},
		"TagRole": func(r *string) error {
			_, err := admin.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: r, Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
			return err
		},
	}
	for _, name := range []string{"AttachRolePolicy", "DetachRolePolicy", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary", "PutRolePolicy", "DeleteRolePolicy", "UpdateAssumeRolePolicy", "TagRole"} {
		for _, role := range []string{"guarded", "deep"} {
			e := refused(t, operations[name](&role), "AccessDenied")
			if !strings.Contains(e.ErrorMessage(), "iam:"+name) || !strings.Contains(e.ErrorMessage(), "guarded") || !strings.HasSuffix(e.ErrorMessage(), "with an explicit deny in an identity-based policy") {
				t.Errorf("%s on %s: %s", name, role, e.ErrorMessage())
			}
		}
		if err := operations[name](aws.String("free")); err != nil {
			t.Errorf("%s on the other role: %v", name, err)
		}
	}
	_, err = admin.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("boss")})
	refused(t, err, "AccessDenied")
	if _, err := admin.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{}); err != nil {
		t.Errorf("the caller's own key: %v", err)
	}
	attacher := b.user(t, "attacher", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:AttachRolePolicy","Resource":"arn:aws:iam::000000000000:role/free",
		"Condition":{"ArnEquals":{"iam:PolicyARN":"`+*policy+`"}}}]}`)
	if _, err := attacher.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("free"), PolicyArn: policy}); err != nil {
		t.Errorf("a right on one role and one policy is enough: %v", err)
	}
	_, err = attacher.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("free"), PolicyArn: aws.String("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")})
	refused(t, err, "AccessDenied")
}

func TestIAMAnotherAccountsPoliciesAreOutOfReach(t *testing.T) {
	b := setup(t)
	other := b.as("111111111111")
	theirs := other.managed(t, "theirs", everything)
	ctx := t.Context()
	b.makeRole(t, "mine", trustLambda)
	_, err := b.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: theirs})
	refused(t, err, "AccessDenied")
	_, err = b.iam.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: theirs, VersionId: aws.String("v1")})
	refused(t, err, "AccessDenied")
	_, err = b.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("mine"), PolicyArn: theirs})
	refused(t, err, "NoSuchEntity")
	_, err = b.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("mine"), PermissionsBoundary: theirs})
	refused(t, err, "NoSuchEntity")
	_, err = b.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("u"), PermissionsBoundary: theirs})
	refused(t, err, "NoSuchEntity")
	_, err = other.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("mine")})
	refused(t, err, "NoSuchEntity")
}

// A boundary that went would widen what it bounded: it cannot go while it is one.
func TestIAMAPolicyInUseStays(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.makeRole(t, "r", trustLambda)
	boundary, attached := b.managed(t, "boundary", everything), b.managed(t, "attached", everything)
	if _, err := b.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("r"), PermissionsBoundary: boundary}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: attached}); err != nil {
		t.Fatal(err)
	}
	for _, arn := range []*string{boundary, attached} {
		_, err := b.iam.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
		refused(t, err, "DeleteConflict")
	}
	for i := range 20 { // attaching and deleting at once: one of them wins, and the role can always be read
		p := b.managed(t, fmt.Sprint("p", i), everything)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = b.iam.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: p}) })
		wg.Go(func() {
			if _, err := b.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: p}); err == nil {
				_, _ = b.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")})
				_, _ = b.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: p})
			}
		})
		wg.Wait()
		if _, err := b.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestIAMQuotasAndPages(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.makeRole(t, "r", trustLambda)
	big := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + strings.Repeat("x", 4000) + `"}]}`
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			_, _ = b.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String(fmt.Sprint("p", i)), PolicyDocument: &big})
		})
	}
	wg.Wait()
	list, err := b.iam.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: aws.String("r")})
	if err != nil || len(list.PolicyNames) != 2 {
		t.Errorf("%d policies of 4 kB went into the quota of 10240 (%v)", len(list.PolicyNames), err)
	}
	_, err = b.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("more"), PolicyDocument: &big})
	refused(t, err, "LimitExceeded")
	_, err = b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("big"), AssumeRolePolicyDocument: aws.String(strings.Replace(trustLambda, "lambda.amazonaws.com", strings.Repeat("x", 2000), 1))})
	refused(t, err, "LimitExceeded")
	for i := range 4 {
		b.makeRole(t, fmt.Sprint("s", i), trustLambda)
	}
	var names []string
	for p := iam.NewListRolesPaginator(b.iam, &iam.ListRolesInput{MaxItems: aws.Int32(2)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil || len(page.Roles) > 2 {
			t.Fatal(len(page.Roles), err)
		}
		for _, r := range page.Roles {
			names = append(names, *r.RoleName)
		}
	}
	if got := strings.Join(names, " "); got != "r s0 s1 s2 s3" {
		t.Error(got)
	}
	_, err = b.iam.ListRoles(ctx, &iam.ListRolesInput{MaxItems: aws.Int32(1001)})
	refused(t, err, "ValidationError")
}

// The texts of MalformedPolicyDocument, as recorded from the real API (iam.md, section 8), and IAM's other errors.
func TestIAMErrors(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.makeRole(t, "r", trustLambda)
	for document, want := range map[string]string{
		`{"Version":"2012-10-17","Statement":[]}`:                                                                          "Syntax errors in policy.",
		`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`:                                                   "Policy document must be version 2012-10-17 or greater.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}`:                            "The policy failed legacy parsing",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"GetObject","Resource":"*"}]}`:                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"bucket"}]}`:            `Resource bucket must be in ARN format or "*".`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`: "Policy document should not specify a principal.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject"}]}`:                                "Policy statement must contain resources.",
	} {
		_, err := b.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p"), PolicyDocument: aws.String(document)})
		if e := refused(t, err, "MalformedPolicyDocument"); e.ErrorMessage() != want {
			t.Errorf("%s: %q, want %q", document, e.ErrorMessage(), want)
		}
	}
	for want, call := range map[string]func() error{
		"NoSuchEntity: The role with name none cannot be found.": func() error {
			_, err := b.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("none")})
			return err
		},
		"EntityAlreadyExists: Role with name r already exists.": func() error {
			_, err := b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trustLambda)})
			return err
		},
		"NoSuchEntity: The role policy with name none cannot be found.": func() error {
			_, err := b.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("none")})
			return err
		},
		"NoSuchEntity: Policy arn:aws:iam::000000000000:policy/none does not exist or is not attachable.": func() error {
			_, err := b.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String("arn:aws:iam::000000000000:policy/none")})
			return err
		},
		"MalformedPolicyDocument: Has prohibited field Resource.": func() error {
			_, err := b.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}`)})
			return err
		},
		"NotImplemented: lambdasim does not simulate iam:CreateLoginProfile yet": func() error {
			_, err := b.iam.CreateLoginProfile(ctx, &iam.CreateLoginProfileInput{UserName: aws.String("u")})
			return err
		},
	} {
		code, message, _ := strings.Cut(want, ": ")
		if e := refused(t, call(), code); e.ErrorMessage() != message {
			t.Errorf("%s: %q, want %q", code, e.ErrorMessage(), message)
		}
	}
}

// assume opens a session of a role.
func (b *bundle) assume(t *testing.T, c *clients, role string, change func(*sts.AssumeRoleInput)) (*clients, *sts.AssumeRoleOutput, error) {
	t.Helper()
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")}
	if change != nil {
		change(in)
	}
	out, err := c.sts.AssumeRole(t.Context(), in)
	if err != nil {
		return nil, nil, err
	}
	return newClients(b.b.URL(), *out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken), out, nil
}

func trustAWS(principal, condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"sts:AssumeRole"` + condition + `}]}`
}

func TestSTSAssumeRole(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	other := b.as("111111111111")
	alice := b.user(t, "alice", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111111111111:role/*"}]}`)
	bob := b.user(t, "bob", "")
	const role = "arn:aws:iam::111111111111:role/target"
	other.makeRole(t, "target", trustAWS("arn:aws:iam::000000000000:root", `,"Condition":{"StringEquals":{"sts:ExternalId":"secret"}}`))
	with := func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("secret") }

	_, _, err := b.assume(t, alice, role, nil)
	refused(t, err, "AccessDenied") // the trust policy wants the external id
	_, _, err = b.assume(t, bob, role, with)
	if e := refused(t, err, "AccessDenied"); !strings.HasPrefix(e.ErrorMessage(), "User: arn:aws:iam::000000000000:user/bob is not authorized to perform: sts:AssumeRole on resource: "+role) {
		t.Error(e.ErrorMessage())
	}
	_, _, err = b.assume(t, alice, "arn:aws:iam::111111111111:role/none", with)
	refused(t, err, "AccessDenied") // whether a role exists is not said
	_, _, err = b.assume(t, b.clients, role, with)
	if e := refused(t, err, "AccessDenied"); e.ErrorMessage() != "Roles may not be assumed by root accounts." {
		t.Error(e.ErrorMessage())
	}
	session, out, err := b.assume(t, alice, role, with)
	if err != nil {
		t.Fatal(err)
	}
	who, err := session.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:sts::111111111111:assumed-role/target/session" || *who.UserId != *out.AssumedRoleUser.AssumedRoleId {
		t.Errorf("%+v %v", who, err)
	}
	for name, change := range map[string]func(*sts.AssumeRoleInput){
		"TokenCode": func(in *sts.AssumeRoleInput) { in.TokenCode = aws.String("123456") },
	} {
		_, _, err := b.assume(t, alice, role, change)
		if e := refused(t, err, "NotImplemented"); !strings.Contains(e.ErrorMessage(), name) {
			t.Error(e.ErrorMessage())
		}
	}
	_, _, err = b.assume(t, alice, role, func(in *sts.AssumeRoleInput) { with(in); in.DurationSeconds = aws.Int32(3601) })
	refused(t, err, "ValidationError")
	_, _, err = b.assume(t, alice, role, func(in *sts.AssumeRoleInput) { with(in); in.Policy = aws.String(strings.Repeat(" ", 2049)) })
	refused(t, err, "ValidationError")
}

func TestSTSSessionsExpireAndAreNarrowed(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.bucket(t, "plain")
	b.put(t, "plain", "open", "x")
	b.put(t, "plain", "closed", "x")
	alice := b.user(t, "alice", "")
	b.makeRole(t, "reader", trustAWS("arn:aws:iam::000000000000:user/alice", ""))
	b.rolePolicy(t, "reader", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sts:*"],"Resource":"*"}]}`)
	session, _, err := b.assume(t, alice, "arn:aws:iam::000000000000:role/reader", func(in *sts.AssumeRoleInput) {
		in.Policy = aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::plain/open"}]}`)
		in.DurationSeconds = aws.Int32(900)
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func(c *clients, key string) error {
		_, err := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("plain"), Key: &key})
		return err
	}
	if err := read(session, "open"); err != nil {
		t.Error(err)
	}
	refused(t, read(session, "closed"), "AccessDenied")
	if _, err := b.control.AdvanceBy(ctx, 15*time.Minute); err != nil {
		t.Fatal(err)
	}
	refused(t, read(session, "open"), "ExpiredToken")
	_, err = session.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	refused(t, err, "ExpiredToken")
	_, err = session.lambda.ListFunctions(ctx, &lambda.ListFunctionsInput{})
	refused(t, err, "ExpiredTokenException")

	chain, _, err := b.assume(t, alice, "arn:aws:iam::000000000000:role/reader", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("next"), AssumeRolePolicyDocument: aws.String(trustAWS("arn:aws:iam::000000000000:role/reader", "")), MaxSessionDuration: aws.Int32(7200)})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = b.assume(t, chain, "arn:aws:iam::000000000000:role/next", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(7200) })
	if e := refused(t, err, "ValidationError"); !strings.Contains(e.ErrorMessage(), "role chaining") {
		t.Error(e.ErrorMessage())
	}
}

// An explicit deny beats every allow, wherever the allow stands: in the same policy, in another, in the function's.
func TestAuthzAnExplicitDenyWins(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", "def handler(e, c): pass")
	if _, err := b.lambda.AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("all"), Principal: aws.String("*"), Action: aws.String("lambda:InvokeFunction")}); err != nil {
		t.Fatal(err)
	}
	denied := b.user(t, "denied", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"lambda:InvokeFunction","Resource":"*"}]}`)
	_, err := denied.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: "DryRun"})
	e := refused(t, err, "AccessDeniedException")
	if want := "User: arn:aws:iam::000000000000:user/denied is not authorized to perform: lambda:InvokeFunction on resource: " + functionARN("f") + " with an explicit deny in an identity-based policy"; e.ErrorMessage() != want {
		t.Errorf("%q, want %q", e.ErrorMessage(), want)
	}
	nobody := b.user(t, "nobody", "")
	if _, err := nobody.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: "DryRun"}); err != nil {
		t.Errorf("in one account the function's policy is enough: %v", err)
	}
	stranger := b.userOf(t, b.as("111111111111"), "stranger", "")
	_, err = stranger.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String(functionARN("f")), InvocationType: "DryRun"})
	refused(t, err, "AccessDeniedException")
}

// The keys that every request has can be asked for everywhere.
func TestAuthzKeysOfEveryRequest(t *testing.T) {
	b := setup(t)
	b.bucket(t, "plain")
	b.put(t, "plain", "k", "x")
	const condition = `{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"},"StringEquals":{"aws:ResourceAccount":"000000000000"},"StringLike":{"aws:UserAgent":"*aws-sdk-go*"}}`
	u := b.user(t, "near", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","iam:ListRoles"],"Resource":"*","Condition":`+condition+`}]}`)
	if string(u.get(t, "plain", "k")) != "x" {
		t.Error("not the object")
	}
	if _, err := u.iam.ListRoles(t.Context(), &iam.ListRolesInput{}); err != nil {
		t.Error(err)
	}
	lister := b.user(t, "lister", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringEquals":{"s3:prefix":"home/"}}}]}`)
	if _, err := lister.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("plain"), Prefix: aws.String("home/")}); err != nil {
		t.Error(err)
	}
	_, err := lister.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("plain")})
	refused(t, err, "AccessDenied")
}

// In audit mode what would be refused goes on, and the trace says what it would have been.
func TestAuthzAudit(t *testing.T) {
	b := setupOn(t, backend.Config{Clock: "virtual", Seed: 1, IAM: "audit", DatabaseURL: pgtest.URL(t)})
	nobody := b.user(t, "nobody", "")
	if _, err := nobody.iam.ListRoles(t.Context(), &iam.ListRolesInput{}); err != nil {
		t.Error(err)
	}
}
