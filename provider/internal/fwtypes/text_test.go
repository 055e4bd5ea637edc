package fwtypes_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

func TestDocumentsAreComparedByWhatTheyMean(t *testing.T) {
	for _, c := range []struct {
		x, y         string
		json, policy bool
	}{
		{`{"a": [1]}`, `{"a":1}`, true, false},
		{`{"a": 1}`, `{"a": 2}`, false, false},
		{`{"Statement":[{"Effect":"Allow","Action":["a:b","a:c"],"Resource":"*"}]}`, `{"Statement":{"Resource":"*","Effect":"Allow","Action":["a:c","a:b"]}}`, true, true},
		{`not JSON`, `not JSON`, true, true}, {``, ``, true, true}, {``, `{}`, false, true},
	} {
		json, _ := fwtypes.JSONValue(c.x).StringSemanticEquals(t.Context(), fwtypes.JSONValue(c.y))
		policy, _ := fwtypes.PolicyValue(c.x).StringSemanticEquals(t.Context(), fwtypes.PolicyValue(c.y))
		if json != c.json || policy != c.policy {
			t.Errorf("%s and %s: as JSON %v, as policies %v", c.x, c.y, json, policy)
		}
	}
}

// Modules give "" where they mean no document, as the AWS provider takes it.
func TestNothingIsADocumentAndGarbageIsNone(t *testing.T) {
	for text, fails := range map[string]bool{"": false, "{}": false, "{": true, "no": true} {
		var resp xattr.ValidateAttributeResponse
		fwtypes.JSONValue(text).ValidateAttribute(t.Context(), xattr.ValidateAttributeRequest{}, &resp)
		if resp.Diagnostics.HasError() != fails {
			t.Errorf("%q: %v", text, resp.Diagnostics)
		}
	}
}

func TestWhatAnAPIDoesNotShowStaysAsItWasWritten(t *testing.T) {
	null := fwtypes.JSON{StringValue: basetypes.NewStringNull()}
	for _, c := range []struct {
		was  fwtypes.JSON
		api  string
		want fwtypes.JSON
	}{
		{null, "", null}, {fwtypes.JSONValue(""), "", fwtypes.JSONValue("")}, {fwtypes.JSONValue("{}"), "", null}, {fwtypes.JSON{StringValue: basetypes.NewStringUnknown()}, "", null},
		{null, "{}", fwtypes.JSONValue("{}")}, {fwtypes.JSONValue(""), "{}", fwtypes.JSONValue("{}")},
	} {
		if got := c.was.Shown(c.api); !got.Equal(c.want) {
			t.Errorf("%s, and the API says %q: %s", c.was, c.api, got)
		}
	}
}
