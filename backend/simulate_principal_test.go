package backend_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// TestSimulatePrincipalPolicy runs the cases of testdata/simulate/principal on a user with a group, a group, a role, and a
// user with a boundary.
func TestSimulatePrincipalPolicy(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	team := aws.String("/team/")
	ann, devs, app, bounded := aws.String("ann"), aws.String("devs"), aws.String("app"), aws.String("bounded")
	must(b.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: ann, Path: team}))
	must(b.iam.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: devs, Path: team}))
	must(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: app, Path: team, AssumeRolePolicyDocument: aws.String(trustLambda)}))
	remove, err := b.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("remove"), Path: team,
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"*"}]}`)})
	must(remove, err)
	must(b.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: ann, PolicyName: aws.String("read"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/a"}]}`)}))
	must(b.iam.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: devs, PolicyName: aws.String("write"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}`)}))
	must(b.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: app, PolicyName: aws.String("read"), PolicyDocument: aws.String(allowGet)}))
	must(b.iam.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: ann, PolicyArn: remove.Policy.Arn}))
	must(b.iam.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: devs, PolicyArn: remove.Policy.Arn})) // counts once
	must(b.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: app, PolicyArn: remove.Policy.Arn}))
	must(b.iam.AddUserToGroup(ctx, &iam.AddUserToGroupInput{UserName: ann, GroupName: devs}))
	must(b.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: bounded, PermissionsBoundary: b.managed(t, "bound", allowGet)}))
	must(b.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: bounded, PolicyName: aws.String("all"), PolicyDocument: aws.String(everything)}))

	for _, s := range readSimulations(t, "testdata/simulate/principal/principal.json") {
		t.Run(s.Name, func(t *testing.T) { s.run(t, b.clients) })
	}
	t.Run("leaving the group counts at once", func(t *testing.T) {
		must(b.iam.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{UserName: ann, GroupName: devs}))
		results, _, err := b.simulate(t, simulationRequest{PolicySourceArn: aws.String("arn:aws:iam::000000000000:user/team/ann"), ActionNames: []string{"s3:PutObject"}})
		if err != nil || results[0].EvalDecision != "implicitDeny" {
			t.Error(results, err)
		}
	})
	t.Run("its account's service control policies", func(t *testing.T) {
		const scp = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:Get*","Resource":"*"}]}`
		ask := func(exclude ...string) []string {
			t.Helper()
			r := simulationRequest{PolicySourceArn: aws.String("arn:aws:iam::000000000000:user/team/ann"), PolicyInputList: []document{everything}, ActionNames: []string{"s3:GetObject", "s3:PutObject"}}
			for _, kind := range exclude {
				r.PolicyExclusionList = append(r.PolicyExclusionList, exclusion{PolicyType: kind})
			}
			results, _, err := b.simulate(t, r)
			if err != nil {
				t.Fatal(err)
			}
			return resultLines(results)
		}
		describe := func(a control.Account) {
			t.Helper()
			if err := b.control.PutAccount(ctx, a); err != nil {
				t.Fatal(err)
			}
		}
		const by = " | PolicyInputList.1 1:38-1:84"
		check := func(name string, got []string, get, put string) {
			t.Helper()
			if diff := cmp.Diff([]string{"s3:GetObject on *: " + get, "s3:PutObject on *: " + put}, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		check("no organization", ask(), "allowed"+by, "allowed"+by)
		describe(control.Account{ID: "000000000000", OrganizationID: "o-a1b2c3d4e5"})
		check("an organization without policies", ask(), "allowed"+by+" | organizations true", "allowed"+by+" | organizations true")
		describe(control.Account{ID: "000000000000", OrganizationID: "o-a1b2c3d4e5", ServiceControlPolicies: [][]string{{scp}}})
		check("a deny", ask(), "explicitDeny | organizations false", "allowed"+by+" | organizations true")
		check("excluded", ask("scp"), "allowed"+by+" | organizations true", "allowed"+by+" | organizations true")
		describe(control.Account{ID: "000000000000", OrganizationID: "o-a1b2c3d4e5", ManagementAccount: true, ServiceControlPolicies: [][]string{{scp}}})
		check("the management account", ask(), "allowed"+by+" | organizations true", "allowed"+by+" | organizations true")
	})
}
