package apigateway

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// restAPI is a REST API with its parts, as it is kept.
type restAPI struct {
	Account, Region string
	API             types.RestApi
	Resources       []types.Resource
	Stages          []types.Stage
}

// restDeployment is what a deployment of a REST API shows.
type restDeployment struct {
	Deployment types.Deployment
	Resources  []types.Resource
	Policy     string
	Binary     []string // media types
}

// REST is the first version of API Gateway for the wire.
func (a *API) REST() wire.Service {
	ops := map[string]wire.Operation{
		"CreateRestApi": operation(a.createREST, "POST", func(*sdk.CreateRestApiInput) string { return "/restapis" }),
		"GetRestApi":    operation(a.getREST, "GET", func(in *sdk.GetRestApiInput) string { return restPath(in.RestApiId) }),
		"GetRestApis":   operation(a.getRESTs, "GET", func(*sdk.GetRestApisInput) string { return "/restapis" }),
		"UpdateRestApi": operation(a.updateREST, "PATCH", func(in *sdk.UpdateRestApiInput) string { return restPath(in.RestApiId) }),
		"DeleteRestApi": operation(a.deleteREST, "DELETE", func(in *sdk.DeleteRestApiInput) string { return restPath(in.RestApiId) }),
		"TagResource":   operation(a.tagREST, "PUT", func(in *sdk.TagResourceInput) string { return tagsPath(in.ResourceArn) }),
		"UntagResource": operation(a.untagREST, "DELETE", func(in *sdk.UntagResourceInput) string { return tagsPath(in.ResourceArn) }),
		"GetTags":       operation(a.tagsOfREST, "GET", func(in *sdk.GetTagsInput) string { return tagsPath(in.ResourceArn) }),
	}
	a.addResources(ops)
	a.addMethods(ops)
	a.addRESTStages(ops)
	return wire.Service{API: wire.RESTAPIs(), Fault: toAWS, Operations: ops}
}

// restPath is the path of a REST API, or of a part of it.
func restPath(id *string, part ...*string) string {
	path := "/restapis/" + aws.ToString(id)
	for _, p := range part {
		path += "/" + aws.ToString(p)
	}
	return path
}

func (a *API) createREST(ctx context.Context, in *sdk.CreateRestApiInput) (*sdk.CreateRestApiOutput, error) {
	k := own(ctx, nil)
	k.ID = a.IDs.Of(alphabet, 10)
	root := a.IDs.Of(alphabet, 10)
	d := &restAPI{Account: k.Account, Region: k.Region, API: types.RestApi{Id: &k.ID, RootResourceId: &root, ApiKeySource: types.ApiKeySourceTypeHeader, Tags: map[string]string{},
		EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeEdge}, IpAddressType: types.IpAddressTypeIpv4}},
		Resources: []types.Resource{{Id: &root, Path: aws.String("/")}}}
	if in.EndpointConfiguration != nil && in.EndpointConfiguration.IpAddressType == "" {
		in.EndpointConfiguration.IpAddressType = types.IpAddressTypeIpv4
	}
	err := refuse("CreateRestApi", given{"CloneFrom", in.CloneFrom != nil}, given{"EndpointAccessMode", in.EndpointAccessMode != ""}, given{"SecurityPolicy", in.SecurityPolicy != ""})
	if err != nil {
		return nil, err
	}
	merge(&d.API, in)
	if err := d.check("CreateRestApi"); err != nil {
		return nil, err
	}
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		d.API.CreatedDate = at(tx.Now)
		return a.insert(ctx, tx, kindREST, k, d)
	})
	return as[sdk.CreateRestApiOutput](&d.API), err
}

// check checks what a REST API may be, and refuses by name what is not simulated.
func (d *restAPI) check(operation string) error {
	e := d.API.EndpointConfiguration
	err := refuse(operation, given{"MinimumCompressionSize", d.API.MinimumCompressionSize != nil}, given{"the API key source AUTHORIZER", d.API.ApiKeySource == types.ApiKeySourceTypeAuthorizer},
		given{"the endpoint type PRIVATE", len(e.Types) == 1 && e.Types[0] == types.EndpointTypePrivate}, given{"VpcEndpointIds", len(e.VpcEndpointIds) > 0})
	switch {
	case err != nil:
		return err
	case aws.ToString(d.API.Name) == "":
		return invalid("The API name cannot be empty")
	case len(e.Types) != 1:
		return invalid("An API has one endpoint type, not %d", len(e.Types))
	}
	if text := aws.ToString(d.API.Policy); text != "" {
		if _, err := policy.Parse([]byte(expand(text, d.key()))); err != nil {
			return invalid("Invalid policy document. Please check the policy syntax and ensure that Principals are valid.\n%v", err)
		}
	}
	return nil
}

func (d *restAPI) key() key { return key{d.Account, d.Region, *d.API.Id} }

// expand writes out the short form of resources in an API's policy: execute-api:/STAGE/METHOD/PATH is that of this API.
func expand(policy string, k key) string {
	return strings.ReplaceAll(policy, `"execute-api:/`, `"`+k.execution("")+"/")
}

