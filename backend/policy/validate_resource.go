package policy

import (
	"fmt"
	"slices"
	"strings"
)

var (
	partitions = []string{"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", "*"}
	iamTypes   = []string{"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/",
		"policy/", "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"}
)

func (v *validation) resourceFormats(i int, s *Statement) *MalformedError {
	if v.resource != required {
		return nil
	}
	name, values := s.resourceList()
	for j, r := range values {
		if message := resourceFormat(r); message != "" {
			return v.at(i, name, j, message, "%q: want \"*\" or arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, where IAM has no region, nor S3 but for access points", r)
		}
	}
	return nil
}

// resourceFormat is IAM's text for a Resource that is no ARN; "" where it is one.
func resourceFormat(r string) string {
	if r == "*" {
		return ""
	}
	p := strings.SplitN(r, ":", 6)
	switch {
	case len(p) == 1 || p[0] != "arn" && p[0] != "*":
		return fmt.Sprintf("Resource %s must be in ARN format or \"*\".", r)
	case !slices.Contains(partitions, p[1]):
		partition := p[1]
		for len(p) < 6 {
			p = append(p, "*")
		}
		return fmt.Sprintf("Partition %q is not valid for resource %q.", partition, strings.Join(p, ":"))
	case len(p) < 3:
		return "Resource vendor must be fully qualified and cannot contain regexes."
	}
	region, rest := "", ""
	if len(p) > 3 {
		region = p[3]
	}
	if len(p) > 5 {
		rest = p[5]
	}
	return serviceFormat(r, p[2], region, rest, len(p) > 5)
}

// serviceFormat holds an ARN to what the two services that IAM knows closely have.
func serviceFormat(r, service, region, rest string, whole bool) string {
	known := func(t string) bool { return strings.HasPrefix(rest, t) }
	switch {
	case service == "iam" && region != "" && region != "*":
		return fmt.Sprintf("IAM resource %s cannot contain region information.", r)
	case service == "iam" && whole && rest != "*" && !slices.ContainsFunc(iamTypes, known):
		return fmt.Sprintf("IAM resource path must either be \"*\" or start with %s.", strings.Join(iamTypes, ", "))
	case service == "s3" && region != "" && region != "*" && !strings.HasPrefix(rest, "accesspoint/"):
		return fmt.Sprintf("Resource %s can not contain region information.", r)
	}
	return ""
}

// withoutService reports whether IAM's older parser stumbles over an ARN.
func withoutService(r string) bool {
	if r == "*" {
		return false
	}
	p := strings.Split(r, ":")
	return len(p) > 2 && p[2] == "" || len(p) < 6 && strings.Contains(r, "::")
}
