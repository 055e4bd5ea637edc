package iam

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Pages of lists: what they hold where a caller does not say, and at most (IAM API reference, MaxItems).
const (
	defaultItems = 100
	maxItems     = 1000
)

// page is a stretch of a list, and the marker of the one that follows; nil where there is none.
type page[T any] struct {
	items []T
	next  *string
}

// paged cuts a list where Marker and MaxItems say, in the order of key, which no two items share. A marker says which item
// was the last: the page after it is the same, whatever came or went before.
func paged[T any](list []T, key func(T) string, marker *string, most *int32) (page[T], error) {
	n := defaultItems
	if most != nil {
		n = int(*most)
		if n < 1 {
			return page[T]{}, validationError(wire.AtLeast("maxItems", n, 1))
		}
		if n > maxItems {
			return page[T]{}, validationError(wire.AtMost("maxItems", n, maxItems))
		}
	}
	slices.SortFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	if marker != nil {
		last, err := lastOf(*marker)
		if err != nil {
			return page[T]{}, err
		}
		from, found := slices.BinarySearchFunc(list, last, func(item T, last string) int { return cmp.Compare(key(item), last) })
		if found {
			from++
		}
		list = list[from:]
	}
	if len(list) <= n {
		return page[T]{items: list}, nil
	}
	return page[T]{items: list[:n], next: aws.String(markerAfter(key(list[n-1])))}, nil
}

// markers begin with this, so that other texts are no markers.
const markers = "\x00\x02after:"

func markerAfter(key string) string { return base64.StdEncoding.EncodeToString([]byte(markers + key)) }

func lastOf(marker string) (string, error) {
	text, err := base64.StdEncoding.DecodeString(marker)
	last, ok := strings.CutPrefix(string(text), markers)
	if err != nil || !ok {
		return "", wire.Errorf(http.StatusBadRequest, "ValidationError", "Invalid Marker.")
	}
	return last, nil
}

// itself is the key of lists of names.
func itself(s string) string { return s }
