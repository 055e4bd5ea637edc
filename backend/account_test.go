package backend_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

const (
	organization = "o-a1b2c3d4e5"
	fullAccess   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	noFunctions  = `{"Version":"2012-10-17","Statement":[{"Sid":"NoNewFunctions","Effect":"Deny","Action":"lambda:CreateFunction","Resource":"*"}]}`
	member       = "111111111111"
)

// describe puts an account into the organization.
func (b *bundle) describe(t *testing.T, a control.Account) {
	t.Helper()
	if a.OrganizationID == "" {
		a.OrganizationID = organization
	}
	if err := b.control.PutAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

func TestAccountsAreGivenReadAndForgotten(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	notThere := func(err error) {
		t.Helper()
		if e, ok := errors.AsType[*control.Error](err); !ok || e.Status != http.StatusNotFound {
			t.Errorf("got %v", err)
		}
	}
	_, err := b.control.GetAccount(ctx, member)
	notThere(err)
	notThere(b.control.DeleteAccount(ctx, member))
	given := control.Account{ID: member, OrganizationID: organization, OrganizationPath: organization + "/r-ab12/ou-ab12-11111111/", ManagementAccount: true,
		ServiceControlPolicies: [][]string{{fullAccess}, {fullAccess, noFunctions}}, ResourceControlPolicies: []string{outsiders}}
	b.describe(t, given)
	got, err := b.control.GetAccount(ctx, member)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != member || got.OrganizationPath != given.OrganizationPath || !got.ManagementAccount || len(got.ServiceControlPolicies) != 2 ||
		got.ServiceControlPolicies[1][1] != noFunctions || got.ResourceControlPolicies[0] != outsiders {
		t.Errorf("got %+v", got)
	}
	b.describe(t, control.Account{ID: "222222222222"})
	list, err := b.control.Accounts(ctx)
	if err != nil || len(list) != 2 || list[0].ID != member {
		t.Errorf("%+v, %v", list, err)
	}
	if err := b.control.Reset(ctx, member); err != nil {
		t.Fatal(err)
	}
	_, err = b.control.GetAccount(ctx, member)
	notThere(err)
	if err := b.control.DeleteAccount(ctx, "222222222222"); err != nil {
		t.Error(err)
	}
	if list, _ := b.control.Accounts(ctx); len(list) != 0 {
		t.Errorf("left: %+v", list)
	}
}

func TestAccountsThatContradictThemselvesAreRefused(t *testing.T) {
	b := setup(t)
	deny := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]}`
	for says, a := range map[string]control.Account{
		"want twelve digits":                        {ID: "1"},
		"organization_id is missing":                {ID: member, ServiceControlPolicies: [][]string{{fullAccess}}},
		`organization_id "x"`:                       {ID: member, OrganizationID: "x"},
		"does not begin with organization_id":       {ID: member, OrganizationID: organization, OrganizationPath: "o-zzzzzzzzzz/r-ab12/"},
		"level 2 is empty":                          {ID: member, OrganizationID: organization, ServiceControlPolicies: [][]string{{fullAccess}, {}}},
		"policy 1 of level 1: Policy document shou": {ID: member, OrganizationID: organization, ServiceControlPolicies: [][]string{{deny}}},
		"policy 1: statement 1: its Effect must be": {ID: member, OrganizationID: organization, ResourceControlPolicies: []string{strings.Replace(deny, "Deny", "Allow", 1)}},
		`its Principal must be "*"`:                 {ID: member, OrganizationID: organization, ResourceControlPolicies: []string{strings.Replace(deny, `"*"`, `{"AWS":"222222222222"}`, 1)}},
		"NotAction is not supported":                {ID: member, OrganizationID: organization, ResourceControlPolicies: []string{strings.Replace(deny, `"Action"`, `"NotAction"`, 1)}},
		"a service control policy has at most 5120": {ID: member, OrganizationID: organization, ServiceControlPolicies: [][]string{{strings.Replace(fullAccess, `"*"`, `"`+strings.Repeat("s", 5200)+`:*"`, 1)}}},
		"policy 1 of level 1: ":                     {ID: member, OrganizationID: organization, ServiceControlPolicies: [][]string{{`{"Version":`}}},
	} {
		err := b.control.PutAccount(t.Context(), a)
		if e, ok := errors.AsType[*control.Error](err); !ok || e.Status != http.StatusBadRequest || !strings.Contains(e.Message, says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}

// SCPs: every level must allow; a deny anywhere ends it; the root user is under them too, the management account's callers are
// not (Organizations guide, SCP evaluation).
func TestAccountsServiceControlPolicies(t *testing.T) {
	b := setup(t)
	other := b.as(member)
	admin := b.userOf(t, other, "admin", everything)
	call := func(c *clients) error {
		_, err := c.lambda.CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: s("f"), Role: s("arn:aws:iam::" + member + ":role/none"), Runtime: "python3.12", Handler: s("h"),
			Code: codeOf(archive(t, map[string]string{"main.py": ""}))})
		return err
	}
	let := func(name string, c *clients) { // as far as the role, which is not there
		t.Helper()
		if e := refused(t, call(c), "InvalidParameterValueException"); !strings.Contains(e.ErrorMessage(), "cannot be assumed") {
			t.Errorf("%s: %v", name, e)
		}
	}
	deny := func(name string, c *clients, end string) {
		t.Helper()
		if e := refused(t, call(c), "AccessDeniedException"); !strings.HasSuffix(e.ErrorMessage(), end) {
			t.Errorf("%s: %v", name, e)
		}
	}
	let("in no organization", admin)
	b.describe(t, control.Account{ID: member, ServiceControlPolicies: [][]string{{fullAccess}, {fullAccess, noFunctions}}})
	deny("a deny", admin, "with an explicit deny in a service control policy")
	deny("the root user", other, "with an explicit deny in a service control policy")
	list, err := b.control.Refusals(t.Context(), member)
	if err != nil || len(list) != 2 || !strings.Contains(list[0].Reason, `statement "NoNewFunctions" of the service control policy 2 of level 2 of account `+member) ||
		list[0].Principal != "arn:aws:iam::"+member+":user/admin" || !strings.Contains(string(list[0].Decision), `"explicitDeny"`) {
		t.Errorf("%+v, %v", list, err)
	}
	if list, _ := b.control.Refusals(t.Context(), "222222222222"); len(list) != 0 {
		t.Errorf("another account's: %+v", list)
	}
	b.describe(t, control.Account{ID: member, ServiceControlPolicies: [][]string{{fullAccess}, {strings.Replace(fullAccess, `"Action":"*"`, `"Action":["iam:*","sqs:*"]`, 1)}}})
	deny("a level that does not allow", admin, "because no service control policy allows the lambda:CreateFunction action")
	b.describe(t, control.Account{ID: member, ManagementAccount: true, ServiceControlPolicies: [][]string{{fullAccess}, {noFunctions, fullAccess}}})
	let("the management account", admin)
	b.describe(t, control.Account{ID: member, ServiceControlPolicies: [][]string{{fullAccess}, {fullAccess}}})
	let("policies that allow", admin)
	b.describe(t, control.Account{ID: member, ServiceControlPolicies: [][]string{{strings.Replace(noFunctions, `"Resource":"*"`, `"Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/admin"}}`, 1), fullAccess}}})
	let("who is spared by a condition", admin)
	deny("who is not", b.userOf(t, other, "another", everything), "with an explicit deny in a service control policy")
	if err := b.control.DeleteAccount(t.Context(), member); err != nil {
		t.Fatal(err)
	}
	let("after the description is gone", other)
}

const outsiders = `{"Version":"2012-10-17","Statement":[{"Sid":"OnlyOurs","Effect":"Deny","Principal":"*","Action":["sqs:*","sts:*"],"Resource":"*",
	"Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}]}`

// RCPs: they protect the resources of an account from whoever the statement does not spare, of other organizations or none;
// Lambda's functions are not under them (Organizations guide, RCPs).
func TestAccountsResourceControlPolicies(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	q, err := b.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: s("q"), Attributes: map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}]}`}})
	if err != nil {
		t.Fatal(err)
	}
	b.role(t, "r", "")
	b.function(t, "f", "r", "")
	if _, err := b.lambda.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: s("f"), StatementId: s("any"), Action: s("lambda:InvokeFunction"), Principal: s(member)}); err != nil {
		t.Fatal(err)
	}
	b.makeRole(t, "open", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"`+member+`"},"Action":"sts:AssumeRole"}]}`)
	stranger := b.userOf(t, b.as(member), "admin", everything)
	send := func(c *clients) error {
		_, err := c.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: s("x")})
		return err
	}
	assume := func() error {
		_, err := stranger.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: s("arn:aws:iam::" + account + ":role/open"), RoleSessionName: s("me")})
		return err
	}
	for _, err := range []error{send(stranger), assume()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	b.describe(t, control.Account{ID: account, ResourceControlPolicies: []string{outsiders}})
	if e := refused(t, send(stranger), "AccessDenied"); !strings.HasSuffix(e.ErrorMessage(), "with an explicit deny in a resource control policy") {
		t.Error(e)
	}
	refused(t, assume(), "AccessDenied")
	if err := send(b.clients); err != nil {
		t.Errorf("the organization's own account: %v", err)
	}
	if _, err := stranger.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: s("arn:aws:lambda:us-east-1:" + account + ":function:f"), InvocationType: "DryRun"}); err != nil {
		t.Errorf("functions are not under RCPs: %v", err)
	}
	b.describe(t, control.Account{ID: member})
	if err := errors.Join(send(stranger), assume()); err != nil {
		t.Errorf("an account of the organization: %v", err)
	}
	b.describe(t, control.Account{ID: account, ManagementAccount: true, ResourceControlPolicies: []string{outsiders}})
	if err := b.control.DeleteAccount(ctx, member); err != nil {
		t.Fatal(err)
	}
	if err := send(stranger); err != nil {
		t.Errorf("the management account's resources: %v", err)
	}
}

