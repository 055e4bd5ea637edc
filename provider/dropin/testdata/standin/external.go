package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type external struct{}

type externalModel struct {
	ID         types.String `tfsdk:"id"`
	Program    types.List   `tfsdk:"program"`
	Query      types.Map    `tfsdk:"query"`
	Result     types.Map    `tfsdk:"result"`
	WorkingDir types.String `tfsdk:"working_dir"`
}

func (*external) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "external"
}

func (*external) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{"id": schema.StringAttribute{Computed: true}, "program": schema.ListAttribute{ElementType: types.StringType, Required: true},
		"query": schema.MapAttribute{ElementType: types.StringType, Optional: true}, "result": schema.MapAttribute{ElementType: types.StringType, Computed: true}, "working_dir": schema.StringAttribute{Optional: true}}}
}

func (*external) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m externalModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	var program []string
	query := map[string]*string{}
	resp.Diagnostics.Append(m.Program.ElementsAs(ctx, &program, false)...)
	resp.Diagnostics.Append(m.Query.ElementsAs(ctx, &query, false)...)
	for name, v := range query {
		if v == nil {
			delete(query, name) // the real one leaves out what is null
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	in, err := json.Marshal(query)
	if err != nil {
		resp.Diagnostics.AddError("external", err.Error())
		return
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = m.WorkingDir.ValueString(), bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		resp.Diagnostics.AddError("external", err.Error()+"\n"+stderr.String())
		return
	}
	result := map[string]string{}
	if err := json.Unmarshal(out, &result); err != nil {
		resp.Diagnostics.AddError("external", err.Error()+"\n"+string(out))
		return
	}
	m.ID = types.StringValue("-")
	value, diags := types.MapValueFrom(ctx, types.StringType, result)
	resp.Diagnostics.Append(diags...)
	m.Result = value
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
