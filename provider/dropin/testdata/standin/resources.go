package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// stays is a resource that only its creation and its deletion change.
type stays struct{}

func (stays) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}
func (stays) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
}
func (stays) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func id() schema.StringAttribute {
	return schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
}

func once(required bool) schema.StringAttribute {
	return schema.StringAttribute{Required: required, Optional: !required, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}}
}

type nullResource struct{ stays }

func (*nullResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "null_resource"
}

func (*nullResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{"id": id(),
		"triggers": schema.MapAttribute{ElementType: types.StringType, Optional: true, PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplace()}}}}
}

func (*nullResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), rand.Text())...)
}

type localFile struct{ stays }

func (*localFile) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "local_file"
}

func (*localFile) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{"id": id(), "content": once(true), "filename": once(true), "directory_permission": once(false), "file_permission": once(false)}}
}

func (*localFile) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var name, content string
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("filename"), &name)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("content"), &content)...)
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, []byte(content), 0o644)
	}
	if err != nil {
		resp.Diagnostics.AddError("local_file", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), name)...)
}

// Read forgets a file that is gone, as the real one does.
func (*localFile) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var name string
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("filename"), &name)...)
	if _, err := os.Stat(name); err != nil {
		resp.State.RemoveResource(ctx)
	}
}

func (*localFile) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var name string
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("filename"), &name)...)
	_ = os.Remove(name)
}

type pet struct{ stays }

func (*pet) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "random_pet"
}

func (*pet) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{"id": id(), "length": schema.Int64Attribute{Optional: true}, "prefix": once(false), "separator": once(false)}}
}

func (*pet) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), "pet-"+strings.ToLower(rand.Text()[:8]))...)
}