// A function can be opened to an organization.
func TestAccountsOrganizationAsACondition(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.role(t, "r", "")
	b.function(t, "f", "r", "")
	_, err := b.lambda.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: s("f"), StatementId: s("ours"), Action: s("lambda:InvokeFunction"), Principal: s("*"), PrincipalOrgID: aws.String(organization)})
	if err != nil {
		t.Fatal(err)
	}
	partner := b.userOf(t, b.as(member), "admin", everything)
	call := func() error {
		_, err := partner.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: s("arn:aws:lambda:us-east-1:" + account + ":function:f"), InvocationType: "DryRun"})
		return err
	}
	refused(t, call(), "AccessDeniedException")
	b.describe(t, control.Account{ID: member, OrganizationID: "o-zzzzzzzzzz"})
	refused(t, call(), "AccessDeniedException")
	b.describe(t, control.Account{ID: member})
	if err := call(); err != nil {
		t.Error(err)
	}
}

// What a session may is its own role's, not that of one that has the name since.
func TestAccountsASessionOfADeletedRoleMayNothing(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"sts:AssumeRole"}]}`
	b.makeRole(t, "brief", trust)
	b.rolePolicy(t, "brief", everything)
	admin := b.user(t, "admin", everything)
	out, err := admin.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: s("arn:aws:iam::" + account + ":role/brief"), RoleSessionName: s("me")})
	if err != nil {
		t.Fatal(err)
	}
	session := newClients(b.b.URL(), *out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	list := func() error {
		_, err := session.sqs.ListQueues(ctx, &sqs.ListQueuesInput{})
		return err
	}
	if err := list(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: s("brief"), PolicyName: s("main")}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: s("brief")}); err != nil {
		t.Fatal(err)
	}
	b.makeRole(t, "brief", trust)
	b.rolePolicy(t, "brief", everything)
	if err := list(); err == nil {
		t.Error("the session of a role that is gone has the rights of the one that took its name")
	}
}
