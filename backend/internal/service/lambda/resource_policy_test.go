package lambda_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// The API reference of Put-, Get- and DeleteResourcePolicy (2026-08), and the developer guide, "Working with resource-based
// policies": a put replaces everything, permissions are added to and removed from what was put.
func TestAWholePolicyIsPutReadAndDeleted(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	if _, err := b.AddPermission(t.Context(), permission("before")); err != nil {
		t.Fatal(err)
	}
	const text = `{"Version":"2012-10-17","Statement":[{"Sid":"all","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":["` + prefix + `f","` + prefix + `f:*"]}]}`
	put := &lambda.PutResourcePolicyInput{ResourceArn: aws.String(prefix + "f"), Policy: aws.String(text)}
	made, err := b.PutResourcePolicy(t.Context(), put)
	if err != nil || *made.Policy != text {
		t.Fatalf("got %+v, %v", made, err)
	}
	if _, err := b.AddPermission(t.Context(), permission("after")); err != nil {
		t.Fatal(err)
	}
	got, err := b.GetResourcePolicy(t.Context(), &lambda.GetResourcePolicyInput{ResourceArn: aws.String(prefix + "f")})
	if err != nil || strings.Contains(*got.Policy, "before") || !strings.Contains(*got.Policy, `"all"`) || !strings.Contains(*got.Policy, `"after"`) || *got.RevisionId == *made.RevisionId {
		t.Errorf("got %+v, %v", got, err)
	}
	if old, err := b.GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: aws.String("f")}); err != nil || *old.Policy != *got.Policy || *old.RevisionId != *got.RevisionId {
		t.Errorf("GetPolicy shows %+v, %v", old, err)
	}
	const stale = "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id"
	put.RevisionId = made.RevisionId
	_, err = b.PutResourcePolicy(t.Context(), put)
	refused(t, err, 412, "PreconditionFailedException", stale)
	remove := &lambda.DeleteResourcePolicyInput{ResourceArn: aws.String(prefix + "f"), RevisionId: made.RevisionId}
	_, err = b.DeleteResourcePolicy(t.Context(), remove)
	refused(t, err, 412, "PreconditionFailedException", stale)
	remove.RevisionId = got.RevisionId
	if _, err = b.DeleteResourcePolicy(t.Context(), remove); err != nil {
		t.Fatal(err)
	}
	remove.RevisionId = nil
	_, err = b.DeleteResourcePolicy(t.Context(), remove)
	refused(t, err, 404, "ResourceNotFoundException", "The resource you requested does not exist.")
	_, err = b.GetResourcePolicy(t.Context(), &lambda.GetResourcePolicyInput{ResourceArn: aws.String(prefix + "f")})
	refused(t, err, 404, "ResourceNotFoundException", "The resource you requested does not exist.")
}

// A whole policy may deny, and may name the function's versions and aliases (developer guide, as above).
func TestAWholePolicyDecides(t *testing.T) {
	b := setup(t)
	b.versions(t, 1)
	b.script(t, "f", control.ScriptedOutcome{Payload: json.RawMessage(`1`)})
	b.alias(t, "live", "1", nil)
	text := `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":["222222222222","333333333333"]},"Action":"lambda:InvokeFunction","Resource":["` + prefix + `f","` + prefix + `f:*"]},
		{"Effect":"Deny","Principal":{"AWS":"333333333333"},"Action":"lambda:InvokeFunction","Resource":"` + prefix + `f:live"}]}`
	if _, err := b.PutResourcePolicy(t.Context(), &lambda.PutResourcePolicyInput{ResourceArn: aws.String(prefix + "f"), Policy: &text}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		account, name string
		allowed       bool
	}{{"222222222222", "f", true}, {"222222222222", "f:live", true}, {"333333333333", "f:1", true}, {"333333333333", "f:live", false}, {"444444444444", "f", false}} {
		_, err := b.as(c.account).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String(prefix + c.name)})
		if (err == nil) != c.allowed {
			t.Errorf("%s calls %s: %v", c.account, c.name, err)
		}
	}
}

