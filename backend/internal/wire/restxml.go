package wire

import (
	"encoding/xml"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// WriteXMLError writes an error of the REST-XML protocol, as S3 does: one Error element, further members beside code and
// message in the order of their names.
func WriteXMLError(w http.ResponseWriter, e *Error, requestID string) {
	for name, value := range e.Headers {
		w.Header().Set(name, value)
	}
	w.Header().Set("X-Amz-Request-Id", requestID)
	if e.Status == http.StatusNotModified || e.Status == http.StatusPreconditionFailed && e.Message == "" {
		w.WriteHeader(e.Status)
		return
	}
	var b strings.Builder
	b.WriteString(xml.Header + "<Error>")
	writeElement(&b, "Code", reflect.ValueOf(e.Code))
	writeElement(&b, "Message", reflect.ValueOf(e.Message))
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		writeElement(&b, name, reflect.ValueOf(e.Fields[name]))
	}
	writeElement(&b, "RequestId", reflect.ValueOf(requestID))
	writeElement(&b, "HostId", reflect.ValueOf(requestID))
	b.WriteString("</Error>")
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(e.Status)
	_, _ = w.Write([]byte(b.String()))
}

// WriteXML writes an answer of the REST-XML protocol.
func WriteXML(w http.ResponseWriter, status int, v any) error {
	text, err := xml.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append([]byte(xml.Header), text...))
	return nil
}
