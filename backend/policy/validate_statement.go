package policy

import (
	"regexp"
	"slices"
	"strings"
)

const legacyText = "The policy failed legacy parsing"

var (
	alphanumeric = regexp.MustCompile(`^[0-9A-Za-z]*$`)
	badVendor    = regexp.MustCompile(`[^a-zA-Z0-9.-]`)
	trustActions = []string{"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}
	awsPrincipal = regexp.MustCompile(`^(\*|\d{12}|A(IDA|ROA)[A-Z0-9]+|arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|user/.+|role/.+|assumed-role/.+/.+|federated-user/.+))$`)
)

// list is the one of two elements that a statement has, and its name.
func list(name string, plain []string, not string, negated []string) (string, []string) {
	if negated != nil {
		return not, negated
	}
	return name, plain
}

func (s *Statement) actionList() (string, []string) {
	return list("Action", s.Actions, "NotAction", s.NotActions)
}

func (s *Statement) resourceList() (string, []string) {
	return list("Resource", s.Resources, "NotResource", s.NotResources)
}

// legacy is what IAM's older parser does not read: a date that is none, and an ARN without a service.
func (v *validation) legacy(i int, s *Statement) *MalformedError {
	for _, c := range s.Conditions {
		for _, constant := range c.constants {
			if d, ok := constant.(date); ok && !d.valid {
				return v.at(i, "Condition", -1, legacyText, "%s %s has a value that is no date: want 2026-01-31, 2026-01-31T15:04:05Z, or seconds since 1970 (has %s)",
					c.Operator, c.Key, quoted(c.Values))
			}
		}
	}
	if v.resource != required || v.organization {
		return nil
	}
	name, values := s.resourceList()
	for j, r := range values {
		if resourceFormat(r) == "" && withoutService(r) {
			return v.at(i, name, j, legacyText, "%q names no service: want arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE", r)
		}
	}
	return nil
}

func (v *validation) sids(i int, s *Statement) *MalformedError {
	for j := range i {
		if s.SID != "" && v.doc.Statements[j].SID == s.SID {
			return v.at(i, "Sid", -1, "Statement IDs (SID) in a single policy must be unique.", "%q is the Sid of statement %d, too", s.SID, j+1)
		}
	}
	return nil
}

func (v *validation) sidCharacters(i int, s *Statement) *MalformedError {
	if v.freeSIDs || alphanumeric.MatchString(s.SID) {
		return nil
	}
	return v.at(i, "Sid", -1, "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
		"%q has other characters than letters and digits", s.SID)
}

func (v *validation) actions(i int, s *Statement) *MalformedError {
	if name, values := s.actionList(); len(values) == 0 {
		return v.at(i, name, -1, "Policy statement must contain actions.", "there is none")
	}
	return nil
}

func (v *validation) actionFormats(i int, s *Statement) *MalformedError {
	name, values := s.actionList()
	for j, a := range values {
		prefix, _, found := strings.Cut(a, ":")
		switch {
		case a == "*":
		case !found:
			return v.at(i, name, j, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", "%q has no service before it: want SERVICE:Name", a)
		case strings.Count(a, ":") > 1:
			return v.at(i, name, j, "Actions/Condition can contain only one colon.", "%q has %d colons: want SERVICE:Name", a, strings.Count(a, ":"))
		case prefix != "*" && (prefix == "" || badVendor.MatchString(prefix)):
			return v.at(i, name, j, "Vendor "+prefix+" is not valid", "%q is no service's prefix: letters, digits, dots and hyphens, and no wildcard", prefix)
		}
	}
	return nil
}

func (v *validation) resources(i int, s *Statement) *MalformedError {
	name, values := s.resourceList()
	if v.resource == required && len(values) == 0 {
		return v.at(i, name, -1, "Policy statement must contain resources.", "there is none")
	}
	return nil
}

func (v *validation) principals(i int, s *Statement) *MalformedError {
	has := s.Principal != nil || s.NotPrincipal != nil
	switch {
	case v.principal == forbidden && has:
		name := "Principal"
		if s.Principal == nil {
			name = "NotPrincipal"
		}
		return v.at(i, name, -1, "Policy document should not specify a principal.", "the policy is about whoever it is attached to")
	case v.principal == required && !has:
		return v.at(i, "", -1, "Missing required field Principal", "it names nobody: want Principal")
	case v.trust && s.NotPrincipal != nil:
		return v.at(i, "NotPrincipal", -1, "Has prohibited field NotPrincipal", "a trust policy names who may assume the role")
	}
	return nil
}

func (v *validation) trustActions(i int, s *Statement) *MalformedError {
	if !v.trust {
		return nil
	}
	name, values := s.actionList()
	for j, a := range values {
		a := strings.ToLower(a)
		if !slices.Contains(trustActions, a) && !strings.HasPrefix(a, "sts:*") && a != "*" {
			return v.at(i, name, j, "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity",
				"%q does not assume a role", values[j])
		}
	}
	return nil
}

func (v *validation) trustResource(i int, s *Statement) *MalformedError {
	if v.trust && s.resourced {
		name, _ := s.resourceList()
		return v.at(i, name, -1, "Has prohibited field Resource.", "a trust policy is about the role that it belongs to")
	}
	return nil
}

// trustPrincipals holds names to their form: whether they exist is for the caller to find out.
func (v *validation) trustPrincipals(i int, s *Statement) *MalformedError {
	if !v.trust || s.Principal == nil {
		return nil
	}
	for _, name := range s.Principal.AWS {
		if !awsPrincipal.MatchString(name) {
			return v.at(i, "Principal", -1, `Invalid principal in policy: "AWS":"`+name+`"`,
				"%q is no account, no ARN of a user, role or session, and not \"*\"", name)
		}
	}
	return nil
}

// organizations holds a statement to what organisations' policies admit.
func (v *validation) organizations(i int, s *Statement) *MalformedError {
	switch {
	case !v.denies:
		return nil
	case s.Effect != Deny:
		return v.at(i, "Effect", -1, organizationsMessage, "a resource control policy can only Deny")
	case s.Principal == nil || !s.Principal.Any:
		return v.at(i, "Principal", -1, organizationsMessage, "a resource control policy is for everybody: want Principal \"*\", and conditions for the rest")
	}
	return nil
}
