package provider_test

import (
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// thing is HCL of a resource of a type, with its arguments.
func thing(kind, label string, arguments ...string) string {
	hcl := "resource \"lambdasim_iam_" + kind + "\" \"" + label + "\" {\n"
	for _, a := range arguments {
		hcl += "  " + a + "\n"
	}
	return hcl + "}\n"
}

func TestAccIAMUser(t *testing.T) {
	const u, name = "lambdasim_iam_user.u", `name = "acc-user"`
	bound := thing("policy", "b", `name = "acc-user-bound"`, "policy = "+allow("*"))
	user := func(more ...string) string { return bound + thing("user", "u", more...) }
	withKey := acts(u, nothing, user(`name = "acc-user-3"`, `force_destroy = true`))
	withKey.PreConfig = behind(t, func() (*iam.CreateAccessKeyOutput, error) {
		return identities().CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("acc-user-3")})
	})
	steps(t,
		fails(user(`name = "not a name"`), `must only contain alphanumeric`),
		acts(u, create, user(name), at(u, "arn", text("arn:aws:iam::000000000000:user/acc-user")), at(u, "id", text("acc-user"))),
		imports(u, "acc-user", "force_destroy"),
		acts(u, update, user(name, `permissions_boundary = lambdasim_iam_policy.b.arn`, `tags = { a = "b" }`), at(u, "permissions_boundary", text("arn:aws:iam::000000000000:policy/acc-user-bound"))),
		acts(u, update, user(name, `tags = { b = "c" }`), at(u, "permissions_boundary", knownvalue.Null()), at(u, "tags_all", knownvalue.MapExact(map[string]knownvalue.Check{"b": text("c")}))),
		acts(u, update, user(name, `path = "/team/"`), at(u, "arn", text("arn:aws:iam::000000000000:user/team/acc-user"))),
		acts(u, update, user(`name = "acc-user-2"`), at(u, "arn", text("arn:aws:iam::000000000000:user/acc-user-2")), at(u, "id", text("acc-user-2"))),
		vanishes(u, user(`name = "acc-user-2"`), behind(t, func() (*iam.DeleteUserOutput, error) {
			return identities().DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: aws.String("acc-user-2")})
		})),
		acts(u, update, user(`name = "acc-user-3"`, `force_destroy = true`)),
		withKey, // force_destroy removes the key with the user
	)
}

// A user whose keys Terraform does not know stays, unless it is to be destroyed with force.
func TestAccIAMUserWithKeysStaysWithoutForce(t *testing.T) {
	hcl := thing("user", "u", `name = "acc-user-keeps"`)
	key := ""
	refused := resource.TestStep{Config: config("%s", hcl), Destroy: true, ExpectError: regexp.MustCompile(`DeleteConflict`)}
	refused.PreConfig = func() {
		out, err := identities().CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("acc-user-keeps")})
		if err != nil {
			t.Fatal(err)
		}
		key = *out.AccessKey.AccessKeyId
	}
	let := acts("lambdasim_iam_user.u", nothing, hcl)
	let.PreConfig = behind(t, func() (*iam.DeleteAccessKeyOutput, error) {
		return identities().DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: aws.String("acc-user-keeps"), AccessKeyId: &key})
	})
	steps(t, acts("lambdasim_iam_user.u", create, hcl), refused, let)
}

