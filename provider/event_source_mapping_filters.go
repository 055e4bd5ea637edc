package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/pattern"
	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

const (
	maxFilters = 5    // the quota of filters of a mapping
	maxPattern = 4096 // characters
)

// filterCriteriaType is the object of the block filter_criteria, and filterType that of filter in it.
var (
	filterType         = types.ObjectType{AttrTypes: map[string]attr.Type{"pattern": types.StringType}}
	filterCriteriaType = types.ObjectType{AttrTypes: map[string]attr.Type{"filter": types.SetType{ElemType: filterType}}}
)

// filterBlock is the block filter_criteria.
func filterBlock() schema.ListNestedBlock {
	return block("Which records reach the function: those that one of the filters matches. A queue's others are deleted, a stream's are passed over. Removing the block lets all through.", nil,
		map[string]schema.Block{"filter": schema.SetNestedBlock{MarkdownDescription: "A filter, at most 5.",
			Validators: []validator.Set{setvalidator.SizeAtMost(maxFilters)},
			NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{"pattern": schema.StringAttribute{Optional: true,
				MarkdownDescription: "An event pattern, JSON: `data` is a Kinesis record's data, `dynamodb` the change of an item, `body` a message's body. It is checked when it is planned.",
				Validators:          []validator.String{stringvalidator.LengthAtMost(maxPattern), patternValidator{}}}}}}})
}

// patternValidator refuses what is no pattern for the filters of a mapping.
type patternValidator struct{}

// Description says what is wanted.
func (patternValidator) Description(context.Context) string {
	return "want an event pattern for the filters of an event source mapping"
}

// MarkdownDescription says what is wanted.
func (v patternValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString compiles the pattern.
func (patternValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := pattern.Compile(req.ConfigValue.ValueString(), pattern.Mapping); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a pattern for a filter", "Lambda would refuse it with \"Invalid filter pattern definition.\": "+err.Error()+
			".\nA pattern is an object like {\"body\":{\"kind\":[\"paid\"]}}, whose leaves are lists of values and operators; jsonencode() makes one.")
	}
}

// patterns are the patterns of filter_criteria that are known; whole says that there are no others.
func (m *mappingModel) patterns() (list []string, whole bool) {
	whole = !m.FilterCriteria.IsUnknown()
	for _, criteria := range m.FilterCriteria.Elements() {
		object, _ := criteria.(types.Object)
		filters, _ := object.Attributes()["filter"].(types.Set)
		whole = whole && !filters.IsUnknown()
		for _, f := range filters.Elements() {
			object, _ := f.(types.Object)
			text, _ := object.Attributes()["pattern"].(types.String)
			if whole = whole && !text.IsUnknown(); !text.IsUnknown() {
				list = append(list, text.ValueString())
			}
		}
	}
	return list, whole
}

// filterCriteria is filter_criteria for a request; without filters it takes them away.
func (m *mappingModel) filterCriteria() *awstypes.FilterCriteria {
	list, _ := m.patterns()
	out := &awstypes.FilterCriteria{}
	for _, text := range list {
		out.Filters = append(out.Filters, awstypes.Filter{Pattern: aws.String(text)})
	}
	return out
}

// validateFilters refuses a filter without a pattern, and on a stream (key is data or dynamodb) one for the content as a whole.
func (m *mappingModel) validateFilters(key string, diags *diag.Diagnostics) {
	list, _ := m.patterns()
	for _, text := range list {
		compiled, err := pattern.Compile(text, pattern.Mapping)
		switch at := path.Root("filter_criteria"); {
		case text == "":
			diags.AddAttributeError(at, "A filter without a pattern", "Give it a pattern, or remove it.")
		case err == nil && key != "" && compiled.Shape(key) == pattern.Values:
			diags.AddAttributeError(at, "A stream's "+key+" is JSON", fmt.Sprintf("Lambda refuses a pattern for the value of %s itself: name fields within it, as in {%q:{\"kind\":[\"paid\"]}}.", key, key))
		}
	}
}

// sameFilters reports whether two mappings' filters mean the same, whatever their order and the form of their JSON.
func sameFilters(x, y []string) bool {
	return len(x) == len(y) && !slices.ContainsFunc(x, func(a string) bool {
		return !slices.ContainsFunc(y, func(b string) bool { return fwtypes.Same(a, b) })
	})
}

// readFilters takes the filters that the API says, where they mean something else than those that are there.
func (m *mappingModel) readFilters(c *mapping) {
	var said []string
	if c.FilterCriteria != nil {
		for _, f := range c.FilterCriteria.Filters {
			said = append(said, aws.ToString(f.Pattern))
		}
	}
	have, _ := m.patterns()
	switch {
	case m.FilterCriteria.IsNull() && len(said) == 0:
		m.FilterCriteria = types.ListNull(filterCriteriaType)
	case !m.FilterCriteria.IsNull() && sameFilters(have, said):
	case len(said) == 0:
		m.FilterCriteria = types.ListNull(filterCriteriaType)
	default:
		filters := make([]attr.Value, len(said))
		for i, text := range said {
			filters[i] = types.ObjectValueMust(filterType.AttrTypes, map[string]attr.Value{"pattern": types.StringValue(text)})
		}
		criteria := types.ObjectValueMust(filterCriteriaType.AttrTypes, map[string]attr.Value{"filter": types.SetValueMust(filterType, filters)})
		m.FilterCriteria = types.ListValueMust(filterCriteriaType, []attr.Value{criteria})
	}
}
