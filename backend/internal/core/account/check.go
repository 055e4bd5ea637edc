package account

import (
	"regexp"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Limits of organizations (Organizations User Guide, quotas).
const (
	maxPolicy = 5120 // characters of one SCP or RCP
	maxLevels = 7    // the root, five levels of organizational units, the account
	maxPer    = 5    // policies of one level
)

var (
	idForm           = regexp.MustCompile(`^\d{12}$`)
	organizationForm = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	pathForm         = regexp.MustCompile(`^o-[a-z0-9]{10,32}/r-[a-z0-9]{4,32}/(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}/)*$`)
)

func invalid(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }

// check holds a description to what Organizations admits.
func (a *Account) check() error {
	switch {
	case !idForm.MatchString(a.ID):
		return invalid("account %q: want twelve digits", a.ID)
	case a.OrganizationID != "" && !organizationForm.MatchString(a.OrganizationID):
		return invalid("organization_id %q: want o- and 10 to 32 lower-case letters or digits, for example o-a1b2c3d4e5", a.OrganizationID)
	case a.OrganizationPath != "" && !pathForm.MatchString(a.OrganizationPath):
		return invalid("organization_path %q: want the organization, its root and the organizational units, each followed by a slash, for example o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/", a.OrganizationPath)
	case a.OrganizationPath != "" && !strings.HasPrefix(a.OrganizationPath, a.OrganizationID+"/"):
		return invalid("organization_path %q does not begin with organization_id %q", a.OrganizationPath, a.OrganizationID)
	case a.OrganizationID == "" && (a.Management || len(a.SCPs) > 0 || len(a.RCPs) > 0):
		return invalid("organization_id is missing: an account outside of any organization manages none and has no control policies")
	case len(a.SCPs) > maxLevels:
		return invalid("service_control_policies has %d levels; there are at most %d: the root, five levels of organizational units, the account", len(a.SCPs), maxLevels)
	case len(a.RCPs) > maxLevels*maxPer:
		return invalid("resource_control_policies has %d policies; an account inherits at most %d", len(a.RCPs), maxLevels*maxPer)
	}
	for i, level := range a.SCPs {
		if len(level) == 0 {
			return invalid("service_control_policies: level %d is empty; every level has at least one policy, FullAWSAccess where nothing is narrowed", i+1)
		}
		if len(level) > maxPer {
			return invalid("service_control_policies: level %d has %d policies; at most %d are attached to one target", i+1, len(level), maxPer)
		}
		for j, text := range level {
			if err := checkSCP([]byte(text)); err != nil {
				return invalid("service_control_policies: policy %d of level %d: %v", j+1, i+1, err)
			}
		}
	}
	for i, text := range a.RCPs {
		if err := checkRCP([]byte(text)); err != nil {
			return invalid("resource_control_policies: policy %d: %v", i+1, err)
		}
	}
	return nil
}

// checkSCP holds a document to the syntax of SCPs: that of identity policies. Since September 2025 all of its elements may be
// used with Allow as well.
func checkSCP(text []byte) error {
	if len(text) > maxPolicy {
		return invalid("it has %d characters; a service control policy has at most %d", len(text), maxPolicy)
	}
	if _, err := policy.Parse(text); err != nil { // its errors say where
		return err
	}
	return policy.ValidateIdentity(text)
}

// checkRCP holds a document to the syntax of RCPs: statements that deny, for every principal.
func checkRCP(text []byte) error {
	if len(text) > maxPolicy {
		return invalid("it has %d characters; a resource control policy has at most %d", len(text), maxPolicy)
	}
	d, err := policy.Parse(text)
	if err != nil {
		return err
	}
	if d.Version != policy.Version2012 {
		return invalid("its Version must be 2012-10-17")
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		switch {
		case s.Effect != policy.Deny:
			return invalid("statement %d: its Effect must be Deny; AWS's own RCPFullAWSAccess, which is always attached, is the only one that allows", i+1)
		case s.Principal == nil || !s.Principal.Any:
			return invalid(`statement %d: its Principal must be "*"; narrow it with conditions, for example on aws:PrincipalOrgID`, i+1)
		case len(s.NotActions) > 0:
			return invalid("statement %d: NotAction is not supported in a resource control policy", i+1)
		case len(s.Resources) == 0 && len(s.NotResources) == 0:
			return invalid("statement %d: Resource or NotResource is missing", i+1)
		}
		for _, action := range s.Actions {
			if action == "*" {
				return invalid(`statement %d: Action "*" is not supported in a resource control policy; name the services, for example s3:*`, i+1)
			}
		}
	}
	return policy.ValidateResource(text)
}