func TestWholePoliciesAreRefused(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	const statement = `{"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"` + prefix + `f"}`
	const ipve = "InvalidParameterValueException"
	for name, c := range map[string]struct {
		resource, policy, code, message string
		status                          int
	}{
		"a text that is no policy": {prefix + "f", `{"Statement":`, ipve, "", 400},
		"no principal":             {prefix + "f", `{"Statement":[{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*"}]}`, ipve, "The policy is not valid: Missing required field Principal (line 1, column 15: statement 1: it names nobody: want Principal)", 400},
		"a role that is not there": {prefix + "f", `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/nobody"},"Action":"lambda:InvokeFunction","Resource":"*"}]}`, ipve,
			`The policy is not valid: Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:role/nobody"`, 400},
		"a policy that is too long":  {prefix + "f", `{"Statement":[` + statement + `]}` + strings.Repeat(" ", 20480), "PolicyLengthExceededException", "", 400},
		"a function that is missing": {prefix + "nobody", `{"Statement":[` + statement + `]}`, "ResourceNotFoundException", "Function not found: " + prefix + "nobody", 404},
		"an alias that is missing":   {prefix + "f:nobody", `{"Statement":[` + statement + `]}`, "ResourceNotFoundException", "Cannot find alias arn: " + prefix + "f:nobody", 404},
		"$LATEST":                    {prefix + "f:$LATEST", `{"Statement":[` + statement + `]}`, ipve, "We currently do not support adding policies for $LATEST.", 400},
		"a name that is no ARN": {"f", `{"Statement":[` + statement + `]}`, "ValidationException",
			"1 validation error detected: Value 'f' at 'resourceArn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:function:[a-zA-Z0-9-_]+(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_])+)?", 400},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.PutResourcePolicy(t.Context(), &lambda.PutResourcePolicyInput{ResourceArn: &c.resource, Policy: &c.policy})
			if c.message == "" {
				if err == nil || !strings.Contains(err.Error(), c.code) {
					t.Errorf("got %v, want %s", err, c.code)
				}
				return
			}
			refused(t, err, c.status, c.code, c.message)
		})
	}
}

// IAM User Guide, AWS JSON policy elements: Principal. A policy means the role that it named, not a later one of that name.
func TestAPolicyMeansTheRoleThatItNamed(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	const caller = "arn:aws:iam::000000000000:role/caller"
	in := permission("role")
	in.Principal = aws.String(caller)
	_, err := b.AddPermission(t.Context(), in)
	refused(t, err, 400, "InvalidParameterValueException", "The provided principal was invalid. Please check the principal and try again.")
	b.role(t, "caller", `"lambda.amazonaws.com"`)
	if _, err := b.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	shown := func() string {
		got, err := b.GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: aws.String("f")})
		if err != nil {
			t.Fatal(err)
		}
		return *got.Policy
	}
	if p := shown(); !strings.Contains(p, `{"AWS":"`+caller+`"}`) {
		t.Errorf("got %s", p)
	}
	if _, err := b.iam.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("caller")}); err != nil {
		t.Fatal(err)
	}
	b.role(t, "caller", `"lambda.amazonaws.com"`)
	if p := shown(); strings.Contains(p, caller) || !strings.Contains(p, `{"AWS":"AROA`) {
		t.Errorf("the new role is taken for the old one: %s", p)
	}
}

// As above, once the policy has been evaluated: what is kept for the next invocation does not outlive the user.
func TestAUserThatIsMadeAgainIsAnother(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.script(t, "f", control.ScriptedOutcome{Payload: json.RawMessage(`1`)})
	name := aws.String("caller")
	user := func() (invoke func() error, key *string) {
		if _, err := b.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: name}); err != nil {
			t.Fatal(err)
		}
		made, err := b.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: name})
		if err != nil {
			t.Fatal(err)
		}
		client := lambda.NewFromConfig(config(b.url, *made.AccessKey.AccessKeyId, *made.AccessKey.SecretAccessKey, ""))
		return func() error {
			_, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")})
			return err
		}, made.AccessKey.AccessKeyId
	}
	invoke, key := user()
	in := permission("user")
	in.Principal = aws.String("arn:aws:iam::000000000000:user/caller")
	if _, err := b.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if err := invoke(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.iam.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: key}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.iam.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: name}); err != nil {
		t.Fatal(err)
	}
	invoke, _ = user()
	refused(t, invoke(), 403, "AccessDeniedException", "User: arn:aws:iam::000000000000:user/caller is not authorized to perform: lambda:InvokeFunction on resource: "+
		prefix+"f because no identity-based policy allows the lambda:InvokeFunction action")
}
