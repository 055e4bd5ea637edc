package backend_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestIAMVersionsOfManagedPolicies(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	p := b.managed(t, "p", *allow("s3:GetObject", "arn:aws:s3:::plain/v1"))
	for i := 2; i <= 5; i++ {
		out := ok[*iam.CreatePolicyVersionOutput](t)(b.iam.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: p, PolicyDocument: allow("s3:GetObject", fmt.Sprint("arn:aws:s3:::plain/v", i)), SetAsDefault: i == 3}))
		if *out.PolicyVersion.VersionId != fmt.Sprint("v", i) || out.PolicyVersion.IsDefaultVersion != (i == 3) {
			t.Errorf("%+v", out.PolicyVersion)
		}
	}
	refusals(t, map[string]func() error{
		"LimitExceeded: A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.": func() error {
			return failure(b.iam.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: p, PolicyDocument: allow("s3:*", "*")}))
		},
		"DeleteConflict: Cannot delete the default version of a policy.": func() error {
			return failure(b.iam.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: p, VersionId: aws.String("v3")}))
		},
		"DeleteConflict: This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.": func() error {
			return failure(b.iam.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: p}))
		},
		"NoSuchEntity: Policy " + *p + " version v9 does not exist or is not attachable.": func() error {
			return failure(b.iam.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: p, VersionId: aws.String("v9")}))
		},
		"NoSuchEntity: Policy " + *p + "none version v1 does not exist or is not attachable.": func() error {
			return failure(b.iam.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: aws.String(*p + "none"), VersionId: aws.String("v1")}))
		},
		`ValidationError: 1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`: func() error {
			return failure(b.iam.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: p, VersionId: aws.String("9")}))
		},
	})
	ok[*iam.DeletePolicyVersionOutput](t)(b.iam.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: p, VersionId: aws.String("v5")}))
	out := ok[*iam.CreatePolicyVersionOutput](t)(b.iam.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: p, PolicyDocument: allow("s3:*", "*")}))
	if *out.PolicyVersion.VersionId != "v6" {
		t.Errorf("the number of a version that went was given again: %s", *out.PolicyVersion.VersionId)
	}
	var list []string
	for pages := iam.NewListPolicyVersionsPaginator(b.iam, &iam.ListPolicyVersionsInput{PolicyArn: p, MaxItems: aws.Int32(2)}); pages.HasMorePages(); {
		for _, v := range ok[*iam.ListPolicyVersionsOutput](t)(pages.NextPage(ctx)).Versions {
			list = append(list, *v.VersionId)
		}
	}
	if got := strings.Join(list, " "); got != "v6 v4 v3 v2 v1" {
		t.Error(got)
	}
	// The default version is what counts.
	b.bucket(t, "plain")
	b.put(t, "plain", "v3", "x")
	b.put(t, "plain", "v1", "x")
	ann := b.user(t, "ann", "")
	ok[*iam.AttachUserPolicyOutput](t)(b.iam.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: p}))
	read := func(key string) error {
		return failure(ann.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("plain"), Key: &key}))
	}
	if err := read("v3"); err != nil {
		t.Error(err)
	}
	refused(t, read("v1"), "AccessDenied")
	ok[*iam.SetDefaultPolicyVersionOutput](t)(b.iam.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: p, VersionId: aws.String("v1")}))
	refused(t, read("v3"), "AccessDenied")
	if err := read("v1"); err != nil {
		t.Error(err)
	}
	got := ok[*iam.GetPolicyOutput](t)(b.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: p})).Policy
	if *got.DefaultVersionId != "v1" || *got.AttachmentCount != 1 || *got.PermissionsBoundaryUsageCount != 0 {
		t.Errorf("%+v", got)
	}
}

