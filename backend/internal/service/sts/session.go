package sts

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Session policies and tags: characters of the inline policy and of the managed ones' ARNs together, how many managed ones,
// how many tags, and the bytes that all of it may be packed into (API: AssumeRole; IAM quotas). AWS's packed form is not
// documented: here it is what deflate makes of it, of a limit chosen so that a policy of some 200 characters takes 16 percent,
// as recorded.
const (
	maxSessionPolicy = 2048
	maxPolicyARNs    = 10
	maxSessionTags   = 50
	maxPacked        = 1024
)

var (
	tagKeyText   = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$`)
	tagValueText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

// sessionTags checks session tags. Their keys are not distinguished by case.
func sessionTags(tags []types.Tag) (map[string]string, error) {
	if len(tags) > maxSessionTags {
		return nil, validationError(wire.MaxLength("tags", "["+strconv.Itoa(len(tags))+" tags]", maxSessionTags))
	}
	m := map[string]string{}
	for i, t := range tags {
		at, key, value := "tags."+strconv.Itoa(i+1)+".member.", aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case key == "":
			return nil, validationError(wire.MinLength(at+"key", key, 1))
		case utf8.RuneCountInString(key) > 128:
			return nil, validationError(wire.MaxLength(at+"key", key, 128))
		case utf8.RuneCountInString(value) > 256:
			return nil, validationError(wire.MaxLength(at+"value", value, 256))
		case !tagKeyText.MatchString(key):
			return nil, validationError(wire.Pattern(at+"key", key, `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`))
		case !tagValueText.MatchString(value):
			return nil, validationError(wire.Pattern(at+"value", value, `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`))
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalidParameter("System tags cannot be added/updated/deleted by a requester.")
		case keyOf(m, key) != "":
			return nil, invalidParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		m[key] = value
	}
	return m, nil
}

// keyOf finds a tag's key as it is written in tags.
func keyOf(tags map[string]string, key string) string {
	for k := range tags {
		if strings.EqualFold(k, key) {
			return k
		}
	}
	return ""
}

// transitive are the keys of the tags that go on.
func transitive(keys []string, tags map[string]string) (list []string, err error) {
	for _, key := range keys {
		own := keyOf(tags, key)
		if own == "" {
			return nil, invalidParameter("The specified transitive tag key must be included in the requested tags.")
		}
		list = append(list, own)
	}
	return list, nil
}

// checkSessionPolicies checks the policies that narrow a session, adds the managed ones, and says what part of the packed
// size policies and tags take; nil where there are none.
func (a *API) checkSessionPolicies(ctx context.Context, account string, o *identity.Opening, managed []types.PolicyDescriptorType) (*int32, error) {
	if o.Policy == "" && len(managed) == 0 && len(o.Tags) == 0 {
		return nil, nil
	}
	length := len(o.Policy)
	if o.Policy != "" {
		if err := checkInline(o.Policy); err != nil {
			return nil, err
		}
	}
	if len(managed) > maxPolicyARNs {
		return nil, wire.Errorf(http.StatusBadRequest, "ValidationError", "%d policy ARNs were given; %d are the most that a session can have", len(managed), maxPolicyARNs)
	}
	for _, d := range managed {
		p, err := a.managed(ctx, account, aws.ToString(d.Arn))
		if err != nil {
			return nil, err
		}
		length += len(p.ARN)
		o.PolicyARNs = append(o.PolicyARNs, p.ARN)
	}
	if length > maxSessionPolicy {
		return nil, validationError(wire.MaxLength("policy", o.Policy, maxSessionPolicy))
	}
	percent := packed(o)
	if percent > 100 {
		what := "policies and tags"
		if o.Policy == "" && len(managed) == 0 {
			what = "tags"
		}
		return nil, wire.Errorf(http.StatusBadRequest, "PackedPolicyTooLarge", "Packed size of session %s consumes %d%% of allotted space.", what, percent)
	}
	return &percent, nil
}

// checkInline holds a session policy to the grammar of identity policies, in either version of the language.
func checkInline(text string) error {
	if len(text) > maxSessionPolicy {
		return validationError(wire.MaxLength("policy", text, maxSessionPolicy))
	}
	if !json.Valid([]byte(text)) {
		return wire.Errorf(http.StatusBadRequest, "MalformedPolicyDocument", "This policy contains invalid Json")
	}
	return policy.ValidateSession([]byte(text))
}

// managed finds a managed session policy: one of AWS, or of the role's account.
func (a *API) managed(ctx context.Context, account, policyARN string) (*identity.Policy, error) {
	p, err := a.Identity.GetPolicy(ctx, policyARN)
	parsed, malformed := arn.Parse(policyARN)
	if fault.Is(err, fault.NotFound) || err == nil && (malformed != nil || parsed.Account != "aws" && parsed.Account != account) {
		return nil, wire.Errorf(http.StatusBadRequest, "MalformedPolicyDocument", "Policy %s does not exist or is not attachable.", policyARN)
	}
	return p, err
}

// packed is the part of the packed size that an opening takes, in percent.
func packed(o *identity.Opening) int32 {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil { // the level is a valid one
		panic(err)
	}
	e := json.NewEncoder(w)
	for _, part := range []any{o.Policy, o.PolicyARNs, o.Tags} {
		if err := e.Encode(part); err != nil { // of texts, into memory
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return int32((b.Len()*100 + maxPacked - 1) / maxPacked)
}
