package wire

import (
	"io"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
)

// field is one member of an SDK struct.
type field struct {
	index  int
	wire   string         // its name on the wire
	schema *smithy.Schema // nil where the module has none
	bound  bool           // carried outside the body
}

type fieldsKey struct {
	t reflect.Type
	s *smithy.Schema
}

var fieldsCache sync.Map // fieldsKey to []field

var (
	timeType   = reflect.TypeFor[time.Time]()
	bytesType  = reflect.TypeFor[[]byte]()
	readerType = reflect.TypeFor[io.Reader]()
)

// fieldsOf lists the members of a struct. ResultMetadata and the SDK's markers are no members.
func fieldsOf(t reflect.Type, s *smithy.Schema) []field {
	key := fieldsKey{t, s}
	if list, ok := fieldsCache.Load(key); ok {
		return list.([]field)
	}
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Anonymous || f.Name == "ResultMetadata" {
			continue
		}
		m := field{index: i, wire: f.Name}
		if s != nil {
			lower := strings.ToLower(f.Name[:1]) + f.Name[1:]
			if m.schema = s.Member(f.Name); m.schema == nil {
				if m.schema = s.Member(lower); m.schema != nil {
					m.wire = lower
				}
			}
			if m.schema != nil {
				_, label := smithy.SchemaTrait[*traits.HTTPLabel](m.schema) // which the path has under the member's own name
				if j, ok := smithy.SchemaTrait[*traits.JSONName](m.schema); ok && !label {
					m.wire = j.Name
				}
			}
		}
		m.bound = bound(m.schema)
		list = append(list, m)
	}
	fieldsCache.Store(key, list)
	return list
}

// element is the schema of a list's elements or a map's values.
func element(s *smithy.Schema, of reflect.Kind) *smithy.Schema {
	switch {
	case s == nil:
		return nil
	case of == reflect.Map:
		return s.MapValue()
	}
	return s.ListMember()
}

// xmlName is a member's name in Query and XML where it has one of its own there.
func xmlName(s *smithy.Schema, otherwise string) string {
	if s == nil {
		return otherwise
	}
	if n, ok := smithy.SchemaTrait[*traits.XMLName](s); ok {
		return n.Name
	}
	return otherwise
}

// flattened reports whether the elements of a list or map stand beside its owner's other members in Query and XML.
func flattened(s *smithy.Schema) bool {
	if s == nil {
		return false
	}
	_, ok := smithy.SchemaTrait[*traits.XMLFlattened](s)
	return ok
}

// entryNames are the names of a map's keys and values in Query and XML.
func entryNames(s *smithy.Schema) (key, value string) {
	if s == nil {
		return "key", "value"
	}
	return xmlName(s.MapKey(), "key"), xmlName(s.MapValue(), "value")
}

// bound reports whether a member is carried outside the body: in the path, the query, a header, the status, or as the
// whole payload.
func bound(s *smithy.Schema) bool {
	if s == nil {
		return false
	}
	_, label := smithy.SchemaTrait[*traits.HTTPLabel](s)
	_, query := smithy.SchemaTrait[*traits.HTTPQuery](s)
	_, header := smithy.SchemaTrait[*traits.HTTPHeader](s)
	_, code := smithy.SchemaTrait[*traits.HTTPResponseCode](s)
	_, payload := smithy.SchemaTrait[*traits.HTTPPayload](s)
	return label || query || header || code || payload
}

// timestampFormat is how a member's time looks: "" where the protocol decides.
func timestampFormat(s *smithy.Schema) string {
	if s == nil {
		return ""
	}
	if f, ok := smithy.SchemaTrait[*traits.TimestampFormat](s); ok {
		return f.Format
	}
	return ""
}
