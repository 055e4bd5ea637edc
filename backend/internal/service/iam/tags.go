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

const tagPattern = `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`

var tagText = regexp.MustCompile(`^` + tagPattern + `$`)

// tagsOf checks the tags of a request.
func tagsOf(tags []types.Tag) (map[string]string, error) {
	var v []wire.Violation
	m, folded := map[string]string{}, map[string]bool{}
	for i, t := range tags {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		at := "tags." + strconv.Itoa(i+1) + ".member."
		if key == "" {
			v = append(v, wire.MinLength(at+"key", key, 1))
		}
		if utf8.RuneCountInString(key) > maxTagKey {
			v = append(v, wire.MaxLength(at+"key", key, maxTagKey))
		}
		if utf8.RuneCountInString(value) > maxTagValue {
			v = append(v, wire.MaxLength(at+"value", value, maxTagValue))
		}
		if !tagText.MatchString(key) {
			v = append(v, wire.Pattern(at+"key", key, `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`))
		}
		if !tagText.MatchString(value) {
			v = append(v, wire.Pattern(at+"value", value, tagPattern))
		}
		m[key], folded[strings.ToLower(key)] = value, true
	}
	switch {
	case len(v) > 0:
		return nil, validationError(v...)
	case len(folded) < len(tags):
		return nil, wire.Errorf(http.StatusBadRequest, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	case len(tags) > maxTags:
		return nil, fault.New(fault.TooLarge, "The number of tags has reached the maximum limit.")
	}
	for key := range m {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, wire.Errorf(http.StatusBadRequest, "InvalidInput", "System tags cannot be added/updated/deleted by a requester.")
		}
	}
	return m, nil
}

// addTags is the change of TagRole and its like: a key replaces the one that differs from it in case alone.
func addTags(tags []types.Tag) func(map[string]string) error {
	return func(m map[string]string) error {
		add, err := tagsOf(tags)
		if err != nil {
			return err
		}
		for key, value := range add {
			deleteFold(m, key)
			m[key] = value
		}
		if len(m) > maxTags {
			return fault.New(fault.TooLarge, "The number of tags has reached the maximum limit.")
		}
		return nil
	}
}

// removeTags is the change of UntagRole and its like.
func removeTags(keys []string) func(map[string]string) error {
	return func(m map[string]string) error {
		for _, key := range keys {
			deleteFold(m, key)
		}
		return nil
	}
}

func deleteFold(m map[string]string, key string) {
	maps.DeleteFunc(m, func(k, _ string) bool { return strings.EqualFold(k, key) })
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
