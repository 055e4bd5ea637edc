package cognito

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// standard are the attributes that every pool has (OpenID Connect's, and Cognito's own).
var standard = []struct {
	name string
	kind types.AttributeDataType
	most string // of a string's length
}{
	{"sub", types.AttributeDataTypeString, "2048"}, {"name", types.AttributeDataTypeString, "2048"}, {"given_name", types.AttributeDataTypeString, "2048"},
	{"family_name", types.AttributeDataTypeString, "2048"}, {"middle_name", types.AttributeDataTypeString, "2048"},
	{"nickname", types.AttributeDataTypeString, "2048"}, {"preferred_username", types.AttributeDataTypeString, "2048"},
	{"profile", types.AttributeDataTypeString, "2048"}, {"picture", types.AttributeDataTypeString, "2048"},
	{"website", types.AttributeDataTypeString, "2048"}, {"email", types.AttributeDataTypeString, "2048"},
	{"email_verified", types.AttributeDataTypeBoolean, ""}, {"gender", types.AttributeDataTypeString, "2048"},
	{"birthdate", types.AttributeDataTypeString, "10"}, {"zoneinfo", types.AttributeDataTypeString, "2048"},
	{"locale", types.AttributeDataTypeString, "2048"}, {"phone_number", types.AttributeDataTypeString, "2048"},
	{"phone_number_verified", types.AttributeDataTypeBoolean, ""}, {"address", types.AttributeDataTypeString, "2048"},
	{"updated_at", types.AttributeDataTypeNumber, ""},
}

// standardAttributes are the standard attributes of a pool's schema, as the pool was given them where it was.
func standardAttributes(given []types.SchemaAttributeType) []types.SchemaAttributeType {
	var out []types.SchemaAttributeType
	for _, s := range standard {
		if i := slices.IndexFunc(given, func(g types.SchemaAttributeType) bool { return aws.ToString(g.Name) == s.name }); i >= 0 {
			out = append(out, given[i])
			continue
		}
		a := types.SchemaAttributeType{Name: aws.String(s.name), AttributeDataType: s.kind, DeveloperOnlyAttribute: aws.Bool(false),
			Mutable: aws.Bool(s.name != "sub"), Required: aws.Bool(s.name == "sub")}
		switch s.kind {
		case types.AttributeDataTypeString:
			least := "0"
			if s.name == "sub" {
				least = "1"
			}
			if s.name == "birthdate" {
				least = "10"
			}
			a.StringAttributeConstraints = &types.StringAttributeConstraintsType{MinLength: aws.String(least), MaxLength: aws.String(s.most)}
		case types.AttributeDataTypeNumber:
			a.NumberAttributeConstraints = &types.NumberAttributeConstraintsType{MinValue: aws.String("0")}
		}
		out = append(out, a)
	}
	return out
}

// custom are the attributes of a pool's own, under the names that they have in users.
func custom(given []types.SchemaAttributeType) []types.SchemaAttributeType {
	var out []types.SchemaAttributeType
	for _, g := range given {
		if isStandard(aws.ToString(g.Name)) {
			continue
		}
		prefix := "custom:"
		if aws.ToBool(g.DeveloperOnlyAttribute) {
			prefix = "dev:custom:"
		}
		g.Name = aws.String(prefix + aws.ToString(g.Name))
		out = append(out, g)
	}
	return out
}

func isStandard(name string) bool {
	for _, s := range standard {
		if s.name == name {
			return true
		}
	}
	return false
}

// attributesOf makes a map of a call's list.
func attributesOf(list []types.AttributeType) map[string]string {
	out := make(map[string]string, len(list))
	for _, a := range list {
		out[aws.ToString(a.Name)] = aws.ToString(a.Value)
	}
	return out
}

// listed makes the API's list of a user's attributes.
func listed(attributes map[string]string) []types.AttributeType {
	out := make([]types.AttributeType, 0, len(attributes))
	for name, value := range attributes {
		out = append(out, types.AttributeType{Name: aws.String(name), Value: aws.String(value)})
	}
	slices.SortFunc(out, func(x, y types.AttributeType) int { return strings.Compare(*x.Name, *y.Name) })
	return out
}

// conform checks a new user's attributes against the pool's schema.
func (p *pool) conform(attributes map[string]string) error {
	known := map[string]bool{}
	var wrong []string
	for _, s := range p.SchemaAttributes {
		name := *s.Name
		known[name] = true
		if value, given := attributes[name]; (!given || value == "") && aws.ToBool(s.Required) && name != "sub" {
			wrong = append(wrong, name+": The attribute is required\n")
		}
	}
	for name := range attributes {
		if !known[name] {
			wrong = append(wrong, name+": Attribute does not exist in the schema.\n")
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return fault.New(fault.Invalid, "Attributes did not conform to the schema: %s", strings.Join(wrong, ""))
	}
	if email := attributes["email"]; email != "" && !emailForm.MatchString(email) {
		return fault.New(fault.Invalid, "Invalid email address format.")
	}
	if phone := attributes["phone_number"]; phone != "" && !phoneForm.MatchString(phone) {
		return fault.New(fault.Invalid, "Invalid phone number format.")
	}
	return nil
}

var (
	emailForm = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	phoneForm = regexp.MustCompile(`^\+\d{1,15}$`)
)

// canonical is a user name as pools compare it: they do not tell cases apart.
func canonical(name string) string { return strings.ToLower(name) }

// checkPassword refuses a password that the pool's policy does not take.
func (p *pool) checkPassword(password string) error {
	policy := p.Policies.PasswordPolicy
	has := func(class func(rune) bool) bool { return strings.ContainsFunc(password, class) }
	why := ""
	switch {
	case utf8.RuneCountInString(password) < int(max(aws.ToInt32(policy.MinimumLength), 6)):
		why = "Password not long enough"
	case policy.RequireUppercase && !has(unicode.IsUpper):
		why = "Password must have uppercase characters"
	case policy.RequireLowercase && !has(unicode.IsLower):
		why = "Password must have lowercase characters"
	case policy.RequireNumbers && !has(unicode.IsDigit):
		why = "Password must have numeric characters"
	case policy.RequireSymbols && !has(func(r rune) bool { return strings.ContainsRune("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ", r) }):
		why = "Password must have symbol characters"
	default:
		return nil
	}
	return refusal("InvalidPasswordException", "Password did not conform with policy: %s", why)
}

// masked is an address as an answer shows it: a***@e***.
func masked(medium types.DeliveryMediumType, address string) string {
	if medium == types.DeliveryMediumTypeSms {
		return fmt.Sprintf("+*******%s", address[max(len(address)-4, 0):])
	}
	name, domain, _ := strings.Cut(address, "@")
	return name[:min(1, len(name))] + "***@" + domain[:min(1, len(domain))] + "***"
}
