package iam

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// invalidInput is the error that the simulation API has for nearly everything.
func invalidInput(format string, args ...any) error {
	return wire.Errorf(http.StatusBadRequest, "InvalidInput", format, args...)
}

// constraints holds a request to the lengths, ranges and enumerations of the API's model. They are checked before anything
// else, and all that fail are told at once. The values are not repeated, as IAM does not repeat them.
func (q *simulateInput) constraints() error {
	v := &violations{}
	if q.PolicySourceArn != nil {
		v.length("policySourceArn", *q.PolicySourceArn, 20, 2048)
	}
	v.documents("policyInputList", q.PolicyInputList)
	v.documents("permissionsBoundaryPolicyInputList", q.PermissionsBoundaryPolicyInputList)
	v.members("actionNames", q.ActionNames, 3, 128)
	v.members("resourceArns", q.ResourceArns, 1, 2048)
	if q.ResourcePolicy != nil {
		v.document("resourcePolicy", *q.ResourcePolicy)
	}
	v.optional("resourceOwner", q.ResourceOwner, 1, 2048)
	v.optional("callerArn", q.CallerArn, 1, 2048)
	for i, e := range q.ContextEntries {
		at := fmt.Sprintf("contextEntries.%d.member.", i+1)
		v.optional(at+"contextKeyName", e.ContextKeyName, 5, 256)
		if e.ContextKeyType != "" && !slices.Contains(contextTypes, string(e.ContextKeyType)) {
			v.add(at+"contextKeyType", "Member must satisfy enum value set: [%s]", strings.Join(contextTypes, ", "))
		}
	}
	v.optional("resourceHandlingOption", q.ResourceHandlingOption, 1, 64)
	v.optional("marker", q.Marker, 1, 320)
	v.items(q.MaxItems)
	for i, level := range q.OrderedOrganizationPolicyInputList {
		v.documents(fmt.Sprintf("orderedOrganizationPolicyInputList.%d.member.serviceControlPolicyInputList", i+1), level.ServiceControlPolicyInputList)
	}
	v.exclusions(q.PolicyExclusionList)
	return v.err()
}

// violations collects what does not satisfy its constraint.
type violations struct{ list []string }

func (v *violations) add(path, format string, args ...any) {
	v.list = append(v.list, fmt.Sprintf("Value at '%s' failed to satisfy constraint: ", path)+fmt.Sprintf(format, args...))
}

func (v *violations) err() error {
	if len(v.list) == 0 {
		return nil
	}
	noun := "errors"
	if len(v.list) == 1 {
		noun = "error"
	}
	return wire.Errorf(http.StatusBadRequest, "ValidationError", "%d validation %s detected: %s", len(v.list), noun, strings.Join(v.list, "; "))
}

func (v *violations) length(path, value string, least, most int) {
	if n := len([]rune(value)); n < least {
		v.add(path, "Member must have length greater than or equal to %d", least)
	} else if n > most {
		v.add(path, "Member must have length less than or equal to %d", most)
	}
}

func (v *violations) optional(path string, value *string, least, most int) {
	if value != nil {
		v.length(path, *value, least, most)
	}
}

// members holds every text of a list to a length. The list is told as a whole.
func (v *violations) members(path string, list []string, least, most int) {
	if slices.ContainsFunc(list, func(s string) bool { n := len([]rune(s)); return n < least || n > most }) {
		v.add(path, "Member must satisfy constraint: [Member must have length less than or equal to %d, Member must have length greater than or equal to %d]", most, least)
	}
}

// Lengths and characters of a policy in a parameter.
const maxDocument = 131072

const documentPattern = `[\u0009\u000A\u000D\u0020-\u00FF]+`

var documentText = regexp.MustCompile(`^[\x09\x0A\x0D\x20-\x{FF}]+$`)

func (v *violations) documents(path string, list []string) {
	v.members(path, list, 1, maxDocument)
	if slices.ContainsFunc(list, func(s string) bool { return s != "" && !documentText.MatchString(s) }) {
		v.add(path, "Member must satisfy constraint: [Member must satisfy regular expression pattern: %s]", documentPattern)
	}
}

