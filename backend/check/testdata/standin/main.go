// Command standin is a provider with the schemas of the AWS provider and nothing behind them: what is computed is not known
// until apply. It makes the plans of this corpus (see README.md beside it).
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

//go:embed schemas.txt
var schemas string

// attribute is a line of schemas.txt: its path, type, mode and default.
type attribute struct{ path, kind, mode, fallback string }

type server struct {
	tfprotov6.ProviderServer
	resources, data map[string][]attribute
	region          string
}

func main() {
	s := &server{resources: map[string][]attribute{}, data: map[string][]attribute{}, region: "eu-central-1"}
	s.read()
	if err := tf6server.Serve("registry.terraform.io/hashicorp/aws", func() tfprotov6.ProviderServer { return s }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (s *server) read() {
	var into map[string][]attribute
	var name string
	for line := range strings.Lines(schemas) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "## "); ok {
			into, name = s.resources, rest
			if data, ok := strings.CutPrefix(rest, "data "); ok {
				into, name = s.data, data
			}
			into[name] = []attribute{{path: "id", kind: "string", mode: "C"}, {path: "region", kind: "string", mode: "OC"}}
			continue
		}
		text, _, _ := strings.Cut(line, "#")
		f := strings.Fields(text)
		if len(f) < 3 || into == nil {
			continue
		}
		a := attribute{path: f[0], kind: f[1], mode: f[2]}
		for _, more := range f[3:] {
			if d, ok := strings.CutPrefix(more, "="); ok {
				a.fallback = d
			}
		}
		if a.path != "region" && a.path != "id" {
			into[name] = append(into[name], a)
		}
	}
}

func typeOf(kind string) tftypes.Type {
	switch {
	case strings.HasPrefix(kind, "bool"):
		return tftypes.Bool
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "float"):
		return tftypes.Number
	case strings.HasPrefix(kind, "list("):
		return tftypes.List{ElementType: typeOf(kind[5:])}
	case strings.HasPrefix(kind, "set("):
		return tftypes.Set{ElementType: typeOf(kind[4:])}
	case strings.HasPrefix(kind, "map("):
		return tftypes.Map{ElementType: typeOf(kind[4:])}
	}
	return tftypes.String
}

// block builds the block at prefix.
func block(all []attribute, prefix string) *tfprotov6.SchemaBlock {
	b := &tfprotov6.SchemaBlock{}
	for _, a := range all {
		name, ok := strings.CutPrefix(a.path, prefix)
		if !ok || strings.Contains(name, ".") {
			continue
		}
		if strings.Contains(a.kind, "(block)") {
			nesting := tfprotov6.SchemaNestedBlockNestingModeList
			if strings.HasPrefix(a.kind, "set") {
				nesting = tfprotov6.SchemaNestedBlockNestingModeSet
			}
			b.BlockTypes = append(b.BlockTypes, &tfprotov6.SchemaNestedBlock{TypeName: name, Nesting: nesting, Block: block(all, a.path+".")})
			continue
		}
		b.Attributes = append(b.Attributes, &tfprotov6.SchemaAttribute{Name: name, Type: typeOf(a.kind),
			Required: a.mode == "R", Optional: strings.HasPrefix(a.mode, "O"), Computed: strings.HasSuffix(a.mode, "C") || a.fallback != ""})
	}
	return b
}

func schema(all []attribute) *tfprotov6.Schema { return &tfprotov6.Schema{Block: block(all, "")} }

func (s *server) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	r := &tfprotov6.GetMetadataResponse{ServerCapabilities: &tfprotov6.ServerCapabilities{}}
	for name := range s.resources {
		r.Resources = append(r.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	for name := range s.data {
		r.DataSources = append(r.DataSources, tfprotov6.DataSourceMetadata{TypeName: name})
	}
	return r, nil
}

func (s *server) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	r := &tfprotov6.GetProviderSchemaResponse{ServerCapabilities: &tfprotov6.ServerCapabilities{}, ResourceSchemas: map[string]*tfprotov6.Schema{},
		DataSourceSchemas: map[string]*tfprotov6.Schema{}, Provider: &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "region", Type: tftypes.String, Optional: true},
			{Name: "allowed_account_ids", Type: tftypes.Set{ElementType: tftypes.String}, Optional: true}}}}}
	for name, all := range s.resources {
		r.ResourceSchemas[name] = schema(all)
	}
	for name, all := range s.data {
		r.DataSourceSchemas[name] = schema(all)
	}
	return r, nil
}

func (s *server) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (s *server) ValidateProviderConfig(_ context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (s *server) ConfigureProvider(_ context.Context, r *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	v, err := r.Config.Unmarshal(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"region": tftypes.String, "allowed_account_ids": tftypes.Set{ElementType: tftypes.String}}})
	if err != nil {
		return nil, err
	}
	if region := plain(v).(map[string]any)["region"]; region != nil {
		s.region = region.(string)
	}
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (s *server) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (s *server) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (s *server) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

// where is an attribute's path in schemas.txt.
func where(p *tftypes.AttributePath) string {
	var names []string
	for _, step := range p.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, ".")
}

