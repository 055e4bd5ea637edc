package backend_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// ok is for calls of which only the success matters.
func ok[T any](t *testing.T) func(out T, err error) T {
	t.Helper()
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refusals checks calls against "Code: message".
func refusals(t *testing.T, calls map[string]func() error) {
	t.Helper()
	for want, call := range calls {
		code, message, _ := strings.Cut(want, ": ")
		if e := refused(t, call(), code); e != nil && e.ErrorMessage() != message {
			t.Errorf("%s: %q, want %q", code, e.ErrorMessage(), message)
		}
	}
}

func failure[T any](_ T, err error) error { return err }

func allow(action, resource string) *string {
	return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}]}`)
}

// A group's policies are its users', inline and attached; the reason of a refusal names the group.
func TestIAMGroupsPoliciesCountForTheirUsers(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.bucket(t, "plain")
	b.put(t, "plain", "a", "x")
	b.put(t, "plain", "b", "x")
	ann := b.user(t, "ann", "")
	ok[*iam.CreateGroupOutput](t)(b.iam.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("readers"), Path: aws.String("/teams/")}))
	ok[*iam.PutGroupPolicyOutput](t)(b.iam.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: aws.String("readers"), PolicyName: aws.String("a"), PolicyDocument: allow("s3:GetObject", "arn:aws:s3:::plain/a")}))
	read := func(key string) error {
		return failure(ann.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("plain"), Key: &key}))
	}
	refused(t, read("a"), "AccessDenied")
	ok[*iam.AddUserToGroupOutput](t)(b.iam.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: aws.String("readers"), UserName: aws.String("ann")}))
	ok[*iam.AddUserToGroupOutput](t)(b.iam.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: aws.String("readers"), UserName: aws.String("ann")}))
	if err := read("a"); err != nil {
		t.Error(err)
	}
	refused(t, read("b"), "AccessDenied")
	p := b.managed(t, "b", *allow("s3:GetObject", "arn:aws:s3:::plain/b"))
	ok[*iam.AttachGroupPolicyOutput](t)(b.iam.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: aws.String("readers"), PolicyArn: p}))
	if err := read("b"); err != nil {
		t.Error(err)
	}
	got := ok[*iam.GetGroupOutput](t)(b.iam.GetGroup(ctx, &iam.GetGroupInput{GroupName: aws.String("readers")}))
	if *got.Group.Arn != "arn:aws:iam::000000000000:group/teams/readers" || !strings.HasPrefix(*got.Group.GroupId, "AGPA") || len(got.Users) != 1 || *got.Users[0].UserName != "ann" {
		t.Errorf("%+v", got)
	}
	of := ok[*iam.ListGroupsForUserOutput](t)(b.iam.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: aws.String("ann")}))
	if len(of.Groups) != 1 || *of.Groups[0].GroupName != "readers" {
		t.Errorf("%+v", of)
	}
	for _, c := range []struct {
		name string
		undo func() error
	}{
		{"must remove users from group first", func() error {
			return failure(b.iam.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: aws.String("readers"), UserName: aws.String("ann")}))
		}},
		{"must detach all policies first", func() error {
			return failure(b.iam.DetachGroupPolicy(ctx, &iam.DetachGroupPolicyInput{GroupName: aws.String("readers"), PolicyArn: p}))
		}},
		{"must delete policies first", func() error {
			return failure(b.iam.DeleteGroupPolicy(ctx, &iam.DeleteGroupPolicyInput{GroupName: aws.String("readers"), PolicyName: aws.String("a")}))
		}},
	} {
		_, err := b.iam.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: aws.String("readers")})
		if e := refused(t, err, "DeleteConflict"); e.ErrorMessage() != "Cannot delete entity, "+c.name+"." {
			t.Error(e.ErrorMessage())
		}
		if err := c.undo(); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, read("a"), "AccessDenied")
	ok[*iam.DeleteGroupOutput](t)(b.iam.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: aws.String("readers")}))
	refusals(t, map[string]func() error{
		"NoSuchEntity: The group with name readers cannot be found.": func() error {
			return failure(b.iam.GetGroup(ctx, &iam.GetGroupInput{GroupName: aws.String("readers")}))
		},
		"NoSuchEntity: The user with name bob cannot be found.": func() error {
			ok[*iam.CreateGroupOutput](t)(b.iam.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("other")}))
			return failure(b.iam.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: aws.String("other"), UserName: aws.String("bob")}))
		},
	})
	_, err := b.iam.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("OTHER")})
	refused(t, err, "EntityAlreadyExists")
}

// A user's new name keeps everything that it has, its id and its keys.
func TestIAMARenamedUserKeepsWhatItHas(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	ann := b.user(t, "ann", *allow("iam:GetUser", "*"))
	before := ok[*iam.GetUserOutput](t)(ann.iam.GetUser(ctx, &iam.GetUserInput{}))
	ok[*iam.UpdateUserOutput](t)(b.iam.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("ann"), NewUserName: aws.String("anna"), NewPath: aws.String("/people/")}))
	after := ok[*iam.GetUserOutput](t)(ann.iam.GetUser(ctx, &iam.GetUserInput{}))
	if *after.User.Arn != "arn:aws:iam::000000000000:user/people/anna" || *after.User.UserId != *before.User.UserId {
		t.Errorf("%+v", after.User)
	}
	b.user(t, "bob", "")
	_, err := b.iam.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("anna"), NewUserName: aws.String("bob")})
	if e := refused(t, err, "EntityAlreadyExists"); e.ErrorMessage() != "User with name bob already exists." {
		t.Error(e.ErrorMessage())
	}
	_, err = b.iam.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("anna")})
	if e := refused(t, err, "DeleteConflict"); e.ErrorMessage() != "Cannot delete entity, must delete access keys first." {
		t.Error(e.ErrorMessage())
	}
}

// A marker says after which item a page begins: what comes or goes between two pages shifts nothing.
func TestIAMPagesSurviveChanges(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	for _, name := range []string{"b", "d", "f", "h"} {
		b.makeRole(t, name, trustLambda)
	}
	var names []string
	in := &iam.ListRolesInput{MaxItems: aws.Int32(2)}
	for {
		out := ok[*iam.ListRolesOutput](t)(b.iam.ListRoles(ctx, in))
		for _, r := range out.Roles {
			names = append(names, *r.RoleName)
		}
		if !out.IsTruncated {
			break
		}
		if len(names) == 2 {
			b.makeRole(t, "a", trustLambda)
			b.makeRole(t, "e", trustLambda)
			ok[*iam.DeleteRoleOutput](t)(b.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("d")}))
		}
		in.Marker = out.Marker
	}
	if got := strings.Join(names, ""); got != "bdefh" {
		t.Error(got)
	}
	_, err := b.iam.ListRoles(ctx, &iam.ListRolesInput{Marker: aws.String("2")})
	refused(t, err, "ValidationError")
}

// A trust policy means the user that it named, not a later one of that name (iam.md, section 2).
func TestIAMTrustNamesTheUserAndNotItsName(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	const ann = "arn:aws:iam::000000000000:user/ann"
	refusals(t, map[string]func() error{
		`MalformedPolicyDocument: Invalid principal in policy: "AWS":"` + ann + `"`: func() error {
			return failure(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trustAWS(ann, ""))}))
		},
	})
	user := ok[*iam.CreateUserOutput](t)(b.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("ann")})).User
	text := `{ "Version":"2012-10-17", "Statement":[{"Effect":"Allow","Principal":{"AWS":["` + ann + `", "111111111111"]},"Action":"sts:AssumeRole","Condition":{"StringNotEquals":{"aws:PrincipalArn":"` + ann + `x"}}}]}`
	ok[*iam.CreateRoleOutput](t)(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: &text}))
	trust := func() string {
		out := ok[*iam.GetRoleOutput](t)(b.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")}))
		text, err := url.PathUnescape(*out.Role.AssumeRolePolicyDocument)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	shown := strings.Replace(text, `"111111111111"`, `"arn:aws:iam::111111111111:root"`, 1)
	if got := trust(); got != shown {
		t.Errorf("%s\n%s", got, shown)
	}
	key := func() *clients {
		k := ok[*iam.CreateAccessKeyOutput](t)(b.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("ann")})).AccessKey
		return newClients(b.b.URL(), *k.AccessKeyId, *k.SecretAccessKey, "")
	}
	first := key()
	if _, _, err := b.assume(t, first, "arn:aws:iam::000000000000:role/r", nil); err != nil {
		t.Error(err)
	}
	list := ok[*iam.ListAccessKeysOutput](t)(b.iam.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: aws.String("ann")}))
	ok[*iam.DeleteAccessKeyOutput](t)(b.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("ann"), AccessKeyId: list.AccessKeyMetadata[0].AccessKeyId}))
	ok[*iam.DeleteUserOutput](t)(b.iam.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("ann")}))
	if got, want := trust(), strings.Replace(shown, `"`+ann+`"`, `"`+*user.UserId+`"`, 1); got != want {
		t.Errorf("%s\n%s", got, want)
	}
	// A change of something else leaves the id of the one who is gone.
	ok[*iam.TagRoleOutput](t)(b.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: aws.String("r"), Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("")}}}))
	ok[*iam.CreateUserOutput](t)(b.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("ann")}))
	_, _, err := b.assume(t, key(), "arn:aws:iam::000000000000:role/r", nil)
	refused(t, err, "AccessDenied")
	_, err = b.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: aws.String(trust())})
	if e := refused(t, err, "MalformedPolicyDocument"); e.ErrorMessage() != `Invalid principal in policy: "AWS":"`+*user.UserId+`"` {
		t.Error(e.ErrorMessage())
	}
	ok[*iam.UpdateAssumeRolePolicyOutput](t)(b.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: aws.String(trustAWS(ann, ""))}))
	if _, _, err := b.assume(t, key(), "arn:aws:iam::000000000000:role/r", nil); err != nil {
		t.Error(err)
	}
}

func TestIAMTags(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	tag := func(pairs ...string) (list []iamtypes.Tag) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, iamtypes.Tag{Key: &pairs[i], Value: &pairs[i+1]})
		}
		return list
	}
	ok[*iam.CreateUserOutput](t)(b.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("u"), Tags: tag("Team", "red", "a", "1")}))
	ok[*iam.TagUserOutput](t)(b.iam.TagUser(ctx, &iam.TagUserInput{UserName: aws.String("u"), Tags: tag("team", "blue")}))
	ok[*iam.UntagUserOutput](t)(b.iam.UntagUser(ctx, &iam.UntagUserInput{UserName: aws.String("u"), TagKeys: []string{"A"}}))
	out := ok[*iam.ListUserTagsOutput](t)(b.iam.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: aws.String("u")}))
	if len(out.Tags) != 1 || *out.Tags[0].Key != "team" || *out.Tags[0].Value != "blue" {
		t.Errorf("%+v", out.Tags)
	}
	var many []string
	for i := range 51 {
		many = append(many, fmt.Sprint("k", i), "")
	}
	long := strings.Repeat("k", 129)
	call := func(tags []iamtypes.Tag) func() error {
		return func() error {
			return failure(b.iam.TagUser(ctx, &iam.TagUserInput{UserName: aws.String("u"), Tags: tags}))
		}
	}
	refusals(t, map[string]func() error{
		"LimitExceeded: The number of tags has reached the maximum limit.":                                                                                           call(tag(many[:100]...)),
		"ValidationError: 1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50":               call(tag(many...)),
		"InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive.":                                                                    call(tag("x", "1", "X", "2")),
		"InvalidInput: System tags cannot be added/updated/deleted by a requester.":                                                                                  call(tag("aws:x", "1")),
		"ValidationError: 1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128": call(tag(long, "1")),
	})
	// What a request passes and what the user has can be asked for.
	admin := b.user(t, "admin", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:TagUser","Resource":"*",
		"Condition":{"StringEquals":{"aws:ResourceTag/team":"blue","aws:RequestTag/cost":"1"},"ForAllValues:StringEquals":{"aws:TagKeys":["cost"]}}}]}`)
	if _, err := admin.iam.TagUser(ctx, &iam.TagUserInput{UserName: aws.String("u"), Tags: tag("cost", "1")}); err != nil {
		t.Error(err)
	}
	_, err := admin.iam.TagUser(ctx, &iam.TagUserInput{UserName: aws.String("u"), Tags: tag("cost", "2")})
	refused(t, err, "AccessDenied")
	_, err = admin.iam.TagUser(ctx, &iam.TagUserInput{UserName: aws.String("admin"), Tags: tag("cost", "1")})
	refused(t, err, "AccessDenied")
}

