package apigateway

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// addResources adds the operations of resources.
func (a *API) addResources(ops map[string]wire.Operation) {
	part := func(api, resource *string) string { return restPath(api, aws.String("resources"), resource) }
	ops["CreateResource"] = operation(a.createResource, "POST", func(in *sdk.CreateResourceInput) string { return part(in.RestApiId, in.ParentId) })
	ops["GetResources"] = operation(a.getResources, "GET", func(in *sdk.GetResourcesInput) string { return restPath(in.RestApiId, aws.String("resources")) })
	ops["GetResource"] = operation(a.getResource, "GET", func(in *sdk.GetResourceInput) string { return part(in.RestApiId, in.ResourceId) })
	ops["UpdateResource"] = operation(a.updateResource, "PATCH", func(in *sdk.UpdateResourceInput) string { return part(in.RestApiId, in.ResourceId) })
	ops["DeleteResource"] = operation(a.deleteResource, "DELETE", func(in *sdk.DeleteResourceInput) string { return part(in.RestApiId, in.ResourceId) })
}

// partForm is a segment of a resource's path.
var partForm = regexp.MustCompile(`^([a-zA-Z0-9._:$-]+|\{[a-zA-Z0-9._:-]+\+?\})$`)

func (d *restAPI) resource(id *string) (*types.Resource, error) {
	for i := range d.Resources {
		if *d.Resources[i].Id == aws.ToString(id) {
			return &d.Resources[i], nil
		}
	}
	return nil, notFound("Invalid Resource identifier specified")
}

// place puts a resource below another, under a segment.
func (d *restAPI) place(r *types.Resource, parent *string, part string) error {
	above, err := d.resource(parent)
	if err != nil {
		return err
	}
	if !partForm.MatchString(part) {
		return invalid("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.")
	}
	if strings.HasSuffix(*above.Path, "+}") {
		return invalid("Cannot create a child of a resource with a greedy path variable: %s", aws.ToString(above.PathPart))
	}
	for _, other := range d.Resources {
		if aws.ToString(other.ParentId) != *above.Id || r.Id == other.Id {
			continue
		}
		if *other.PathPart == part {
			return conflict("Another resource with the same parent already has this name: %s", part)
		}
		if variable := func(s string) bool { return strings.HasPrefix(s, "{") && !strings.HasSuffix(s, "+}") }; variable(*other.PathPart) && variable(part) {
			return invalid("A sibling (%s) of this resource already has a variable path part -- only one is allowed", *other.PathPart)
		}
	}
	r.ParentId, r.PathPart = parent, &part
	r.Path = aws.String(strings.TrimSuffix(*above.Path, "/") + "/" + part)
	return nil
}

func (a *API) createResource(ctx context.Context, in *sdk.CreateResourceInput) (*sdk.CreateResourceOutput, error) {
	r := types.Resource{Id: aws.String(a.IDs.Of(alphabet, 6))}
	err := change(ctx, a, kindREST, own(ctx, in.RestApiId), func(_ context.Context, _ *postgres.Tx, d *restAPI) error {
		if err := d.place(&r, in.ParentId, *in.PathPart); err != nil {
			return err
		}
		d.Resources = append(d.Resources, r)
		return nil
	})
	return as[sdk.CreateResourceOutput](&r), err
}

func (a *API) getResource(ctx context.Context, in *sdk.GetResourceInput) (*sdk.GetResourceOutput, error) {
	d, err := load[restAPI](ctx, a.DB, kindREST, own(ctx, in.RestApiId), "")
	if err != nil {
		return nil, err
	}
	r, err := d.resource(in.ResourceId)
	if err != nil {
		return nil, err
	}
	return as[sdk.GetResourceOutput](shownResource(*r, in.Embed)), nil
}

// shownResource is a resource as it is answered: its methods by name alone, unless the call embeds them.
func shownResource(r types.Resource, embed []string) *types.Resource {
	if slices.Contains(embed, "methods") || len(r.ResourceMethods) == 0 {
		return &r
	}
	names := map[string]types.Method{}
	for name := range r.ResourceMethods {
		names[name] = types.Method{}
	}
	r.ResourceMethods = names
	return &r
}

func (a *API) getResources(ctx context.Context, in *sdk.GetResourcesInput) (*sdk.GetResourcesOutput, error) {
	d, err := load[restAPI](ctx, a.DB, kindREST, own(ctx, in.RestApiId), "")
	if err != nil {
		return nil, err
	}
	part, next, err := page(d.Resources, in.Position, limit(in.Limit))
	if err != nil {
		return nil, err
	}
	out := &sdk.GetResourcesOutput{Items: []types.Resource{}, Position: next}
	for _, r := range part {
		out.Items = append(out.Items, *shownResource(r, in.Embed))
	}
	return out, nil
}

// updateResource moves a resource, with what is below it.
func (a *API) updateResource(ctx context.Context, in *sdk.UpdateResourceInput) (*sdk.UpdateResourceOutput, error) {
	var out *sdk.UpdateResourceOutput
	err := change(ctx, a, kindREST, own(ctx, in.RestApiId), func(_ context.Context, _ *postgres.Tx, d *restAPI) error {
		r, err := d.resource(in.ResourceId)
		if err != nil {
			return err
		}
		if r.ParentId == nil {
			return invalid("The root resource of an API cannot be updated")
		}
		err = patch(in.PatchOperations, patches{
			"replace /pathPart": func(_, v string) error { return d.place(r, r.ParentId, v) },
			"replace /parentId": func(_, v string) error {
				if above, err := d.resource(&v); err == nil && (*above.Path == *r.Path || strings.HasPrefix(*above.Path, *r.Path+"/")) {
					return invalid("A resource cannot be moved below itself")
				}
				return d.place(r, &v, *r.PathPart)
			},
		})
		d.repath(r)
		out = as[sdk.UpdateResourceOutput](shownResource(*r, nil))
		return err
	})
	return out, err
}

// repath gives what is below a resource its path anew.
func (d *restAPI) repath(above *types.Resource) {
	for i := range d.Resources {
		if r := &d.Resources[i]; r.ParentId != nil && *r.ParentId == *above.Id {
			r.Path = aws.String(strings.TrimSuffix(*above.Path, "/") + "/" + *r.PathPart)
			d.repath(r)
		}
	}
}

// deleteResource deletes a resource with what is below it.
func (a *API) deleteResource(ctx context.Context, in *sdk.DeleteResourceInput) (*sdk.DeleteResourceOutput, error) {
	return nil, change(ctx, a, kindREST, own(ctx, in.RestApiId), func(_ context.Context, _ *postgres.Tx, d *restAPI) error {
		gone, err := d.resource(in.ResourceId)
		if err != nil {
			return err
		}
		if gone.ParentId == nil {
			return invalid("The root resource of an API cannot be deleted")
		}
		path := *gone.Path
		d.Resources = slices.DeleteFunc(d.Resources, func(r types.Resource) bool { return *r.Path == path || strings.HasPrefix(*r.Path, path+"/") })
		return nil
	})
}