func (a *API) getREST(ctx context.Context, in *sdk.GetRestApiInput) (*sdk.GetRestApiOutput, error) {
	d, err := load[restAPI](ctx, a.DB, kindREST, own(ctx, in.RestApiId), "")
	if err != nil {
		return nil, err
	}
	return as[sdk.GetRestApiOutput](&d.API), nil
}

func (a *API) getRESTs(ctx context.Context, in *sdk.GetRestApisInput) (*sdk.GetRestApisOutput, error) {
	all, err := list[restAPI](ctx, a.DB, kindREST, own(ctx, nil))
	if err != nil {
		return nil, err
	}
	part, next, err := page(all, in.Position, limit(in.Limit))
	if err != nil {
		return nil, err
	}
	out := &sdk.GetRestApisOutput{Items: []types.RestApi{}, Position: next}
	for _, d := range part {
		out.Items = append(out.Items, d.API)
	}
	return out, nil
}

// limit is how many entries of a list are answered: 25 where the call does not say, at most 500.
func limit(n *int32) int {
	if n == nil || *n <= 0 {
		return 25
	}
	return min(int(*n), 500)
}

// updateREST changes a REST API by patches.
func (a *API) updateREST(ctx context.Context, in *sdk.UpdateRestApiInput) (*sdk.UpdateRestApiOutput, error) {
	var out *sdk.UpdateRestApiOutput
	err := change(ctx, a, kindREST, own(ctx, in.RestApiId), func(_ context.Context, _ *postgres.Tx, d *restAPI) error {
		api := &d.API
		err := patch(in.PatchOperations, patches{
			"replace /name":                      func(_, v string) error { api.Name = &v; return nil },
			"replace /description":               func(_, v string) error { api.Description = &v; return nil },
			"replace /version":                   func(_, v string) error { api.Version = &v; return nil },
			"replace /policy":                    func(_, v string) error { api.Policy = &v; return nil },
			"replace /apiKeySource":              func(_, v string) error { api.ApiKeySource = types.ApiKeySourceType(v); return nil },
			"replace /disableExecuteApiEndpoint": func(_, v string) (err error) { api.DisableExecuteApiEndpoint, err = strconv.ParseBool(v); return err },
			"replace /endpointConfiguration/types/*": func(_, v string) error {
				api.EndpointConfiguration.Types = []types.EndpointType{types.EndpointType(v)}
				return nil
			},
			"add /binaryMediaTypes/*": func(name, _ string) error {
				api.BinaryMediaTypes = append(api.BinaryMediaTypes, name)
				return nil
			},
			"remove /binaryMediaTypes/*": func(name, _ string) error {
				api.BinaryMediaTypes = without(api.BinaryMediaTypes, name)
				return nil
			},
		})
		if err == nil {
			err = d.check("UpdateRestApi")
		}
		out = as[sdk.UpdateRestApiOutput](api)
		return err
	})
	return out, err
}

func without(list []string, name string) (kept []string) {
	for _, s := range list {
		if s != name {
			kept = append(kept, s)
		}
	}
	return kept
}

func (a *API) deleteREST(ctx context.Context, in *sdk.DeleteRestApiInput) (*sdk.DeleteRestApiOutput, error) {
	return nil, a.remove(ctx, kindREST, own(ctx, in.RestApiId))
}

// tagsAt are the tags of a REST API, or of a stage of it, for reading and writing.
func (d *restAPI) tagsAt(stage string) (*map[string]string, error) {
	tags := &d.API.Tags
	if stage != "" {
		i, err := d.stage(&stage)
		if err != nil {
			return nil, err
		}
		tags = &d.Stages[i].Tags
	}
	if *tags == nil {
		*tags = map[string]string{}
	}
	return tags, nil
}

func (a *API) retagREST(ctx context.Context, resource *string, f func(map[string]string)) error {
	id, stage, err := tagged(aws.ToString(resource), "restapis")
	if err != nil {
		return err
	}
	return change(ctx, a, kindREST, own(ctx, &id), func(_ context.Context, _ *postgres.Tx, d *restAPI) error {
		tags, err := d.tagsAt(stage)
		if err == nil {
			f(*tags)
		}
		return err
	})
}

func (a *API) tagREST(ctx context.Context, in *sdk.TagResourceInput) (*sdk.TagResourceOutput, error) {
	return nil, a.retagREST(ctx, in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
}

func (a *API) untagREST(ctx context.Context, in *sdk.UntagResourceInput) (*sdk.UntagResourceOutput, error) {
	return nil, a.retagREST(ctx, in.ResourceArn, func(tags map[string]string) {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
	})
}

func (a *API) tagsOfREST(ctx context.Context, in *sdk.GetTagsInput) (*sdk.GetTagsOutput, error) {
	id, stage, err := tagged(aws.ToString(in.ResourceArn), "restapis")
	if err != nil {
		return nil, err
	}
	d, err := load[restAPI](ctx, a.DB, kindREST, own(ctx, &id), "")
	if err != nil {
		return nil, err
	}
	tags, err := d.tagsAt(stage)
	if err != nil {
		return nil, err
	}
	return &sdk.GetTagsOutput{Tags: *tags}, nil
}
