package lambda

import (
	"cmp"
	"encoding/base64"
	"slices"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// maxItems is the greatest MaxItems of the lists (API model), whatever a list then gives at once.
const maxItems = 10000

// page sorts a list by key and cuts it to what Marker and MaxItems ask for. The marker is opaque to clients: it says after
// which key to go on, so that nothing is left out or shown twice when something is made or deleted between two pages.
func page[T any](list []T, marker *string, most *int32, limit int, key func(*T) string) ([]T, *string, error) {
	n := limit
	if most != nil {
		if *most < 1 {
			return nil, nil, wire.Validation(wire.AtLeast("maxItems", int(*most), 1))
		}
		if *most > maxItems {
			return nil, nil, wire.Validation(wire.AtMost("maxItems", int(*most), maxItems))
		}
		n = min(int(*most), limit)
	}
	slices.SortFunc(list, func(a, b T) int { return cmp.Compare(key(&a), key(&b)) })
	if marker != nil && *marker != "" {
		after, err := base64.RawURLEncoding.DecodeString(*marker)
		if err != nil {
			return nil, nil, invalid("The marker %q is not one that a list answered with.", *marker)
		}
		list = slices.DeleteFunc(list, func(item T) bool { return key(&item) <= string(after) })
	}
	if n >= len(list) {
		return list, nil, nil
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(key(&list[n-1])))
	return list[:n], &next, nil
}
