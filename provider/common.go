package provider

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What resources of several types have in common: id, region, tags, and the refusal of arguments.

func idAttribute(what string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: what, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
}

// regionAttribute is region: the provider's where none is given; a change replaces the resource.
func regionAttribute() schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the resource; the provider's by default. A change replaces the resource.",
		PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIfConfigured(), stringplanmodifier.UseStateForUnknown()}}
}

func tagsAttribute() schema.MapAttribute {
	return schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Tags. They are stored, and count in policies that ask for them."}
}

func tagsAllAttribute() schema.MapAttribute {
	return schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "The tags together with the provider's `default_tags`."}
}

// planRegion writes the provider's region into the plan where the configuration has none. It reports the region, "" when it
// is not known yet.
func (b *resourceBase) planRegion(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) string {
	var configured, planned types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("region"), &configured)...)
	resp.Diagnostics.Append(resp.Plan.GetAttribute(ctx, path.Root("region"), &planned)...)
	if configured.IsUnknown() {
		return ""
	}
	if configured.IsNull() && (planned.IsUnknown() || planned.IsNull()) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("region"), b.clients.Region)...)
		return b.clients.Region
	}
	return planned.ValueString()
}

// planTags writes tags_all: the provider's default tags and the resource's own.
func (b *resourceBase) planTags(ctx context.Context, resp *resource.ModifyPlanResponse) {
	var tags types.Map
	resp.Diagnostics.Append(resp.Plan.GetAttribute(ctx, path.Root("tags"), &tags)...)
	if tags.IsUnknown() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("tags_all"), types.MapUnknown(types.StringType))...)
		return
	}
	if b.clients.TagsUnknown {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("tags_all"), types.MapUnknown(types.StringType))...)
		return
	}
	all := maps.Clone(b.clients.DefaultTags)
	if all == nil {
		all = map[string]string{}
	}
	for name, v := range tags.Elements() {
		s, ok := v.(types.String)
		if !ok || s.IsUnknown() {
			resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("tags_all"), types.MapUnknown(types.StringType))...)
			return
		}
		all[name] = s.ValueString()
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("tags_all"), all)...)
}

// tagsOf is a map attribute as a Go map.
func tagsOf(ctx context.Context, m types.Map, diags *diag.Diagnostics) map[string]string {
	out := map[string]string{}
	if !m.IsNull() && !m.IsUnknown() {
		diags.Append(m.ElementsAs(ctx, &out, false)...)
	}
	return out
}

// readTags sorts what the API has into tags and tags_all: a default tag that the resource does not set itself is not one of
// its own. Without any tag, tags stays as it was (null or empty).
func (b *resourceBase) readTags(all map[string]string, was types.Map) (tags, tagsAll types.Map) {
	own := map[string]attr.Value{}
	every := map[string]attr.Value{}
	for k, v := range all {
		if b.clients.IgnoreTags.ignores(k) {
			continue
		}
		every[k] = types.StringValue(v)
		_, given := was.Elements()[k]
		if d, isDefault := b.clients.DefaultTags[k]; !isDefault || d != v || given {
			own[k] = types.StringValue(v)
		}
	}
	tagsAll = types.MapValueMust(types.StringType, every)
	if len(own) == 0 && (was.IsNull() || len(was.Elements()) == 0) {
		if was.IsNull() || was.IsUnknown() {
			return types.MapNull(types.StringType), tagsAll
		}
		return was, tagsAll
	}
	return types.MapValueMust(types.StringType, own), tagsAll
}

// refused is an argument on which the simulator does not act.
type refused struct {
	name    string
	allowed []attr.Value // besides null, false, "" and empty collections: its default
}

// refuse reports every refused argument that the configuration gives. What is not known yet is asked again once it is: for
// a plan, or at the latest before it is applied. A dynamic block of a resource whose instances are not known yet is a block
// of which nothing is known.
func refuse(ctx context.Context, config tfsdk.Config, list []refused, diags *diag.Diagnostics) {
	for _, r := range list {
		var v attr.Value
		diags.Append(config.GetAttribute(ctx, path.Root(r.name), &v)...)
		if v == nil || !saysSomething(v, false) || slices.ContainsFunc(r.allowed, v.Equal) {
			continue
		}
		summary, detail := refusal(r.name)
		diags.AddAttributeError(path.Root(r.name), summary, detail)
	}
}

// blankValue reports whether a value says nothing: null, false, "", an empty collection, or blocks that say nothing. What is
// not known may say something.
func blankValue(v attr.Value) bool { return !saysSomething(v, true) }

// saysSomething is the opposite of blankValue; unknown is the answer for what is not known.
func saysSomething(v attr.Value, unknown bool) bool {
	some := func(list []attr.Value) bool {
		return slices.ContainsFunc(list, func(one attr.Value) bool { return saysSomething(one, unknown) })
	}
	switch {
	case v.IsNull():
		return false
	case v.IsUnknown():
		return unknown
	}
	switch x := v.(type) {
	case types.Bool:
		return x.ValueBool()
	case types.String:
		return x.ValueString() != ""
	case types.List:
		return some(x.Elements())
	case types.Set:
		return some(x.Elements())
	case types.Map:
		return len(x.Elements()) > 0
	case types.Object:
		return some(slices.Collect(maps.Values(x.Attributes())))
	}
	return true
}

// given is a text for a request: absent where the configuration has none, or "".
func given(v types.String) *string {
	if v.ValueString() == "" {
		return nil
	}
	return v.ValueStringPointer()
}

// regionSuffix is how an import id names a region: NAME@REGION.
var regionSuffix = regexp.MustCompile(`^(.+)@([a-z]{2}(?:-[a-z]+)+-\d)$`)

// cutRegion takes "@REGION" off an import id, and writes it to the state.
func cutRegion(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) resource.ImportStateRequest {
	if m := regionSuffix.FindStringSubmatch(req.ID); m != nil {
		req.ID = m[1]
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("region"), m[2])...)
	}
	return req
}

// optionalString is null where the API has "" and nothing was configured.
func optionalString(api *string, was types.String) types.String {
	if (api == nil || *api == "") && (was.IsNull() || was.IsUnknown()) {
		return types.StringNull()
	}
	if api == nil {
		return types.StringValue("")
	}
	return types.StringValue(*api)
}