func TestAccIAMAccessKey(t *testing.T) {
	const k = "lambdasim_iam_access_key.k"
	key := func(user string, more ...string) string {
		return thing("user", "a", `name = "acc-key-a"`) + thing("user", "b", `name = "acc-key-b"`) + thing("access_key", "k", append(more, `user = lambdasim_iam_user.`+user+`.name`)...)
	}
	id, secret := "", ""
	remember := func(s *terraform.State) error {
		id, secret = s.RootModule().Resources[k].Primary.ID, s.RootModule().Resources[k].Primary.Attributes["secret"]
		return nil
	}
	made := acts(k, create, key("a"), at(k, "status", text("Active")), at(k, "ses_smtp_password_v4", knownvalue.StringRegexp(regexp.MustCompile(`^B[A-Za-z0-9+/]{43}$`))))
	made.Check = remember
	works := func(want string) func() {
		return func() {
			c := sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""), RetryMaxAttempts: 1})
			out, err := c.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			if want == "" && err == nil || want != "" && (err != nil || aws.ToString(out.Arn) != want) {
				t.Errorf("a call with the key, which should be %q: %v", want, err)
			}
		}
	}
	inactive := acts(k, update, key("a", `status = "Inactive"`))
	inactive.PreConfig = works("arn:aws:iam::000000000000:user/acc-key-a")
	imported := resource.TestStep{ResourceName: k, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"secret", "ses_smtp_password_v4"},
		ImportStateIdFunc: func(*terraform.State) (string, error) { return id, nil }}
	active := acts(k, update, key("a", `status = "Active"`))
	active.PreConfig = works("")
	other := acts(k, replace, key("b"))
	other.Check = remember
	steps(t,
		fails(key("a", `pgp_key = "keybase:somebody"`), `pgp_key is not simulated`),
		made, inactive, imported, active, other,
		vanishes(k, key("b"), func() {
			behind(t, func() (*iam.DeleteAccessKeyOutput, error) {
				return identities().DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: aws.String("acc-key-b"), AccessKeyId: &id})
			})()
		}),
	)
}

func TestAccIAMUserAndGroupPolicies(t *testing.T) {
	const arn = "arn:aws:iam::aws:policy/AdministratorAccess"
	other := "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
	for kind, gone := range map[string][2]func(t *testing.T, name *string) error{
		"user": {
			func(t *testing.T, name *string) error {
				_, err := identities().DeleteUserPolicy(t.Context(), &iam.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String("p")})
				return err
			},
			func(t *testing.T, name *string) error {
				_, err := identities().DetachUserPolicy(t.Context(), &iam.DetachUserPolicyInput{UserName: name, PolicyArn: aws.String(other)})
				return err
			},
		},
		"group": {
			func(t *testing.T, name *string) error {
				_, err := identities().DeleteGroupPolicy(t.Context(), &iam.DeleteGroupPolicyInput{GroupName: name, PolicyName: aws.String("p")})
				return err
			},
			func(t *testing.T, name *string) error {
				_, err := identities().DetachGroupPolicy(t.Context(), &iam.DetachGroupPolicyInput{GroupName: name, PolicyArn: aws.String(other)})
				return err
			},
		},
	} {
		t.Run(kind, func(t *testing.T) {
			name, p, a := "acc-policies-"+kind, "lambdasim_iam_"+kind+"_policy.p", "lambdasim_iam_"+kind+"_policy_attachment.a"
			of := kind + " = lambdasim_iam_" + kind + ".o.name"
			hcl := func(action, naming, arn string) string {
				return thing(kind, "o", `name = "`+name+`"`) + thing(kind+"_policy", "p", of, naming, "policy = "+allow(action)) + thing(kind+"_policy_attachment", "a", of, `policy_arn = "`+arn+`"`)
			}
			without := func(i int) func() {
				return func() {
					if err := gone[i](t, &name); err != nil {
						t.Fatal(err)
					}
				}
			}
			steps(t,
				acts(p, create, hcl("s3:*", `name = "p"`, arn), at(p, "id", text(name+":p")), at(a, "id", text(name+"/"+arn))),
				imports(p, name+":p"), imports(a, name+"/"+arn),
				acts(p, update, hcl("sqs:*", `name = "p"`, arn)),
				acts(a, replace, hcl("sqs:*", `name = "p"`, other)),
				vanishes(p, hcl("sqs:*", `name = "p"`, other), without(0)),
				vanishes(a, hcl("sqs:*", `name = "p"`, other), without(1)),
				acts(p, replace, hcl("sqs:*", `name_prefix = "pre-"`, other), at(p, "name", knownvalue.StringRegexp(regexp.MustCompile(`^pre-`)))),
			)
		})
	}
}

