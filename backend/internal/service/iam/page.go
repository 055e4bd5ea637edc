package iam

import (
	"net/http"
	"strconv"

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

// paged cuts a list where Marker and MaxItems say. A marker is the place in the list.
func paged[T any](list []T, marker *string, most *int32) (page[T], error) {
	n, from := defaultItems, 0
	if most != nil {
		n = int(*most)
		if n < 1 {
			return page[T]{}, wire.Errorf(http.StatusBadRequest, "ValidationError", "%s", wire.Describe(wire.AtLeast("maxItems", n, 1)))
		}
		if n > maxItems {
			return page[T]{}, wire.Errorf(http.StatusBadRequest, "ValidationError", "%s", wire.Describe(wire.AtMost("maxItems", n, maxItems)))
		}
	}
	if marker != nil {
		var err error
		if from, err = strconv.Atoi(*marker); err != nil || from < 0 {
			return page[T]{}, wire.Errorf(http.StatusBadRequest, "ValidationError", "Invalid Marker.")
		}
	}
	from = min(from, len(list))
	end := min(from+n, len(list))
	p := page[T]{items: list[from:end]}
	if end < len(list) {
		p.next = aws.String(strconv.Itoa(end))
	}
	return p, nil
}
