package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// looked is a data source that is read by one function: the counterpart of kept. What does not exist is an error.
type looked[M any] struct {
	dataSourceBase

	typ    string // after the provider's prefix
	noun   string // in messages: "the role"
	label  func(m *M) string
	schema func() schema.Schema
	read   func(ctx context.Context, c *Clients, m *M) error
}

// Metadata names the type.
func (l *looked[M]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName(req.ProviderTypeName, l.typ)
}

// Schema describes the type.
func (l *looked[M]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = l.schema()
}

// Read looks it up.
func (l *looked[M]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m M
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := l.read(ctx, l.clients, &m); err != nil {
		addError(&resp.Diagnostics, "Reading "+l.noun, l.label(&m), err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// shownText is an attribute that a data source shows.
func shownText(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func shownTags() schema.MapAttribute {
	return schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "Its tags."}
}

func shownTexts(description string) schema.SetAttribute {
	return schema.SetAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: description}
}

func givenTexts(required bool, description string) schema.SetAttribute {
	return schema.SetAttribute{ElementType: types.StringType, Required: required, Optional: !required, MarkdownDescription: description}
}

// allTags are a thing's tags but those that are to be ignored.
func allTags(c *Clients, all map[string]string) types.Map {
	b := resourceBase{clients: c}
	_, every := b.readTags(all, types.MapNull(types.StringType))
	return every
}
