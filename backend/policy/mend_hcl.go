package policy

import (
	"fmt"
	"strings"
)

// permissionArguments are the arguments of lambdasim_permission by the condition key that AddPermission makes of them.
var permissionArguments = map[string]string{"aws:sourcearn": "source_arn", "aws:sourceaccount": "source_account", "aws:principalorgid": "principal_org_id",
	"lambda:functionurlauthtype": "function_url_auth_type", "lambda:eventsourcetoken": "event_source_token", "lambda:invokedviafunctionurl": "invoked_via_function_url"}

// changeHCL is the argument to change, for statements that AddPermission can have written; "" for others, whose policy is a
// document in the module.
func (x *Explanation) changeHCL(m *Mend) string {
	argument := permissionArguments[strings.ToLower(m.Key)]
	if !x.functionPolicy(m.Kind) || m.SID == "" || argument == "" {
		return ""
	}
	where := fmt.Sprintf("lambdasim_permission with statement_id = %q: ", m.SID)
	if len(m.Needs) == 0 {
		return where + fmt.Sprintf("without %s (has %s; the request does not have %s)", argument, quoted(m.Has), m.Key)
	}
	return where + fmt.Sprintf("%s = %s (has %s)", argument, quoted(m.Needs), quoted(m.Has))
}

func (x *Explanation) functionPolicy(kind PolicyKind) bool {
	return kind == ResourcePolicy && !x.mustAllow && strings.Contains(x.Request.Resource, ":lambda:")
}

// addHCL is the resource to add, where one resource is one statement or one policy.
func (x *Explanation) addHCL(kind PolicyKind, statement []byte) string {
	switch {
	case x.functionPolicy(kind):
		return x.permissionHCL()
	case kind == ResourcePolicy && x.mustAllow && strings.Contains(x.Request.Resource, ":role/"):
		return fmt.Sprintf("lambdasim_iam_role %q: assume_role_policy with the statement %s", lastOf(x.Request.Resource, "/"), statement)
	case kind == ResourcePolicy && strings.Contains(x.Request.Resource, ":sqs:"):
		return fmt.Sprintf("lambdasim_sqs_queue_policy for %s with the statement %s", x.Request.Resource, statement)
	case kind == IdentityPolicy && x.Request.Principal.Kind == RoleSession:
		return fmt.Sprintf("lambdasim_iam_role_policy with role = %q and the statement %s", lastOf(x.Request.Principal.RoleARN, "/"), statement)
	case kind == IdentityPolicy && x.Request.Principal.Kind == IAMUser:
		return fmt.Sprintf("lambdasim_iam_user_policy with user = %q and the statement %s", lastOf(x.Request.Principal.ARN, "/"), statement)
	}
	return ""
}

// permissionHCL is a whole lambdasim_permission.
func (x *Explanation) permissionHCL() string {
	p := &x.Request.Principal
	principal := p.Service
	switch {
	case p.Kind == AnonymousPrincipal:
		principal = "*"
	case p.Kind == RoleSession && p.RoleARN != "":
		principal = p.RoleARN
	case p.Kind != ServicePrincipal:
		principal = p.ARN
	}
	_, name, _ := strings.Cut(x.Request.Resource, ":function:")
	name, qualifier, qualified := strings.Cut(name, ":")
	arguments := []string{fmt.Sprintf("action = %q", x.Request.Action), fmt.Sprintf("function_name = %q", name), fmt.Sprintf("principal = %q", principal)}
	if qualified {
		arguments = append(arguments, fmt.Sprintf("qualifier = %q", qualifier))
	}
	if source := x.Request.Context.keys["aws:sourcearn"].values; len(source) == 1 {
		arguments = append(arguments, fmt.Sprintf("source_arn = %q", source[0]))
	}
	return "lambdasim_permission { " + strings.Join(arguments, ", ") + " }"
}

// lastOf is what follows the last separator.
func lastOf(s, separator string) string { return s[strings.LastIndex(s, separator)+1:] }
