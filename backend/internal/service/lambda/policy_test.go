package lambda_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func permission(sid string) *lambda.AddPermissionInput {
	return &lambda.AddPermissionInput{FunctionName: aws.String("f"), StatementId: &sid, Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("s3.amazonaws.com")}
}

// Recorded from AWS in 2025-11 (test_add_lambda_permission_fields).
func TestThePolicyIsWrittenAsAWSWritesIt(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	in := permission("s3")
	in.SourceArn = aws.String("arn:aws:s3:::bucket")
	added, err := b.AddPermission(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	const first = `{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + prefix +
		`f","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}`
	if *added.Statement != first {
		t.Errorf("got  %s\nwant %s", *added.Statement, first)
	}
	in = permission("url")
	in.Action, in.Principal, in.SourceAccount = aws.String("lambda:InvokeFunctionUrl"), aws.String("*"), aws.String("111111111111")
	in.SourceArn, in.PrincipalOrgID, in.FunctionUrlAuthType = aws.String("arn:aws:s3:::bucket"), aws.String("o-1234567890"), types.FunctionUrlAuthTypeNone
	if _, err = b.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	in = permission("account")
	in.Principal = aws.String("222222222222")
	if _, err = b.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	policy, err := b.GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: aws.String("f")})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Version":"2012-10-17","Id":"default","Statement":[` + first + `,{"Sid":"url","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"` + prefix +
		`f","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"},"StringEquals":{"AWS:SourceAccount":"111111111111","aws:PrincipalOrgID":"o-1234567890","lambda:FunctionUrlAuthType":"NONE"}}},` +
		`{"Sid":"account","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"lambda:InvokeFunction","Resource":"` + prefix + `f"}]}`
	if *policy.Policy != want {
		t.Errorf("got  %s\nwant %s", *policy.Policy, want)
	}
}

// Recorded from AWS in 2025-11: the policy has a revision of its own.
func TestThePolicyHasItsOwnRevision(t *testing.T) {
	b := setup(t)
	created := b.create(t, "f")
	const wrong = "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id"
	in := permission("a")
	in.RevisionId = created.RevisionId
	_, err := b.AddPermission(t.Context(), in)
	refused(t, err, 412, "PreconditionFailedException", wrong)
	if _, err = b.AddPermission(t.Context(), permission("a")); err != nil {
		t.Fatal(err)
	}
	before, err := b.GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: aws.String("f")})
	if err != nil {
		t.Fatal(err)
	}
	in = permission("b")
	in.RevisionId = before.RevisionId
	if _, err = b.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	remove := &lambda.RemovePermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("b"), RevisionId: before.RevisionId}
	_, err = b.RemovePermission(t.Context(), remove)
	refused(t, err, 412, "PreconditionFailedException", wrong)
	remove.RevisionId = nil
	if _, err = b.RemovePermission(t.Context(), remove); err != nil {
		t.Fatal(err)
	}
	remove.StatementId = aws.String("a")
	if _, err = b.RemovePermission(t.Context(), remove); err != nil {
		t.Fatal(err)
	}
	_, err = b.GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: aws.String("f")})
	refused(t, err, 404, "ResourceNotFoundException", "The resource you requested does not exist.")
}

