package provider

import (
	"context"
	"fmt"
	"hash/crc32"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/policydoc"
)

type iamPolicyDocumentDataSource struct{}

func newIAMPolicyDocumentDataSource() datasource.DataSource { return &iamPolicyDocumentDataSource{} }

type policyDocumentModel struct {
	ID                      types.String           `tfsdk:"id"`
	JSON                    types.String           `tfsdk:"json"`
	MinifiedJSON            types.String           `tfsdk:"minified_json"`
	OverridePolicyDocuments []types.String         `tfsdk:"override_policy_documents"`
	PolicyID                types.String           `tfsdk:"policy_id"`
	SourcePolicyDocuments   []types.String         `tfsdk:"source_policy_documents"`
	Statement               []policyStatementModel `tfsdk:"statement"`
	Version                 types.String           `tfsdk:"version"`
}

type policyStatementModel struct {
	Actions       []string               `tfsdk:"actions"`
	Condition     []policyConditionModel `tfsdk:"condition"`
	Effect        types.String           `tfsdk:"effect"`
	NotActions    []string               `tfsdk:"not_actions"`
	NotPrincipals []policyPrincipalModel `tfsdk:"not_principals"`
	NotResources  []string               `tfsdk:"not_resources"`
	Principals    []policyPrincipalModel `tfsdk:"principals"`
	Resources     []string               `tfsdk:"resources"`
	SID           types.String           `tfsdk:"sid"`
}

type policyConditionModel struct {
	Test     string   `tfsdk:"test"`
	Values   []string `tfsdk:"values"`
	Variable string   `tfsdk:"variable"`
}

type policyPrincipalModel struct {
	Identifiers []string `tfsdk:"identifiers"`
	Type        string   `tfsdk:"type"`
}

// Metadata names the type.
func (d *iamPolicyDocumentDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_iam_policy_document"
}

