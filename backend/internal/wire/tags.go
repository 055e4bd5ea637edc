package wire

import (
	"reflect"
	"slices"
)

// tagMembers are the members of an input that pass tags, or the keys of tags: what aws:RequestTag/… and aws:TagKeys are
// filled from. nil: it has none.
type tagMembers struct{ tags, named int } // indexes of fields; -1 for none

var (
	tagNames = []string{"Tags", "UserPoolTags"}
	keyNames = []string{"TagKeys"}
)

// tagMembersOf finds them in an SDK input: Tags is a map of texts, or a list of structs with Key and Value; TagKeys a list of
// texts.
func tagMembersOf(in reflect.Type) *tagMembers {
	m := tagMembers{memberOf(in, tagNames, isTags), memberOf(in, keyNames, func(t reflect.Type) bool { return t == reflect.TypeFor[[]string]() })}
	if m.tags < 0 && m.named < 0 {
		return nil
	}
	return &m
}

func memberOf(in reflect.Type, names []string, is func(reflect.Type) bool) int {
	for _, name := range names {
		if f, ok := in.FieldByName(name); ok && len(f.Index) == 1 && is(f.Type) {
			return f.Index[0]
		}
	}
	return -1
}

func isTags(t reflect.Type) bool {
	if t == reflect.TypeFor[map[string]string]() {
		return true
	}
	if t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.Struct {
		return false
	}
	for _, name := range []string{"Key", "Value"} {
		if f, ok := t.Elem().FieldByName(name); !ok || f.Type != reflect.TypeFor[*string]() {
			return false
		}
	}
	return true
}

// read returns the condition keys for what the input passes; nil for nothing.
func (m *tagMembers) read(in any) map[string][]string {
	if m == nil {
		return nil
	}
	keys := map[string][]string{}
	v := reflect.ValueOf(in).Elem()
	var names []string
	if m.tags >= 0 {
		for k, value := range tagsIn(v.Field(m.tags)) {
			keys["aws:RequestTag/"+k] = []string{value}
			names = append(names, k)
		}
		slices.Sort(names)
	}
	if m.named >= 0 {
		names = append(names, v.Field(m.named).Interface().([]string)...)
	}
	if len(names) > 0 {
		keys["aws:TagKeys"] = names
	}
	return keys
}

func tagsIn(v reflect.Value) map[string]string {
	if tags, ok := v.Interface().(map[string]string); ok {
		return tags
	}
	tags := map[string]string{}
	for i := range v.Len() {
		k, value := v.Index(i).FieldByName("Key").Interface().(*string), v.Index(i).FieldByName("Value").Interface().(*string)
		if k == nil {
			continue
		}
		tags[*k] = ""
		if value != nil {
			tags[*k] = *value
		}
	}
	return tags
}

// Tagged reports whether an input passes tags: such a call needs the right to tag as well.
func Tagged(in any) bool {
	m := tagMembersOf(reflect.TypeOf(in).Elem())
	return m != nil && m.tags >= 0 && reflect.ValueOf(in).Elem().Field(m.tags).Len() > 0
}