func (v *violations) document(path, text string) {
	v.length(path, text, 1, maxDocument)
	if text != "" && !documentText.MatchString(text) {
		v.add(path, "Member must satisfy regular expression pattern: %s", documentPattern)
	}
}

func (v *violations) items(n *int32) {
	switch {
	case n == nil:
	case *n < 1:
		v.add("maxItems", "Member must have value greater than or equal to 1")
	case *n > maxItems:
		v.add("maxItems", "Member must have value less than or equal to %d", maxItems)
	}
}

// parse makes a simulation of a request; caller is the account that asks. The first thing that is wrong is told.
func (q *simulateInput) parse(asking string) (*simulation, error) {
	s := &simulation{actions: q.ActionNames, resources: q.ResourceArns, context: policy.NewContext(nil), given: map[string]bool{}}
	if len(s.resources) == 0 {
		s.resources = []string{"*"}
	}
	for _, check := range []func(*simulation) error{q.checkActions, q.checkResources, q.parsePolicies, q.parseOrganization,
		q.parseContext, func(s *simulation) error { return q.parseCaller(s, asking) }, q.parseResourcePolicy, q.checkGroups} {
		if err := check(s); err != nil {
			return nil, err
		}
	}
	s.setDefaults(aws.ToString(q.CallerArn))
	return s, nil
}

func (q *simulateInput) checkActions(s *simulation) error {
	for _, action := range s.actions {
		if !strings.Contains(action, ":") {
			return invalidInput("The action is invalid since it is missing names")
		}
	}
	return nil
}

func (q *simulateInput) checkResources(s *simulation) error {
	for _, r := range s.resources {
		if r != "*" && !isResourceARN(r) {
			return invalidInput("ResourceNames are not in a valid ARN format: %s.", r)
		}
	}
	return nil
}

// isResourceARN reports whether a text has the six parts of an ARN, with a partition, a service and a resource.
func isResourceARN(s string) bool {
	p := strings.SplitN(s, ":", 6)
	return len(p) == 6 && p[0] == "arn" && p[1] != "" && p[2] != "" && p[5] != ""
}

// parameterSource parses a policy that was given as a parameter: an identity policy, a boundary or a service control policy,
// in either version of the language.
func parameterSource(id, text string) (policy.Source, bool) {
	if policy.ValidateSession([]byte(text)) != nil {
		return policy.Source{}, false
	}
	d, err := policy.Parse([]byte(text))
	return policy.Source{Name: id, Document: d}, err == nil
}

func (q *simulateInput) parsePolicies(s *simulation) error {
	for i, text := range q.PolicyInputList {
		source, ok := parameterSource("PolicyInputList."+strconv.Itoa(i+1), text)
		if !ok {
			return invalidInput("Policy input list item %d has invalid content", i+1)
		}
		s.policies.Identity = append(s.policies.Identity, source)
	}
	if len(q.PermissionsBoundaryPolicyInputList) > 1 {
		return invalidInput("The list of Permissions Boundary policies cannot exceed 1 items.")
	}
	for i, text := range q.PermissionsBoundaryPolicyInputList {
		source, ok := parameterSource("PermissionsBoundaryPolicyInputList."+strconv.Itoa(i+1), text)
		if !ok {
			return invalidInput("Permissions Boundary policy input list item %d has invalid content", i+1)
		}
		s.policies.Boundary, s.boundary = &source, true
	}
	return nil
}

func (q *simulateInput) parseOrganization(s *simulation) error {
	for i, level := range q.OrderedOrganizationPolicyInputList {
		if len(level.ServiceControlPolicyInputList) == 0 {
			return invalidInput("Organization policy at index %d must contain at least one service control policy", i+1)
		}
		var sources []policy.Source
		for j, text := range level.ServiceControlPolicyInputList {
			source, ok := parameterSource(fmt.Sprintf("OrderedOrganizationPolicyInputList.%d.%d", i+1, j+1), text)
			if !ok {
				return invalidInput("Organization policy at index %d has invalid content in its service control policy %d", i+1, j+1)
			}
			sources = append(sources, source)
		}
		s.policies.SCPs = append(s.policies.SCPs, sources)
		s.organized = true
	}
	return nil
}

