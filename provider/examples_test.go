package provider

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// TestEveryTypeHasItsExample holds examples/ to the schemas, in the places where the reference takes them from: each
// resource has resource.tf, and import.sh where it can be imported, each data source data-source.tf; and there is none of a
// type that does not exist. That each is valid is checked by make test (.ci/examples.sh).
func TestEveryTypeHasItsExample(t *testing.T) {
	ctx, p := context.Background(), New("test")()
	want := map[string][]string{"resources": nil, "data-sources": nil, "ephemeral-resources": nil}
	for _, create := range p.Resources(ctx) {
		r := create()
		var name resource.MetadataResponse
		r.Metadata(ctx, resource.MetadataRequest{ProviderTypeName: "lambdasim"}, &name)
		want["resources"] = append(want["resources"], name.TypeName+"/resource.tf")
		if _, ok := r.(resource.ResourceWithImportState); ok {
			want["resources"] = append(want["resources"], name.TypeName+"/import.sh")
		}
	}
	for _, create := range p.DataSources(ctx) {
		var name datasource.MetadataResponse
		create().Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: "lambdasim"}, &name)
		want["data-sources"] = append(want["data-sources"], name.TypeName+"/data-source.tf")
	}
	for _, create := range (&lambdasim{}).EphemeralResources(ctx) {
		var name ephemeral.MetadataResponse
		create().Metadata(ctx, ephemeral.MetadataRequest{ProviderTypeName: "lambdasim"}, &name)
		want["ephemeral-resources"] = append(want["ephemeral-resources"], name.TypeName+"/ephemeral-resource.tf")
	}
	for kind, files := range want {
		known := map[string]bool{}
		for _, file := range files {
			known[strings.Split(file, "/")[0]] = true
			if info, err := os.Stat("../examples/" + kind + "/" + file); err != nil || info.Size() == 0 {
				t.Errorf("examples/%s/%s is missing", kind, file)
			}
		}
		folders, err := os.ReadDir("../examples/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range folders {
			if !known[f.Name()] {
				t.Errorf("examples/%s/%s is of no type", kind, f.Name())
			}
		}
	}
}

// TestThePackageOfTheDropinExampleIsItsSource keeps the zip file that a module for AWS must have at its source.
func TestThePackageOfTheDropinExampleIsItsSource(t *testing.T) {
	const folder = "../examples/dropin/modules/orders/functions/"
	want, err := zipped(folder + "orders.py")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(folder+"orders.zip", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(folder + "orders.zip"); err != nil || !bytes.Equal(have, want) {
		t.Errorf("orders.zip is not orders.py, zipped (%v): run this test with -update", err)
	}
}