// AWS's own policies have their true documents; one that is not known is refused.
func TestIAMPoliciesOfAWS(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	const vpc = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
	p := ok[*iam.GetPolicyOutput](t)(b.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(vpc)})).Policy
	if *p.DefaultVersionId != "v3" || *p.Path != "/service-role/" || *p.PolicyName != "AWSLambdaVPCAccessExecutionRole" {
		t.Errorf("%+v", p)
	}
	v := ok[*iam.GetPolicyVersionOutput](t)(b.iam.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: aws.String(vpc), VersionId: p.DefaultVersionId})).PolicyVersion
	if text, err := url.PathUnescape(*v.Document); err != nil || !strings.Contains(text, `"ec2:CreateNetworkInterface"`) || strings.Contains(*v.Document, " ") {
		t.Error(*v.Document)
	}
	b.makeRole(t, "r", trustLambda)
	refusals(t, map[string]func() error{
		"NoSuchEntity: Policy arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole does not exist or is not attachable.": func() error {
			return failure(b.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole")}))
		},
		"NoSuchEntity: Policy arn:aws:iam::aws:policy/NoSuchThing was not found.": func() error {
			return failure(b.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String("arn:aws:iam::aws:policy/NoSuchThing")}))
		},
		"NoSuchEntity: Scope ARN: arn:aws:iam::aws:policy/NoSuchThing does not exist or is not attachable.": func() error {
			return failure(b.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("r"), PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/NoSuchThing")}))
		},
		"ValidationError: Value (nonsense) for parameter PermissionsBoundary is invalid.": func() error {
			return failure(b.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("r"), PermissionsBoundary: aws.String("nonsense")}))
		},
	})
	ok[*iam.AttachRolePolicyOutput](t)(b.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String(vpc)}))
	ok[*iam.PutRolePermissionsBoundaryOutput](t)(b.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("r"), PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/PowerUserAccess")}))
	list := func(change func(*iam.ListPoliciesInput)) string {
		in := &iam.ListPoliciesInput{MaxItems: aws.Int32(1000)}
		change(in)
		var names []string
		for pages := iam.NewListPoliciesPaginator(b.iam, in); pages.HasMorePages(); {
			for _, p := range ok[*iam.ListPoliciesOutput](t)(pages.NextPage(ctx)).Policies {
				names = append(names, *p.PolicyName)
			}
		}
		return strings.Join(names, " ")
	}
	b.managed(t, "own", everything)
	if got := list(func(in *iam.ListPoliciesInput) { in.Scope = iamtypes.PolicyScopeTypeLocal }); got != "own" {
		t.Error(got)
	}
	if got := list(func(in *iam.ListPoliciesInput) { in.OnlyAttached = true }); got != "PowerUserAccess AWSLambdaVPCAccessExecutionRole" {
		t.Error(got)
	}
	if got := list(func(in *iam.ListPoliciesInput) {
		in.PolicyUsageFilter = iamtypes.PolicyUsageTypePermissionsBoundary
	}); got != "PowerUserAccess" {
		t.Error(got)
	}
	if got := list(func(in *iam.ListPoliciesInput) {
		in.Scope, in.PathPrefix = iamtypes.PolicyScopeTypeAws, aws.String("/service-role/AWSLambda")
	}); got != "" {
		t.Error(got) // a path is none of the name
	}
	if n := len(strings.Fields(list(func(*iam.ListPoliciesInput) {}))); n != 1486 {
		t.Errorf("%d policies", n)
	}
	who := ok[*iam.ListEntitiesForPolicyOutput](t)(b.iam.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: aws.String(vpc)}))
	if len(who.PolicyRoles) != 1 || *who.PolicyRoles[0].RoleName != "r" || len(who.PolicyUsers)+len(who.PolicyGroups) != 0 {
		t.Errorf("%+v", who)
	}
	who = ok[*iam.ListEntitiesForPolicyOutput](t)(b.iam.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: aws.String("arn:aws:iam::aws:policy/PowerUserAccess"), PolicyUsageFilter: iamtypes.PolicyUsageTypePermissionsPolicy}))
	if len(who.PolicyRoles) != 0 {
		t.Errorf("a boundary is no policy that is attached: %+v", who)
	}
}

// Keys of a policy's tags are distinguished by case, unlike those of users and roles (recorded).
func TestIAMTagsOfPolicies(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	tags := []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("A"), Value: aws.String("2")}}
	p := ok[*iam.CreatePolicyOutput](t)(b.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(everything), Tags: tags})).Policy.Arn
	ok[*iam.UntagPolicyOutput](t)(b.iam.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: p, TagKeys: []string{"a"}}))
	left := ok[*iam.ListPolicyTagsOutput](t)(b.iam.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: p})).Tags
	if len(left) != 1 || *left[0].Key != "A" {
		t.Errorf("%+v", left)
	}
	refusals(t, map[string]func() error{
		"InvalidInput: Duplicate tag keys found.": func() error {
			return failure(b.iam.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: p, Tags: []iamtypes.Tag{tags[0], tags[0]}}))
		},
		`ValidationError: 1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]`: func() error {
			return failure(b.iam.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: p, TagKeys: []string{strings.Repeat("k", 129)}}))
		},
		"NoSuchEntity: Policy " + *p + "none was not found.": func() error {
			return failure(b.iam.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: aws.String(*p + "none"), Tags: tags}))
		},
		"ValidationError: Invalid ARN:  Could not be parsed!": func() error {
			b.makeRole(t, "r", trustLambda)
			return failure(b.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String("longpolicynamebutnoarn")}))
		},
	})
}

func TestIAMRolesAreUpdatedInPart(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	made := ok[*iam.CreateRoleOutput](t)(b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trustLambda), Description: aws.String("first")})).Role
	if made.MaxSessionDuration != nil || made.RoleLastUsed != nil || made.Tags != nil {
		t.Errorf("%+v", made)
	}
	ok[*iam.UpdateRoleOutput](t)(b.iam.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: aws.String("r"), MaxSessionDuration: aws.Int32(7200)}))
	ok[*iam.UpdateRoleOutput](t)(b.iam.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: aws.String("r")}))
	r := ok[*iam.GetRoleOutput](t)(b.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")})).Role
	if *r.Description != "first" || *r.MaxSessionDuration != 7200 || r.RoleLastUsed == nil {
		t.Errorf("%+v", r)
	}
	d := ok[*iam.UpdateRoleDescriptionOutput](t)(b.iam.UpdateRoleDescription(ctx, &iam.UpdateRoleDescriptionInput{RoleName: aws.String("r"), Description: aws.String("second")})).Role
	if *d.Description != "second" || d.MaxSessionDuration != nil {
		t.Errorf("%+v", d)
	}
	refusals(t, map[string]func() error{
		"MalformedPolicyDocument: This policy contains invalid Json": func() error {
			return failure(b.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: aws.String("{")}))
		},
	})
}
