// Command standin stands for helper providers of HashiCorp's registry in tests, which reach no registry: null, local, external
// and random, as far as modules that package functions use them. Which one it is it reads off its file name.
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

func main() {
	name, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-"), "_")
	err := providerserver.Serve(context.Background(), func() provider.Provider { return &standin{name} }, providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/" + name})
	if err != nil {
		log.Fatal(err)
	}
}

type standin struct{ name string }

func (s *standin) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = s.name
}

func (s *standin) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (s *standin) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (s *standin) Resources(context.Context) []func() resource.Resource {
	return map[string][]func() resource.Resource{
		"null":   {func() resource.Resource { return &nullResource{} }},
		"local":  {func() resource.Resource { return &localFile{} }},
		"random": {func() resource.Resource { return &pet{} }},
	}[s.name]
}

func (s *standin) DataSources(context.Context) []func() datasource.DataSource {
	if s.name != "external" {
		return nil
	}
	return []func() datasource.DataSource{func() datasource.DataSource { return &external{} }}
}
