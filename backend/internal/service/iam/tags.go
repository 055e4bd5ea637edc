package iam

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Tags of a resource, and characters of a tag's key and value (IAM User Guide, rules for tagging).
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

const (
	tagKeyPattern   = `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`
	tagValuePattern = `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`
)

var (
	tagKeyText   = regexp.MustCompile(`^` + tagKeyPattern + `$`)
	tagValueText = regexp.MustCompile(`^` + tagValuePattern + `$`)
)

// sameKey says whether two keys of tags are one. Those of users and roles are not distinguished by case, those of policies
// and instance profiles are (IAM User Guide, rules for tagging; recorded).
type sameKey func(a, b string) bool

func exactly(a, b string) bool { return a == b }

var fold sameKey = strings.EqualFold

// tagsOf checks the tags of a request.
func tagsOf(tags []types.Tag, same sameKey) (map[string]string, error) {
	if len(tags) > maxTags {
		return nil, validationError(wire.MaxLength("tags", "", maxTags))
	}
	var v []wire.Violation
	for i, t := range tags {
		v = append(v, tagViolations("tags."+strconv.Itoa(i+1)+".member.", aws.ToString(t.Key), aws.ToString(t.Value))...)
	}
	if len(v) > 0 {
		return nil, validationError(v...)
	}
	m := map[string]string{}
	for _, t := range tags {
		key := aws.ToString(t.Key)
		for other := range m {
			if same(key, other) {
				return nil, duplicate(same)
			}
		}
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, wire.Errorf(http.StatusBadRequest, "InvalidInput", "System tags cannot be added/updated/deleted by a requester.")
		}
		m[key] = aws.ToString(t.Value)
	}
	return m, nil
}

func duplicate(same sameKey) error {
	text := "Duplicate tag keys found."
	if same("a", "A") {
		text += " Please note that Tag keys are case insensitive."
	}
	return wire.Errorf(http.StatusBadRequest, "InvalidInput", "%s", text)
}

func tagViolations(at, key, value string) (v []wire.Violation) {
	switch {
	case key == "":
		v = append(v, wire.MinLength(at+"key", key, 1))
	case utf8.RuneCountInString(key) > maxTagKey:
		v = append(v, wire.MaxLength(at+"key", key, maxTagKey))
	case !tagKeyText.MatchString(key):
		v = append(v, wire.Pattern(at+"key", key, tagKeyPattern))
	}
	switch {
	case utf8.RuneCountInString(value) > maxTagValue:
		v = append(v, wire.MaxLength(at+"value", value, maxTagValue))
	case !tagValueText.MatchString(value):
		v = append(v, wire.Pattern(at+"value", value, tagValuePattern))
	}
	return v
}

// addTags is the change of TagRole and its like: a key replaces the one that is the same.
func addTags(tags []types.Tag, same sameKey) func(map[string]string) error {
	return func(m map[string]string) error {
		add, err := tagsOf(tags, same)
		if err != nil {
			return err
		}
		for key, value := range add {
			removeKey(m, key, same)
			m[key] = value
		}
		if len(m) > maxTags {
			return fault.New(fault.TooLarge, "The number of tags has reached the maximum limit.")
		}
		return nil
	}
}

// removeTags is the change of UntagRole and its like.
func removeTags(keys []string, same sameKey) func(map[string]string) error {
	return func(m map[string]string) error {
		if len(keys) > maxTags {
			return validationError(wire.MaxLength("tagKeys", "", maxTags))
		}
		for _, key := range keys {
			if n := utf8.RuneCountInString(key); n < 1 || n > maxTagKey || !tagKeyText.MatchString(key) {
				return validationError(wire.Violation{Path: "tagKeys", Constraint: "Member must satisfy constraint: [Member must have length less than or equal to 128, " +
					"Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: " + tagKeyPattern + ", Member must not be null]"})
			}
			removeKey(m, key, same)
		}
		return nil
	}
}

func removeKey(m map[string]string, key string, same sameKey) {
	maps.DeleteFunc(m, func(k, _ string) bool { return same(k, key) })
}

// given are the tags of an answer that leaves them out where there are none.
func given(m map[string]string) []types.Tag {
	if len(m) == 0 {
		return nil
	}
	return tags(m)
}

// tags are the tags of an answer, by key.
func tags(m map[string]string) []types.Tag {
	list := []types.Tag{}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(m[k])})
	}
	return list
}

func tagKey(t types.Tag) string { return *t.Key }