// PlanResourceChange leaves what is computed unknown, and gives the defaults.
func (s *server) PlanResourceChange(_ context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	t := schema(s.resources[r.TypeName]).ValueType()
	v, err := r.ProposedNewState.Unmarshal(t)
	if err != nil {
		return nil, err
	}
	prior, err := r.PriorState.Unmarshal(t)
	if err != nil {
		return nil, err
	}
	if !v.IsNull() {
		v, err = tftypes.Transform(v, func(p *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
			i := slices.IndexFunc(s.resources[r.TypeName], func(a attribute) bool { return a.path == where(p) })
			if i < 0 || !v.IsNull() {
				return v, nil
			}
			computed := s.planned(s.resources[r.TypeName][i], v.Type())
			if !prior.IsNull() && !computed.IsKnown() {
				return v, nil // it was computed when the resource was made
			}
			return computed, nil
		})
		if err != nil {
			return nil, err
		}
	}
	d, err := tfprotov6.NewDynamicValue(t, v)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: &d}, err
}

func (s *server) planned(a attribute, t tftypes.Type) tftypes.Value {
	switch {
	case a.path == "region":
		return tftypes.NewValue(t, s.region)
	case a.fallback != "":
		if b, err := strconv.ParseBool(a.fallback); err == nil && t.Is(tftypes.Bool) {
			return tftypes.NewValue(t, b)
		}
		if n, err := strconv.ParseInt(a.fallback, 10, 64); err == nil && t.Is(tftypes.Number) {
			return tftypes.NewValue(t, n)
		}
		if t.Is(tftypes.String) {
			return tftypes.NewValue(t, strings.Trim(a.fallback, `"`))
		}
		return tftypes.NewValue(t, nil)
	case strings.HasSuffix(a.mode, "C"):
		return tftypes.NewValue(t, tftypes.UnknownValue)
	}
	return tftypes.NewValue(t, nil)
}

// plain is a known value as JSON has it.
func plain(v tftypes.Value) any {
	switch {
	case v.IsNull() || !v.IsKnown():
		return nil
	case v.Type().Is(tftypes.String):
		var s string
		_ = v.As(&s)
		return s
	case v.Type().Is(tftypes.Object{}), v.Type().Is(tftypes.Map{}):
		m, out := map[string]tftypes.Value{}, map[string]any{}
		_ = v.As(&m)
		for k, e := range m {
			out[k] = plain(e)
		}
		return out
	case v.Type().Is(tftypes.List{}), v.Type().Is(tftypes.Set{}):
		var l []tftypes.Value
		_ = v.As(&l)
		out := []any{}
		for _, e := range l {
			out = append(out, plain(e))
		}
		return out
	}
	return nil
}

// ReadDataSource renders policy documents, and answers for an account 123456789012.
func (s *server) ReadDataSource(_ context.Context, r *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	t := schema(s.data[r.TypeName]).ValueType()
	v, err := r.Config.Unmarshal(t)
	if err != nil {
		return nil, err
	}
	made := map[string]string{"account_id": "123456789012", "partition": "aws", "dns_suffix": "amazonaws.com", "name": s.region, "region": s.region, "id": "-",
		"arn": "arn:aws:iam::123456789012:user/somebody"}
	if r.TypeName == "aws_iam_policy_document" {
		made["json"] = document(plain(v).(map[string]any))
	}
	if in := plain(v).(map[string]any); r.TypeName == "aws_iam_role" {
		made["arn"] = "arn:aws:iam::123456789012:role/" + in["name"].(string)
		made["assume_role_policy"] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	}
	v, err = tftypes.Transform(v, func(p *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if text, ok := made[where(p)]; ok && v.IsNull() {
			return tftypes.NewValue(v.Type(), text), nil
		}
		return v, nil
	})
	if err != nil {
		return nil, err
	}
	d, err := tfprotov6.NewDynamicValue(t, v)
	return &tfprotov6.ReadDataSourceResponse{State: &d}, err
}

// document is the JSON of a policy document: those that it includes, its own statements, and those that take the place of one
// with their Sid.
func document(in map[string]any) string {
	list := included(in["source_policy_documents"])
	for _, raw := range in["statement"].([]any) {
		s := raw.(map[string]any)
		out := map[string]any{"Effect": "Allow"}
		for from, to := range map[string]string{"sid": "Sid", "effect": "Effect", "actions": "Action", "resources": "Resource"} {
			if s[from] != nil {
				out[to] = s[from]
			}
		}
		for _, p := range s["principals"].([]any) {
			m := p.(map[string]any)
			out["Principal"] = map[string]any{m["type"].(string): m["identifiers"]}
		}
		for _, c := range s["condition"].([]any) {
			m := c.(map[string]any)
			out["Condition"] = map[string]any{m["test"].(string): map[string]any{m["variable"].(string): m["values"]}}
		}
		list = append(list, out)
	}
	for _, over := range included(in["override_policy_documents"]) {
		sid := over.(map[string]any)["Sid"]
		at := slices.IndexFunc(list, func(have any) bool { return sid != nil && have.(map[string]any)["Sid"] == sid })
		if at >= 0 {
			list[at] = over
		} else {
			list = append(list, over)
		}
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": list})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// included are the statements of a list of documents.
func included(texts any) []any {
	var list []any
	each, _ := texts.([]any)
	for _, text := range each {
		var d struct{ Statement []any }
		if err := json.Unmarshal([]byte(text.(string)), &d); err != nil {
			panic(err)
		}
		list = append(list, d.Statement...)
	}
	return list
}