func TestAccIAMGroupsAndMembers(t *testing.T) {
	const g, m, u = "lambdasim_iam_group.g", "lambdasim_iam_group_membership.m", "lambdasim_iam_user_group_membership.u"
	hcl := func(group string, members, groups string) string {
		return thing("group", "g", group) + thing("group", "h", `name = "acc-groups-h"`) + thing("user", "a", `name = "acc-groups-a"`) + thing("user", "b", `name = "acc-groups-b"`) + thing("user", "c", `name = "acc-groups-c"`) +
			thing("group_membership", "m", `name = "m"`, "group = lambdasim_iam_group.g.name", "users = ["+members+"]") +
			thing("user_group_membership", "u", "user = lambdasim_iam_user.c.name", "groups = ["+groups+"]")
	}
	const a, b, h, i = "lambdasim_iam_user.a.name", "lambdasim_iam_user.b.name", "lambdasim_iam_group.h.name", "lambdasim_iam_group.i.name"
	third := thing("group", "i", `name = "acc-groups-i"`)
	name := `name = "acc-groups"`
	added := acts(m, update, third+hcl(name, a, h))
	added.PreConfig = behind(t, func() (*iam.AddUserToGroupOutput, error) {
		return identities().AddUserToGroup(t.Context(), &iam.AddUserToGroupInput{GroupName: aws.String("acc-groups"), UserName: aws.String("acc-groups-b")})
	})
	left := acts(u, update, third+hcl(name, a, h))
	left.PreConfig = behind(t, func() (*iam.RemoveUserFromGroupOutput, error) {
		return identities().RemoveUserFromGroup(t.Context(), &iam.RemoveUserFromGroupInput{GroupName: aws.String("acc-groups-h"), UserName: aws.String("acc-groups-c")})
	})
	byUser := imports(u, "acc-groups-c/acc-groups-h", "id")
	byUser.ImportStateVerifyIdentifierAttribute = "user"
	steps(t,
		acts(g, create, hcl(name, a, h), at(g, "arn", text("arn:aws:iam::000000000000:group/acc-groups")), at(m, "users", textSet("acc-groups-a")), at(u, "groups", textSet("acc-groups-h"))),
		imports(g, "acc-groups"), byUser,
		acts(m, update, hcl(name, a+", "+b, h), at(m, "users", textSet("acc-groups-a", "acc-groups-b"))),
		acts(m, update, hcl(name, a, h)),
		acts(u, update, third+hcl(name, a, h+", "+i), at(u, "groups", textSet("acc-groups-h", "acc-groups-i"))),
		acts(u, update, third+hcl(name, a, h)),
		added, left,
		acts(g, update, third+hcl(name+"\n  path = \"/team/\"", a, h), at(g, "arn", text("arn:aws:iam::000000000000:group/team/acc-groups"))),
		vanishes(g, third+hcl(name+"\n  path = \"/team/\"", a, h), func() {
			behind(t, func() (*iam.RemoveUserFromGroupOutput, error) {
				return identities().RemoveUserFromGroup(t.Context(), &iam.RemoveUserFromGroupInput{GroupName: aws.String("acc-groups"), UserName: aws.String("acc-groups-a")})
			})()
			behind(t, func() (*iam.DeleteGroupOutput, error) {
				return identities().DeleteGroup(t.Context(), &iam.DeleteGroupInput{GroupName: aws.String("acc-groups")})
			})()
		}),
	)
}

func TestAccIAMInstanceProfile(t *testing.T) {
	const p = "lambdasim_iam_instance_profile.p"
	profile := func(more ...string) string {
		other := thing("role", "s", `name = "acc-profile-s"`, `assume_role_policy = lambdasim_iam_role.r.assume_role_policy`)
		return trusted("acc-profile") + other + thing("instance_profile", "p", append(more, `name = "acc-profile"`)...)
	}
	steps(t,
		acts(p, create, profile(`role = lambdasim_iam_role.r.name`, `tags = { a = "b" }`), at(p, "arn", text("arn:aws:iam::000000000000:instance-profile/acc-profile"))),
		imports(p, "acc-profile"),
		acts(p, update, profile(`role = lambdasim_iam_role.s.name`), at(p, "role", text("acc-profile-s"))),
		acts(p, update, profile(), at(p, "role", knownvalue.Null())),
		acts(p, replace, profile(`path = "/team/"`)),
		vanishes(p, profile(`path = "/team/"`), behind(t, func() (*iam.DeleteInstanceProfileOutput, error) {
			return identities().DeleteInstanceProfile(t.Context(), &iam.DeleteInstanceProfileInput{InstanceProfileName: aws.String("acc-profile")})
		})),
	)
}