func TestIAMInstanceProfiles(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.makeRole(t, "r", trustLambda)
	name := aws.String("p")
	made := ok[*iam.CreateInstanceProfileOutput](t)(b.iam.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: name, Path: aws.String("/x/")})).InstanceProfile
	if *made.Arn != "arn:aws:iam::000000000000:instance-profile/x/p" || !strings.HasPrefix(*made.InstanceProfileId, "AIPA") {
		t.Errorf("%+v", made)
	}
	add := func() error {
		return failure(b.iam.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: aws.String("r")}))
	}
	if err := add(); err != nil {
		t.Fatal(err)
	}
	list := ok[*iam.ListInstanceProfilesForRoleOutput](t)(b.iam.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: aws.String("r")})).InstanceProfiles
	if len(list) != 1 || *list[0].InstanceProfileName != "p" || len(list[0].Roles) != 1 {
		t.Errorf("%+v", list)
	}
	refusals(t, map[string]func() error{
		"LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1": add,
		"EntityAlreadyExists: Instance Profile p already exists.": func() error {
			return failure(b.iam.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: name}))
		},
		"DeleteConflict: Cannot delete entity, must remove roles from instance profile first.": func() error {
			if e := refused(t, failure(b.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r")})), "DeleteConflict"); e == nil {
				t.Error("the role is in a profile")
			}
			return failure(b.iam.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: name}))
		},
		"NoSuchEntity: Instance Profile q cannot be found.": func() error {
			return failure(b.iam.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String("q")}))
		},
	})
	ok[*iam.RemoveRoleFromInstanceProfileOutput](t)(b.iam.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: aws.String("r")}))
	ok[*iam.DeleteInstanceProfileOutput](t)(b.iam.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: name}))
	ok[*iam.DeleteRoleOutput](t)(b.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r")}))
}