// Schema describes the data source.
func (d *iamPolicyDocumentDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	set := func(description string) schema.SetAttribute {
		return schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: description}
	}
	principals := func(description string) schema.SetNestedBlock {
		return schema.SetNestedBlock{MarkdownDescription: description, NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"type":        schema.StringAttribute{Required: true, MarkdownDescription: "`AWS`, `Service`, `Federated`, `CanonicalUser` or `*`."},
			"identifiers": schema.SetAttribute{ElementType: types.StringType, Required: true, MarkdownDescription: "Who: ARNs, accounts, services or `*`."},
		}}}
	}
	list := func(description string) schema.ListAttribute {
		return schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: description, Validators: []validator.List{listvalidator.ValueStringsAre(jsonValidator{})}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Writes a policy document, byte for byte as the AWS provider does. It is computed here; nothing is called. `&{…}` becomes `${…}`, a variable of the policy language.",
		Attributes: map[string]schema.Attribute{
			"id":                        schema.StringAttribute{Computed: true, MarkdownDescription: "Hash of the document."},
			"json":                      schema.StringAttribute{Computed: true, MarkdownDescription: "The document."},
			"minified_json":             schema.StringAttribute{Computed: true, MarkdownDescription: "The document without white space."},
			"override_policy_documents": list("Documents whose statements replace those of the same sid, and are added otherwise."),
			"policy_id":                 schema.StringAttribute{Optional: true, MarkdownDescription: "Id of the document."},
			"source_policy_documents":   list("Documents whose statements come first; no sid may be there twice. A statement of the same sid here replaces theirs."),
			"version": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Version of the language; `2012-10-17` by default.",
				Validators: []validator.String{stringvalidator.OneOf("2008-10-17", "2012-10-17")}},
		},
		Blocks: map[string]schema.Block{"statement": schema.ListNestedBlock{MarkdownDescription: "A statement.", NestedObject: schema.NestedBlockObject{
			Attributes: map[string]schema.Attribute{
				"actions": set("Actions."), "not_actions": set("All actions but these."), "resources": set("ARNs."), "not_resources": set("All ARNs but these."),
				"effect": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "`Allow`, the default, or `Deny`.", Validators: []validator.String{stringvalidator.OneOf("Allow", "Deny")}},
				"sid": schema.StringAttribute{Optional: true, MarkdownDescription: "Id of the statement: letters and digits.",
					Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^[a-zA-Z0-9]*$`), "must only include alphanumeric characters")}},
			},
			Blocks: map[string]schema.Block{
				"principals": principals("Who."), "not_principals": principals("All but these."),
				"condition": schema.SetNestedBlock{MarkdownDescription: "A condition.", NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"test":     schema.StringAttribute{Required: true, MarkdownDescription: "Operator, for example `ArnLike`."},
					"variable": schema.StringAttribute{Required: true, MarkdownDescription: "Condition key, for example `aws:SourceArn`."},
					"values":   schema.ListAttribute{ElementType: types.StringType, Required: true, MarkdownDescription: "Values, of which one must match."},
				}}},
			},
		}}},
	}
}

// Read writes the document.
func (d *iamPolicyDocumentDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m policyDocumentModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.Version = types.StringValue(or(m.Version, "2012-10-17"))
	for i := range m.Statement {
		m.Statement[i].Effect = types.StringValue(or(m.Statement[i].Effect, "Allow"))
	}
	doc, err := m.document()
	if err != nil {
		resp.Diagnostics.AddError("Writing the policy document", "writing IAM Policy Document: "+err.Error())
		return
	}
	pretty, minified, err := doc.JSON()
	if err != nil {
		resp.Diagnostics.AddError("Writing the policy document", err.Error())
		return
	}
	m.JSON, m.MinifiedJSON = types.StringValue(pretty), types.StringValue(minified)
	m.ID = types.StringValue(fmt.Sprint(crc32.ChecksumIEEE([]byte(pretty))))
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// document is what the configuration describes, sources and overrides included.
func (m *policyDocumentModel) document() (*policydoc.Document, error) {
	own := &policydoc.Document{Version: m.Version.ValueString(), ID: m.PolicyID.ValueString()}
	for i := range m.Statement {
		s, err := m.Statement[i].statement(own.Version)
		if err != nil {
			return nil, err
		}
		own.Statement = append(own.Statement, s)
	}
	return policydoc.Compose(own, present(m.SourcePolicyDocuments), present(m.OverridePolicyDocuments))
}

// present are the texts of a list; a null, which a condition may leave there, is "".
func present(list []types.String) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.ValueString()
	}
	return out
}

func (m *policyStatementModel) statement(version string) (s *policydoc.Statement, err error) {
	s = &policydoc.Statement{SID: m.SID.ValueString(), Effect: m.Effect.ValueString(), Action: policydoc.Texts(m.Actions), NotAction: policydoc.Texts(m.NotActions)}
	read := func(what string, take func() error) {
		if wrong := take(); wrong != nil && err == nil {
			err = fmt.Errorf("reading %s: %w", what, wrong)
		}
	}
	read("resources", func() (err error) { s.Resource, err = policydoc.VariableTexts(version, m.Resources); return })
	read("not_resources", func() (err error) { s.NotResource, err = policydoc.VariableTexts(version, m.NotResources); return })
	read("principals", func() (err error) {
		s.Principal, err = policydoc.NewPrincipals(version, principalsOf(m.Principals))
		return
	})
	read("not_principals", func() (err error) {
		s.NotPrincipal, err = policydoc.NewPrincipals(version, principalsOf(m.NotPrincipals))
		return
	})
	read("condition", func() (err error) {
		var blocks []policydoc.Condition
		for _, c := range m.Condition {
			blocks = append(blocks, policydoc.Condition{Test: c.Test, Variable: c.Variable, Values: c.Values})
		}
		s.Condition, err = policydoc.NewConditions(version, blocks)
		return
	})
	return s, err
}

func principalsOf(blocks []policyPrincipalModel) (list []policydoc.Principal) {
	for _, p := range blocks {
		list = append(list, policydoc.Principal{Type: p.Type, Identifiers: p.Identifiers})
	}
	return list
}