func TestAccIAMPolicyAttachment(t *testing.T) {
	const a = "lambdasim_iam_policy_attachment.a"
	hcl := func(more ...string) string {
		return trusted("acc-every") + thing("user", "u", `name = "acc-every"`) + thing("group", "g", `name = "acc-every"`) + thing("policy", "p", `name = "acc-every"`, "policy = "+allow("s3:*")) +
			thing("policy_attachment", "a", append(more, `name = "a"`, `policy_arn = lambdasim_iam_policy.p.arn`)...)
	}
	const roles, users, groups = `roles = [lambdasim_iam_role.r.name]`, `users = [lambdasim_iam_user.u.name]`, `groups = [lambdasim_iam_group.g.name]`
	drift := acts(a, update, hcl(roles))
	drift.PreConfig = behind(t, func() (*iam.AttachUserPolicyOutput, error) {
		return identities().AttachUserPolicy(t.Context(), &iam.AttachUserPolicyInput{UserName: aws.String("acc-every"), PolicyArn: aws.String("arn:aws:iam::000000000000:policy/acc-every")})
	})
	steps(t,
		fails(hcl(), `At least one of these attributes`),
		acts(a, create, hcl(roles, users, groups), at(a, "users", textSet("acc-every"))),
		acts(a, update, hcl(roles), at(a, "groups", knownvalue.Null())),
		drift,
		acts(a, update, hcl(users, groups)),
	)
}

func TestAccIAMRoleExclusives(t *testing.T) {
	const p, a = "lambdasim_iam_role_policies_exclusive.x", "lambdasim_iam_role_policy_attachments_exclusive.x"
	arn := func(policy string) string { return `"arn:aws:iam::aws:policy/service-role/` + policy + `"` }
	role := "role_name = lambdasim_iam_role.r.name"
	hcl := func(names, arns string) string {
		return trusted("acc-exclusive", "force_detach_policies = true") + thing("role_policy", "p", "role = lambdasim_iam_role.r.name", `name = "p"`, "policy = "+allow("s3:*")) +
			thing("role_policies_exclusive", "x", role, "policy_names = ["+names+"]") + thing("role_policy_attachments_exclusive", "x", role, "policy_arns = ["+arns+"]")
	}
	const named = "lambdasim_iam_role_policy.p.name"
	more := func() {
		behind(t, func() (*iam.PutRolePolicyOutput, error) {
			return identities().PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("acc-exclusive"), PolicyName: aws.String("more"), PolicyDocument: allowed("s3:*")})
		})()
		behind(t, func() (*iam.AttachRolePolicyOutput, error) {
			return identities().AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: aws.String("acc-exclusive"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
		})()
	}
	drift, driftToo := acts(p, update, hcl(named, arn("AWSLambdaBasicExecutionRole"))), acts(a, update, hcl(named, arn("AWSLambdaBasicExecutionRole")))
	drift.PreConfig, driftToo.PreConfig = more, more
	byRole := func(name string) resource.TestStep {
		step := imports(name, "acc-exclusive")
		step.ImportStateVerifyIdentifierAttribute = "role_name"
		return step
	}
	steps(t,
		acts(p, create, hcl(named, arn("AWSLambdaBasicExecutionRole"))),
		byRole(p), byRole(a),
		drift, driftToo,
		acts(a, update, hcl(named, arn("AWSLambdaKinesisExecutionRole")), at(a, "policy_arns", textSet("arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"))),
		acts(a, update, hcl(named, ""), at(a, "policy_arns", knownvalue.SetSizeExact(0))),
	)
}