// Recorded from AWS in 2025-11 (test_permission_exceptions, test_remove_multi_permissions).
func TestPermissionsAreRefused(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.create(t, "bare")
	if _, err := b.AddPermission(t.Context(), permission("s3")); err != nil {
		t.Fatal(err)
	}
	const notFound, ipve, validation = "ResourceNotFoundException", "InvalidParameterValueException", "ValidationException"
	for name, c := range map[string]struct {
		change        func(*lambda.AddPermissionInput)
		status        int
		code, message string
	}{
		"a statement id that is taken": {func(in *lambda.AddPermissionInput) { in.StatementId = aws.String("s3") }, 409, "ResourceConflictException",
			"The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing statement."},
		"a statement id out of pattern": {func(in *lambda.AddPermissionInput) { in.StatementId = aws.String("example.com") }, 400, validation,
			"1 validation error detected: Value 'example.com' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)"},
		"two members out of pattern, in one message": {func(in *lambda.AddPermissionInput) {
			in.StatementId, in.Qualifier = aws.String("example.com"), aws.String("what?")
		}, 400, validation, `2 validation errors detected: Value 'what?' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+; ` +
			"Value 'example.com' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)"},
		"a principal that is none": {func(in *lambda.AddPermissionInput) { in.Principal = aws.String("nobody") }, 400, ipve,
			"The provided principal was invalid. Please check the principal and try again."},
		"a function that does not exist": {func(in *lambda.AddPermissionInput) { in.FunctionName = aws.String("doesnotexist") }, 404, notFound,
			"Function not found: " + prefix + "doesnotexist"},
		"an alias that does not exist": {func(in *lambda.AddPermissionInput) { in.Qualifier = aws.String("alias-doesnotexist") }, 404, notFound,
			"Cannot find alias arn: " + prefix + "f:alias-doesnotexist"},
		"a version that does not exist": {func(in *lambda.AddPermissionInput) { in.Qualifier = aws.String("42") }, 404, notFound,
			"Function not found: " + prefix + "f:42"},
		"a qualifier with a $": {func(in *lambda.AddPermissionInput) { in.Qualifier = aws.String("valid-with-$-but-doesnotexist") }, 404, notFound,
			"Function not found: " + prefix + "f:valid-with-$-but-doesnotexist"},
		"$LATEST": {func(in *lambda.AddPermissionInput) { in.Qualifier = aws.String("$LATEST") }, 400, ipve,
			"We currently do not support adding policies for $LATEST."},
		"an authorization type for another action": {func(in *lambda.AddPermissionInput) { in.FunctionUrlAuthType = types.FunctionUrlAuthTypeNone }, 400, ipve,
			"FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"},
	} {
		t.Run(name, func(t *testing.T) {
			in := permission("new")
			c.change(in)
			_, err := b.AddPermission(t.Context(), in)
			refused(t, err, c.status, c.code, c.message)
		})
	}
	for name, c := range map[string]struct {
		function, sid, message string
	}{
		"a function without a policy":              {"bare", "s3", "No policy is associated with the given resource."},
		"a statement that is not there":            {"f", "non-existent", "Statement non-existent is not found in resource policy."},
		"the policy of a function that is missing": {"doesnotexist", "s3", "No policy found for: " + prefix + "doesnotexist"},
	} {
		t.Run("removal from "+name, func(t *testing.T) {
			_, err := b.RemovePermission(t.Context(), &lambda.RemovePermissionInput{FunctionName: &c.function, StatementId: &c.sid})
			refused(t, err, 404, notFound, c.message)
		})
	}
	t.Run("a policy that grows too long", func(t *testing.T) {
		in := permission("long")
		in.SourceArn = aws.String("arn:aws:s3:::" + strings.Repeat("b", 20480))
		_, err := b.AddPermission(t.Context(), in)
		const fixed = `{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + prefix + `f"},` +
			`{"Sid":"long","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + prefix + `f","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::"}}}]}`
		refused(t, err, 400, "PolicyLengthExceededException", "The final policy size ("+itoa(len(fixed)+20480)+") is bigger than the limit (20480).")
	})
}

// Lambda guide, actions of resource-based policies: a function's policy grants more than invocations, across accounts and within
// one, and denies its own account's root user too.
func TestAFunctionsPolicyGrantsActionsOnIt(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	other := b.as("222222222222")
	get := func(c *lambda.Client) string {
		_, err := c.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String(prefix + "f")})
		return said(err)
	}
	if got := get(other); !strings.Contains(got, "AccessDeniedException") || !strings.Contains(got, "lambda:GetFunction") {
		t.Errorf("before: %s", got)
	}
	in := permission("read")
	in.Action, in.Principal = aws.String("lambda:GetFunction"), aws.String("222222222222")
	if _, err := b.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if got := get(other); got != "" {
		t.Errorf("granted: %s", got)
	}
	_, err := other.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String(prefix + "f"), ZipFile: archive(t, "main.py", "x = 1\n")})
	if got := said(err); !strings.Contains(got, "AccessDeniedException") {
		t.Errorf("another action: %s", got)
	}
	if _, err := b.PutResourcePolicy(t.Context(), &lambda.PutResourcePolicyInput{ResourceArn: aws.String(prefix + "f"), Policy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"lambda:GetFunction","Resource":"` + prefix + `f"}]}`)}); err != nil {
		t.Fatal(err)
	}
	for who, c := range map[string]*lambda.Client{"the other account": other, "the root user": b.Client} {
		if got := get(c); !strings.Contains(got, "with an explicit deny in a resource-based policy") {
			t.Errorf("%s, denied: %s", who, got)
		}
	}
}