func TestIAMAccountInDetail(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.user(t, "ann", everything)
	b.makeRole(t, "r", trustLambda)
	ok[*iam.CreateGroupOutput](t)(b.iam.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("g")}))
	ok[*iam.AddUserToGroupOutput](t)(b.iam.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: aws.String("g"), UserName: aws.String("ann")}))
	b.managed(t, "own", everything)
	ok[*iam.AttachRolePolicyOutput](t)(b.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AWSLambdaExecute")}))
	var got []string
	pages := iam.NewGetAccountAuthorizationDetailsPaginator(b.iam, &iam.GetAccountAuthorizationDetailsInput{MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		out := ok[*iam.GetAccountAuthorizationDetailsOutput](t)(pages.NextPage(ctx))
		for _, u := range out.UserDetailList {
			got = append(got, fmt.Sprint("user ", *u.UserName, u.GroupList, len(u.UserPolicyList)))
		}
		for _, g := range out.GroupDetailList {
			got = append(got, "group "+*g.GroupName)
		}
		for _, r := range out.RoleDetailList {
			got = append(got, fmt.Sprint("role ", *r.RoleName, " ", *r.AttachedManagedPolicies[0].PolicyName))
		}
		for _, p := range out.Policies {
			got = append(got, fmt.Sprint("policy ", *p.PolicyName, " ", *p.AttachmentCount, len(p.PolicyVersionList)))
		}
	}
	slices.Sort(got)
	if want := "group g; policy AWSLambdaExecute 1 1; policy own 0 1; role r AWSLambdaExecute; user ann[g] 1"; strings.Join(got, "; ") != want {
		t.Errorf("%s\n%s", strings.Join(got, "; "), want)
	}
	m := ok[*iam.GetAccountSummaryOutput](t)(b.iam.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})).SummaryMap
	if m["Users"] != 1 || m["Groups"] != 1 || m["Roles"] != 1 || m["Policies"] != 1 || m["PolicyVersionsInUse"] != 1 || m["AttachedPoliciesPerRoleQuota"] != 10 {
		t.Error(m)
	}
	alias := func(name string) error {
		return failure(b.iam.CreateAccountAlias(ctx, &iam.CreateAccountAliasInput{AccountAlias: &name}))
	}
	if err := alias("first-one"); err != nil {
		t.Fatal(err)
	}
	if err := alias("second"); err != nil {
		t.Fatal(err)
	}
	if list := ok[*iam.ListAccountAliasesOutput](t)(b.iam.ListAccountAliases(ctx, &iam.ListAccountAliasesInput{})).AccountAliases; !slices.Equal(list, []string{"second"}) {
		t.Error(list)
	}
	refused(t, alias("two--hyphens"), "ValidationError")
	_, err := b.as("111111111111").iam.CreateAccountAlias(context.WithoutCancel(ctx), &iam.CreateAccountAliasInput{AccountAlias: aws.String("second")})
	refused(t, err, "EntityAlreadyExists")
	ok[*iam.DeleteAccountAliasOutput](t)(b.iam.DeleteAccountAlias(ctx, &iam.DeleteAccountAliasInput{AccountAlias: aws.String("second")}))
	refused(t, failure(b.iam.DeleteAccountAlias(ctx, &iam.DeleteAccountAliasInput{AccountAlias: aws.String("second")})), "NoSuchEntity")
}

