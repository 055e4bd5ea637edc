package wire

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
)

// decodeQuery fills an input from form parameters: Name=v, List.member.1=v, Map.entry.1.key=k, nested with dots. Where the
// module has a schema, its XML names hold, and its flattened lists and maps have no level of their own: Name.1=v. It returns
// the members that were sent.
func decodeQuery(form url.Values, in reflect.Value, s *smithy.Schema) (map[string]any, error) {
	return setForm(in, form, "", s)
}

func setForm(to reflect.Value, form url.Values, prefix string, s *smithy.Schema) (map[string]any, error) {
	members := map[string]any{}
	for _, f := range fieldsOf(to.Type(), s) {
		name := prefix + xmlName(f.schema, f.wire)
		if !hasForm(form, name) {
			if f.schema != nil {
				continue
			}
			// Without a schema the case of the first letter is not known: STS's PolicyArns.member.1.arn.
			if name = prefix + strings.ToLower(f.wire[:1]) + f.wire[1:]; !hasForm(form, name) {
				continue
			}
		}
		value, err := setFormValue(to.Field(f.index), form, name, f.schema)
		if err != nil {
			return nil, err
		}
		members[f.wire] = value
	}
	return members, nil
}

// hasForm reports whether there is a parameter with the name or below it.
func hasForm(form url.Values, name string) bool {
	if _, ok := form[name]; ok {
		return true
	}
	for key := range form {
		if strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
}

func setFormValue(to reflect.Value, form url.Values, name string, s *smithy.Schema) (any, error) {
	if to.Kind() == reflect.Pointer && to.Type().Elem() != timeType && to.Type().Elem().Kind() == reflect.Struct {
		to.Set(reflect.New(to.Type().Elem()))
		return setForm(to.Elem(), form, name+".", s)
	}
	switch {
	case to.Type() == bytesType:
		data, err := base64.StdEncoding.DecodeString(form.Get(name))
		if err != nil {
			return nil, malformedInput(name, form.Get(name))
		}
		to.SetBytes(data)
		return form.Get(name), nil
	case to.Kind() == reflect.Struct && to.Type() != timeType:
		return setForm(to, form, name+".", s)
	case to.Kind() == reflect.Interface:
		return form, setUnion(to, func(member string) bool { return hasForm(form, name+"."+member) },
			func(member string, value reflect.Value) error {
				_, err := setFormValue(value, form, name+"."+member, nil)
				return err
			})
	case to.Kind() == reflect.Slice:
		return setFormList(to, form, name, s)
	case to.Kind() == reflect.Map:
		return setFormMap(to, form, name, s)
	}
	if setText(to, form.Get(name), name) != nil {
		return nil, malformedInput(name, form.Get(name))
	}
	return form.Get(name), nil
}

func malformedInput(name, value string) error {
	return Errorf(http.StatusBadRequest, "MalformedInput", "%s: %.80q is of the wrong type", name, value)
}

// formIndices lists the numbers that follow a prefix, in order: a list's elements as the client numbered them.
func formIndices(form url.Values, prefix string) []int {
	var list []int
	for key := range form {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(digits); err == nil && n > 0 && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}

func setFormList(to reflect.Value, form url.Values, name string, s *smithy.Schema) (any, error) {
	prefix := name + "."
	item := element(s, reflect.Slice)
	if !flattened(s) {
		prefix += xmlName(item, "member") + "."
	}
	to.Set(reflect.MakeSlice(to.Type(), 0, 4)) // "Tags=" is an empty list, and not an absent one
	list := []any{}
	for _, n := range formIndices(form, prefix) {
		v := reflect.New(to.Type().Elem()).Elem()
		sent, err := setFormValue(v, form, prefix+strconv.Itoa(n), item)
		if err != nil {
			return nil, err
		}
		to.Set(reflect.Append(to, v))
		list = append(list, sent)
	}
	return list, nil
}

func setFormMap(to reflect.Value, form url.Values, name string, s *smithy.Schema) (any, error) {
	prefix := name + "."
	if !flattened(s) {
		prefix += "entry."
	}
	keyName, valueName := entryNames(s)
	to.Set(reflect.MakeMap(to.Type()))
	entries := map[string]any{}
	for _, n := range formIndices(form, prefix) {
		at := prefix + strconv.Itoa(n) + "."
		if s == nil && !hasForm(form, at+keyName) {
			keyName, valueName = "Name", "Value" // SNS's MessageAttributes, whose module has no schema that says so
		}
		value := reflect.New(to.Type().Elem()).Elem()
		sent, err := setFormValue(value, form, at+valueName, element(s, reflect.Map))
		if err != nil {
			return nil, err
		}
		key := form.Get(at + keyName)
		to.SetMapIndex(reflect.ValueOf(key).Convert(to.Type().Key()), value)
		entries[key] = sent
	}
	return entries, nil
}

// encodeQuery writes an output as XML: <XResponse><XResult>…</XResult><ResponseMetadata>… The result is there also when it
// is empty: the SDK looks for it where an operation's output could have members one day (UpdateRole), and not elsewhere.
func encodeQuery(api *API, op *operation, out reflect.Value, requestID string) []byte {
	var b strings.Builder
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, "<%sResponse xmlns=%q>", op.name, api.Namespace)
	fmt.Fprintf(&b, "<%sResult>", op.name)
	writeXML(&b, out, op.outSchema)
	fmt.Fprintf(&b, "</%sResult>", op.name)
	fmt.Fprintf(&b, "<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>", requestID, op.name)
	return []byte(b.String())
}

func writeXML(b *strings.Builder, v reflect.Value, s *smithy.Schema) {
	for _, f := range fieldsOf(v.Type(), s) {
		value := v.Field(f.index)
		if absent(value) {
			continue
		}
		name := xmlName(f.schema, f.wire)
		switch flat := flattened(f.schema); {
		case flat && value.Kind() == reflect.Slice:
			for i := range value.Len() {
				writeTyped(b, name, value.Index(i), element(f.schema, reflect.Slice))
			}
		case flat && value.Kind() == reflect.Map:
			writeEntries(b, name, value, f.schema)
		default:
			writeTyped(b, name, value, f.schema)
		}
	}
}

func writeElement(b *strings.Builder, name string, v reflect.Value) { writeTyped(b, name, v, nil) }

func writeTyped(b *strings.Builder, name string, v reflect.Value, s *smithy.Schema) {
	b.WriteString("<" + name + ">")
	writeXMLValue(b, v, s)
	b.WriteString("</" + name + ">")
}

// writeEntries writes a map, each entry as an element of the name.
func writeEntries(b *strings.Builder, name string, v reflect.Value, s *smithy.Schema) {
	keyName, valueName := entryNames(s)
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	for _, key := range keys {
		b.WriteString("<" + name + ">")
		writeElement(b, keyName, key)
		writeTyped(b, valueName, v.MapIndex(key), element(s, reflect.Map))
		b.WriteString("</" + name + ">")
	}
}

func writeXMLValue(b *strings.Builder, v reflect.Value, s *smithy.Schema) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch {
	case v.Type() == timeType:
		b.WriteString(isoTime(v.Interface().(time.Time)))
		return
	case v.Type() == bytesType:
		b.WriteString(base64.StdEncoding.EncodeToString(v.Bytes()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		writeXML(b, v, s)
	case reflect.Interface:
		if name, value, ok := unionMember(v); ok {
			writeElement(b, name, value)
		}
	case reflect.Slice:
		for i := range v.Len() {
			writeTyped(b, xmlName(element(s, reflect.Slice), "member"), v.Index(i), element(s, reflect.Slice))
		}
	case reflect.Map:
		writeEntries(b, "entry", v, s)
	case reflect.String:
		_ = xml.EscapeText(b, []byte(v.String())) // a strings.Builder takes everything
	default:
		fmt.Fprint(b, v.Interface())
	}
}

// writeQueryError writes an error of the Query protocol.
func writeQueryError(w http.ResponseWriter, api *API, e *Error, requestID string) {
	kind := "Sender"
	if e.Status >= 500 {
		kind = "Receiver"
	}
	var b strings.Builder
	b.WriteString("<ErrorResponse")
	if api.Namespace != "" {
		fmt.Fprintf(&b, " xmlns=%q", api.Namespace)
	}
	fmt.Fprintf(&b, "><Error><Type>%s</Type>", kind)
	writeElement(&b, "Code", reflect.ValueOf(e.Code))
	writeElement(&b, "Message", reflect.ValueOf(e.Message))
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		writeElement(&b, name, reflect.ValueOf(e.Fields[name]))
	}
	fmt.Fprintf(&b, "</Error><RequestId>%s</RequestId></ErrorResponse>", requestID)
	for name, value := range e.Headers {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(e.Status)
	_, _ = w.Write([]byte(b.String()))
}
