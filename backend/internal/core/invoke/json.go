package invoke

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// checkJSON refuses a body that is not JSON, as Invoke does. An empty body is admitted: it stands for {}.
func checkJSON(payload []byte) error {
	if len(payload) == 0 || json.Valid(payload) && utf8.Valid(payload) {
		return nil
	}
	return fault.New(fault.Invalid, "Could not parse request body into json: Could not parse payload into json: %s", jsonError(payload))
}

// jsonError says what is wrong with a text that is not JSON: what AWS's parser was recorded to say (2025-11) of a character that
// begins no value, and of a byte that begins no character, and else what Go's says.
func jsonError(text []byte) string {
	if at := bytes.IndexFunc(text, func(r rune) bool { return r != ' ' && r != '\t' && r != '\r' && r != '\n' }); at >= 0 {
		if c := text[at]; c < ' ' || c >= 0x7f && c <= 0x9f {
			return fmt.Sprintf("Unexpected character ((CTRL-CHAR, code %d)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')%s", c, place(text, at))
		}
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return err.Error()
	}
	for at := 0; ; {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n < 2 {
			return fmt.Sprintf("Invalid UTF-8 start byte 0x%x%s", text[at], place(text, at+1))
		}
		at += n
	}
}

// place is how AWS's parser says where it stands.
func place(text []byte, at int) string {
	line := 1 + bytes.Count(text[:at], []byte("\n"))
	column := at - bytes.LastIndexByte(text[:at], '\n')
	return fmt.Sprintf("\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: %d, column: %d]", line, column)
}