// parseResourcePolicy reads the resource's policy, which needs a caller to name and resources to stand at.
func (q *simulateInput) parseResourcePolicy(s *simulation) error {
	if q.ResourcePolicy == nil {
		return nil
	}
	if slices.Contains(s.resources, "*") {
		return invalidInput("Invalid Entity Arn: * does not clearly define entity type and name.")
	}
	if policy.ValidateResource([]byte(*q.ResourcePolicy)) != nil {
		return invalidInput("Resource policy has invalid content")
	}
	d, err := policy.Parse([]byte(*q.ResourcePolicy))
	if err != nil {
		return err // a valid one is parsed
	}
	for i := range d.Statements {
		resources := slices.Concat(d.Statements[i].Resources, d.Statements[i].NotResources)
		if len(resources) == 0 {
			return invalidInput("Resource policy has invalid content")
		}
		for _, r := range resources {
			if !isResourceARN(r) {
				return invalidInput("ResourceNames are not in a valid ARN format: %s.", r)
			}
		}
	}
	s.policies.Resource = &policy.Source{Name: "ResourcePolicy", Document: d}
	return nil
}

// checkGroups refuses actions that AWS knows beside such that it does not know, on named resources.
func (q *simulateInput) checkGroups(s *simulation) error {
	if !slices.ContainsFunc(s.resources, func(r string) bool { return r != "*" }) {
		return nil
	}
	var known, unknown []string
	for _, action := range s.actions {
		if _, ok := lookAction(action); ok {
			known = append(known, action)
		} else {
			unknown = append(unknown, action)
		}
	}
	if len(known) == 0 || len(unknown) == 0 {
		return nil
	}
	return invalidInput("Invalid Input Actions: [%s] and [%s] require different authorization information. ", strings.Join(known, ","), strings.Join(unknown, ","))
}

// A marker is the place in the list of actions, for one account and operation; nobody should read it.
func newSimulateMarker(operation, account string, at int) string {
	return base64.URLEncoding.EncodeToString(fmt.Appendf(nil, "%s %s %d", operation, account, at))
}

func simulateMarker(operation, account string, marker *string) (int, error) {
	if marker == nil {
		return 0, nil
	}
	text, err := base64.URLEncoding.DecodeString(*marker)
	rest, ok := strings.CutPrefix(string(text), operation+" "+account+" ")
	at, err2 := strconv.Atoi(rest)
	if err != nil || !ok || err2 != nil || at < 0 {
		return 0, invalidInput("Invalid marker for pagination.")
	}
	return at, nil
}

// exclusions holds the identifiers of policies that are to be left out to their constraints.
func (v *violations) exclusions(list []types.PolicyIdentifier) {
	for i, e := range list {
		at := fmt.Sprintf("policyExclusionList.%d.member.", i+1)
		switch e := e.(type) {
		case *types.PolicyIdentifierMemberPolicyArn:
			v.length(at+"policyArn", e.Value, 20, 2048)
		case *types.PolicyIdentifierMemberPolicyType:
			if !slices.Contains(e.Value.Values(), e.Value) {
				v.add(at+"policyType", "Member must satisfy enum value set: %s", enumOf(e.Value.Values()))
			}
		case *types.PolicyIdentifierMemberInlinePolicyIdentifier:
			v.optional(at+"inlinePolicyIdentifier.policyName", e.Value.PolicyName, 1, 128)
			v.optional(at+"inlinePolicyIdentifier.attachmentName", e.Value.AttachmentName, 1, 128)
			if !slices.Contains(e.Value.AttachmentType.Values(), e.Value.AttachmentType) {
				v.add(at+"inlinePolicyIdentifier.attachmentType", "Member must satisfy enum value set: %s", enumOf(e.Value.AttachmentType.Values()))
			}
		}
	}
}

func enumOf[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return "[" + strings.Join(texts, ", ") + "]"
}