func TestIAMAccessKeys(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	name := aws.String("ann")
	ok[*iam.CreateUserOutput](t)(b.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: name}))
	k := ok[*iam.CreateAccessKeyOutput](t)(b.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})).AccessKey
	last := func() *iam.GetAccessKeyLastUsedOutput {
		return ok[*iam.GetAccessKeyLastUsedOutput](t)(b.iam.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: k.AccessKeyId}))
	}
	if got := last(); *got.UserName != "ann" || *got.AccessKeyLastUsed.ServiceName != "N/A" || got.AccessKeyLastUsed.LastUsedDate != nil {
		t.Errorf("%+v", got.AccessKeyLastUsed)
	}
	ann := newClients(b.b.URL(), *k.AccessKeyId, *k.SecretAccessKey, "")
	ok[*sts.GetCallerIdentityOutput](t)(ann.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	if got := last().AccessKeyLastUsed; *got.ServiceName != "sts" || *got.Region != "us-east-1" || got.LastUsedDate == nil {
		t.Errorf("%+v", got)
	}
	status := func(s iamtypes.StatusType) error {
		return failure(b.iam.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: k.AccessKeyId, Status: s}))
	}
	if err := status(iamtypes.StatusTypeInactive); err != nil {
		t.Fatal(err)
	}
	_, err := ann.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	refused(t, err, "InvalidClientTokenId")
	if err := status(iamtypes.StatusTypeActive); err != nil {
		t.Fatal(err)
	}
	ok[*sts.GetCallerIdentityOutput](t)(ann.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	ok[*iam.CreateAccessKeyOutput](t)(b.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name}))
	refusals(t, map[string]func() error{
		"LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2": func() error {
			return failure(b.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name}))
		},
		"NoSuchEntity: The Access Key with id AKIA0000000000000000 cannot be found.": func() error {
			return failure(b.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: aws.String("AKIA0000000000000000")}))
		},
		"ValidationError: 1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Expired, Inactive]": func() error { return status("Off") },
	})
}
