package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// MalformedError is a policy that IAM refuses as MalformedPolicyDocument, with IAM's text.
type MalformedError struct{ Message string }

func (e *MalformedError) Error() string { return e.Message }

func malformed(format string, args ...any) error {
	return &MalformedError{fmt.Sprintf(format, args...)}
}

var (
	vendor       = regexp.MustCompile(`^[a-zA-Z0-9*?-]+$`)
	partitions   = []string{"aws", "aws-cn", "aws-us-gov", "*"}
	trustActions = []string{"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession", "sts:setsourceidentity"}
	iamTypes     = []string{"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/",
		"policy/", "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"}
)

// ValidateIdentity checks a policy as IAM checks inline and managed policies when they are written. Errors are
// *MalformedError with the text of IAM's MalformedPolicyDocument.
func ValidateIdentity(text []byte) error {
	d, err := parseForIAM(text)
	if err != nil {
		return err
	}
	if d.Version != Version2012 {
		return malformed("Policy document must be version 2012-10-17 or greater.")
	}
	if err := uniqueSIDs(d); err != nil {
		return err
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Principal != nil || s.NotPrincipal != nil {
			return malformed("Policy document should not specify a principal.")
		}
		if err := checkActions(s); err != nil {
			return err
		}
		if len(s.Resources) == 0 && len(s.NotResources) == 0 {
			return malformed("Policy statement must contain resources.")
		}
		for _, r := range append(slices.Clone(s.Resources), s.NotResources...) {
			if err := checkResource(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// ValidateTrust checks a role's trust policy.
func ValidateTrust(text []byte) error {
	d, err := parseForIAM(text)
	if err != nil {
		return err
	}
	if err := uniqueSIDs(d); err != nil {
		return err
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		if len(s.Resources) > 0 || len(s.NotResources) > 0 {
			return malformed("Has prohibited field Resource.")
		}
		if s.Principal == nil && s.NotPrincipal == nil {
			return malformed("Missing required field Principal")
		}
		if err := checkActions(s); err != nil {
			return err
		}
		for _, a := range s.Actions {
			if !slices.Contains(trustActions, strings.ToLower(a)) && !strings.HasPrefix(strings.ToLower(a), "sts:*") && a != "*" {
				return malformed("Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity")
			}
		}
		if s.Principal != nil {
			for _, name := range s.Principal.AWS {
				if !validAWSPrincipal(name) {
					return malformed("Invalid principal in policy: \"AWS\":%q", name)
				}
			}
		}
	}
	return nil
}

// ValidateResource checks a resource policy: every statement names a principal.
func ValidateResource(text []byte) error {
	d, err := parseForIAM(text)
	if err != nil {
		return err
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Principal == nil && s.NotPrincipal == nil {
			return malformed("Missing required field Principal")
		}
		if err := checkActions(s); err != nil {
			return err
		}
	}
	return uniqueSIDs(d)
}

func parseForIAM(text []byte) (*Document, error) {
	d, err := Parse(text)
	if err == nil {
		return d, nil
	}
	for _, wrong := range []string{`Effect "allow"`, `Effect "deny"`, `Effect "ALLOW"`, `Effect "DENY"`} {
		if strings.Contains(err.Error(), wrong) {
			return nil, malformed("The policy failed legacy parsing")
		}
	}
	return nil, malformed("Syntax errors in policy.")
}

func uniqueSIDs(d *Document) error {
	seen := map[string]bool{}
	for _, s := range d.Statements {
		if s.SID != "" && seen[s.SID] {
			return malformed("Statement IDs (SID) in a single policy must be unique.")
		}
		seen[s.SID] = true
	}
	return nil
}

func checkActions(s *Statement) error {
	list := append(slices.Clone(s.Actions), s.NotActions...)
	if len(list) == 0 {
		return malformed("Policy statement must contain actions.")
	}
	for _, a := range list {
		prefix, _, found := strings.Cut(a, ":")
		switch {
		case a == "*":
		case !found:
			return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		case strings.Count(a, ":") > 1:
			return malformed("Actions/Condition can contain only one colon.")
		case !vendor.MatchString(prefix):
			return malformed("Vendor %s is not valid", prefix)
		}
	}
	return nil
}

func checkResource(r string) error {
	if r == "*" {
		return nil
	}
	if !strings.Contains(r, ":") {
		return malformed("Resource %s must be in ARN format or \"*\".", r)
	}
	p := strings.SplitN(r, ":", 6)
	if p[0] != "arn" && p[0] != "*" {
		return malformed("Resource %s must be in ARN format or \"*\".", r)
	}
	if len(p) > 1 && !slices.Contains(partitions, p[1]) {
		for len(p) < 6 {
			p = append(p, "*")
		}
		return malformed("Partition %q is not valid for resource %q.", p[1], strings.Join(p, ":"))
	}
	if len(p) < 3 {
		return malformed("Resource vendor must be fully qualified and cannot contain regexes.")
	}
	if p[2] == "" {
		return malformed("The policy failed legacy parsing")
	}
	return checkService(r, p)
}

func checkService(r string, p []string) error {
	region, rest := "", ""
	if len(p) > 3 {
		region = p[3]
	}
	if len(p) > 5 {
		rest = p[5]
	}
	switch {
	case p[2] == "iam" && region != "" && region != "*":
		return malformed("IAM resource %s cannot contain region information.", r)
	case p[2] == "iam" && len(p) > 5 && rest != "*" && !slices.ContainsFunc(iamTypes, func(t string) bool { return strings.HasPrefix(rest, t) }):
		return malformed("IAM resource path must either be \"*\" or start with %s.", strings.TrimSuffix(strings.Join(iamTypes, ", "), ","))
	case p[2] == "s3" && region != "" && region != "*" && !strings.HasPrefix(rest, "accesspoint/"):
		return malformed("Resource %s can not contain region information.", r)
	}
	return nil
}

var awsPrincipal = regexp.MustCompile(`^(\*|\d{12}|A(IDA|ROA)[A-Z0-9]+|arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|user/.+|role/.+|assumed-role/.+/.+|federated-user/.+))$`)

// validAWSPrincipal checks the form only: whether the principal exists is for the caller to find out.
func validAWSPrincipal(name string) bool { return awsPrincipal.MatchString(name) }
