package pull

import (
	"bytes"
	"encoding/json"
)

// itemFailures reads what a function that reports batch item failures has answered: the identifiers of the items that
// failed. An answer that says nothing of failures is a success: empty, null, "", [], an object without batchItemFailures, or
// with an empty or null one. Anything else that is not a list of identifiers is malformed, and then the whole batch counts as
// failed (recorded from AWS for each of these forms; developer guide, partial batch responses).
func itemFailures(answer []byte) (ids []string, ok bool) {
	answer = bytes.TrimSpace(answer)
	switch string(answer) {
	case "", "null", `""`, "[]":
		return nil, true
	}
	var response map[string]json.RawMessage // not a struct: the names' letters must match exactly
	if answer[0] != '{' || json.Unmarshal(answer, &response) != nil {
		return nil, false
	}
	var items []map[string]json.RawMessage
	if list := response["batchItemFailures"]; list != nil && json.Unmarshal(list, &items) != nil {
		return nil, false
	}
	for _, item := range items {
		var id string
		if json.Unmarshal(item["itemIdentifier"], &id) != nil || id == "" {
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, true
}
