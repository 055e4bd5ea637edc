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
)

// decodeQuery fills an input from form parameters: Name=v, List.member.1=v, Map.entry.1.key=k, nested with dots.
func decodeQuery(form url.Values, in reflect.Value) error {
	return setForm(in, form, "")
}

func setForm(to reflect.Value, form url.Values, prefix string) error {
	for _, f := range fieldsOf(to.Type(), nil) {
		name := prefix + f.wire
		if !hasForm(form, name) {
			// Without a schema the case of the first letter is not known: STS's PolicyArns.member.1.arn.
			if name = prefix + strings.ToLower(f.wire[:1]) + f.wire[1:]; !hasForm(form, name) {
				continue
			}
		}
		if err := setFormValue(to.Field(f.index), form, name); err != nil {
			return err
		}
	}
	return nil
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

func setFormValue(to reflect.Value, form url.Values, name string) error {
	if to.Kind() == reflect.Pointer && to.Type().Elem() != timeType && to.Type().Elem().Kind() == reflect.Struct {
		to.Set(reflect.New(to.Type().Elem()))
		return setForm(to.Elem(), form, name+".")
	}
	switch {
	case to.Type() == bytesType:
		data, err := base64.StdEncoding.DecodeString(form.Get(name))
		if err != nil {
			return malformedInput(name, form.Get(name))
		}
		to.SetBytes(data)
		return nil
	case to.Kind() == reflect.Struct && to.Type() != timeType:
		return setForm(to, form, name+".")
	case to.Kind() == reflect.Interface:
		return setUnion(to, func(member string) bool { return hasForm(form, name+"."+member) },
			func(member string, value reflect.Value) error { return setFormValue(value, form, name+"."+member) })
	case to.Kind() == reflect.Slice:
		return setFormList(to, form, name+".member.")
	case to.Kind() == reflect.Map:
		return setFormMap(to, form, name+".entry.")
	}
	if setText(to, form.Get(name), name) != nil {
		return malformedInput(name, form.Get(name))
	}
	return nil
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

func setFormList(to reflect.Value, form url.Values, prefix string) error {
	to.Set(reflect.MakeSlice(to.Type(), 0, 4)) // "Tags=" is an empty list, and not an absent one
	for _, n := range formIndices(form, prefix) {
		item := reflect.New(to.Type().Elem()).Elem()
		if err := setFormValue(item, form, prefix+strconv.Itoa(n)); err != nil {
			return err
		}
		to.Set(reflect.Append(to, item))
	}
	return nil
}

func setFormMap(to reflect.Value, form url.Values, prefix string) error {
	to.Set(reflect.MakeMap(to.Type()))
	for _, n := range formIndices(form, prefix) {
		at := prefix + strconv.Itoa(n)
		value := reflect.New(to.Type().Elem()).Elem()
		if err := setFormValue(value, form, at+".value"); err != nil {
			return err
		}
		to.SetMapIndex(reflect.ValueOf(form.Get(at+".key")).Convert(to.Type().Key()), value)
	}
	return nil
}

// encodeQuery writes an output as XML: <XResponse><XResult>…</XResult><ResponseMetadata>… The result is there also when it
// is empty: the SDK looks for it where an operation's output could have members one day (UpdateRole), and not elsewhere.
func encodeQuery(api *API, op *operation, out reflect.Value, requestID string) []byte {
	var b strings.Builder
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, "<%sResponse xmlns=%q>", op.name, api.Namespace)
	fmt.Fprintf(&b, "<%sResult>", op.name)
	writeXML(&b, out)
	fmt.Fprintf(&b, "</%sResult>", op.name)
	fmt.Fprintf(&b, "<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>", requestID, op.name)
	return []byte(b.String())
}

func writeXML(b *strings.Builder, v reflect.Value) {
	for _, f := range fieldsOf(v.Type(), nil) {
		if value := v.Field(f.index); !absent(value) {
			writeElement(b, f.wire, value)
		}
	}
}

func writeElement(b *strings.Builder, name string, v reflect.Value) {
	b.WriteString("<" + name + ">")
	writeXMLValue(b, v)
	b.WriteString("</" + name + ">")
}

func writeXMLValue(b *strings.Builder, v reflect.Value) {
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
		writeXML(b, v)
	case reflect.Interface:
		if name, value, ok := unionMember(v); ok {
			writeElement(b, name, value)
		}
	case reflect.Slice:
		for i := range v.Len() {
			writeElement(b, "member", v.Index(i))
		}
	case reflect.Map:
		names := v.MapKeys()
		slices.SortFunc(names, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
		for _, name := range names {
			b.WriteString("<entry>")
			writeElement(b, "key", name)
			writeElement(b, "value", v.MapIndex(name))
			b.WriteString("</entry>")
		}
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
