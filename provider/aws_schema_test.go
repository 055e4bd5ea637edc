package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// TestSchemasAreThoseOfTheirAWSCounterparts holds every resource and data source to the AWS provider's rows: nested ones
// too, each with its type, mode, default and whether a change replaces. What differs is in the list of differences, with
// its reason; a difference that is no longer there must leave the list.
func TestSchemasAreThoseOfTheirAWSCounterparts(t *testing.T) {
	all, strange := awsRows()
	compared := 0
	for _, line := range strange {
		t.Errorf("testdata/aws_schemas.txt: %q is not a row", line)
	}
	unused := maps.Clone(differences)
	for name, ours := range schemaRows(t) {
		rows, known := all[name]
		if !known {
			if _, listed := unused[name]; !listed {
				t.Errorf("%s is neither in testdata/aws_schemas.txt nor in the list of differences", name)
			}
			delete(unused, name)
			continue
		}
		for _, difference := range compare(rows, ours) {
			key := name + "." + difference
			if _, listed := unused[key]; !listed {
				t.Errorf("%s", key)
			}
			delete(unused, key)
		}
		compared += len(rows)
	}
	for _, key := range slices.Sorted(maps.Keys(unused)) {
		t.Errorf("the list of differences has %q, and there is no such difference", key)
	}
	if compared < 380 {
		t.Errorf("only %d rows were compared", compared)
	}
}

// compare lists what differs, one line each: the path and what it is about.
func compare(theirs, ours map[string]row) (list []string) {
	for path, want := range theirs {
		have, ok := ours[path]
		switch {
		case !ok && absentParent(path, ours):
		case !ok:
			list = append(list, path+" absent")
		default:
			list = append(list, compareRow(path, want, have)...)
		}
	}
	for path, have := range ours {
		if have.sensitive {
			list = append(list, path+" sensitive")
		}
		if _, ok := theirs[path]; !ok && path != "id" && path != "region" && path != "timeouts" && !strings.HasPrefix(path, "timeouts.") {
			list = append(list, path+" added")
		}
	}
	slices.Sort(list)
	return list
}

// absentParent reports whether the block of a path is not there: then the block alone is reported.
func absentParent(path string, ours map[string]row) bool {
	i := strings.LastIndex(path, ".")
	if i < 0 {
		return false
	}
	_, ok := ours[path[:i]]
	return !ok
}

func compareRow(path string, want, have row) (list []string) {
	note := func(what, is string) { list = append(list, fmt.Sprintf("%s %s %s", path, what, is)) }
	if have.kind != strings.TrimSuffix(want.kind, "(JSON)") {
		note("is a", have.kind)
	}
	// The plugin framework makes an argument with a default computed; the mode of a computed block's members is unknown to it.
	byDefault := want.mode == "O" && have.mode == "OC" && want.def != "" && have.def == want.def
	if have.mode != "" && have.mode != want.mode && !byDefault {
		note("is", have.mode)
	}
	if have.mode != "" && have.replaces != want.replaces {
		note("replaces", fmt.Sprint(have.replaces))
	}
	if have.mode != "" && have.def != want.def {
		note("defaults to", fmt.Sprintf("%q", have.def))
	}
	return list
}

// schemaRows are our own schemas in the same form, by the AWS names of the types.
func schemaRows(t *testing.T) map[string]map[string]row {
	t.Helper()
	ctx, p, out := context.Background(), New("test")(), map[string]map[string]row{}
	for _, create := range p.Resources(ctx) {
		r := create()
		var name resource.MetadataResponse
		var s resource.SchemaResponse
		r.Metadata(ctx, resource.MetadataRequest{ProviderTypeName: awsType}, &name)
		r.Schema(ctx, resource.SchemaRequest{}, &s)
		rows := map[string]row{}
		resourceRows("", s.Schema.Attributes, s.Schema.Blocks, rows)
		out[name.TypeName] = rows
	}
	for _, create := range p.DataSources(ctx) {
		d := create()
		var name datasource.MetadataResponse
		var s datasource.SchemaResponse
		d.Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: awsType}, &name)
		d.Schema(ctx, datasource.SchemaRequest{}, &s)
		rows := map[string]row{}
		dataSourceRows("", s.Schema.Attributes, s.Schema.Blocks, rows)
		out["data "+name.TypeName] = rows
	}
	return out
}
