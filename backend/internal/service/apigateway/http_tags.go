package apigateway

import (
	"context"
	"maps"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// tagsPath is the path of a resource's tags, as permissions name it.
func tagsPath(resource *string) string { return "/tags/" + url.PathEscape(aws.ToString(resource)) }

// tagged reads the ARN of an API or of a stage: arn:aws:apigateway:REGION::/apis/ID[/stages/NAME].
func tagged(resource, kind string) (id, stage string, err error) {
	parsed, err := arn.Parse(resource)
	parts := strings.Split(parsed.Resource, "/")
	switch {
	case err != nil || parsed.Service != "apigateway" || len(parts) < 3 || parts[1] != kind:
	case len(parts) == 3:
		return parts[2], "", nil
	case len(parts) == 5 && parts[3] == "stages":
		return parts[2], parts[4], nil
	}
	return "", "", invalid("Invalid resource ARN specified: %s", resource)
}

// tagsAt are the tags of an HTTP API, or of a stage of it, for reading and writing.
func (d *httpAPI) tagsAt(stage string) (*map[string]string, error) {
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

func (a *API) retagHTTP(ctx context.Context, resource *string, f func(map[string]string)) error {
	id, stage, err := tagged(aws.ToString(resource), "apis")
	if err != nil {
		return err
	}
	return change(ctx, a, kindHTTP, own(ctx, &id), func(_ context.Context, _ *postgres.Tx, d *httpAPI) error {
		tags, err := d.tagsAt(stage)
		if err == nil {
			f(*tags)
		}
		return err
	})
}

func (a *API) tagHTTP(ctx context.Context, in *apigatewayv2.TagResourceInput) (*apigatewayv2.TagResourceOutput, error) {
	return nil, a.retagHTTP(ctx, in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
}

func (a *API) untagHTTP(ctx context.Context, in *apigatewayv2.UntagResourceInput) (*apigatewayv2.UntagResourceOutput, error) {
	return nil, a.retagHTTP(ctx, in.ResourceArn, func(tags map[string]string) {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
	})
}

func (a *API) tagsOfHTTP(ctx context.Context, in *apigatewayv2.GetTagsInput) (*apigatewayv2.GetTagsOutput, error) {
	id, stage, err := tagged(aws.ToString(in.ResourceArn), "apis")
	if err != nil {
		return nil, err
	}
	d, err := load[httpAPI](ctx, a.DB, kindHTTP, own(ctx, &id), "")
	if err != nil {
		return nil, err
	}
	tags, err := d.tagsAt(stage)
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.GetTagsOutput{Tags: *tags}, nil
}

// Tags finds the tags of an API or of a stage, for aws:ResourceTag/…; none for other parts.
func (a *API) Tags(ctx context.Context, resource string) (map[string]string, error) {
	id, stage, err := tagged(resource, "apis")
	if err != nil {
		id, stage, err = tagged(resource, "restapis")
	}
	if err != nil {
		return nil, nil
	}
	s, err := a.find(ctx, id)
	if err != nil || s == nil {
		return nil, err
	}
	var tags *map[string]string
	if s.kind == kindREST {
		tags, err = s.rest.tagsAt(stage)
	} else {
		tags, err = s.http.tagsAt(stage)
	}
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return *tags, nil
}
