package lambda

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// taggableForm is the ARN of what can have tags (recorded 2025-11).
var taggableForm = member(`arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?`+
	`|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`+
	`|capacity-provider:[a-zA-Z0-9-_]+)`, 0)

// taggedFunction reads the ARN of a tag operation, whose form has been checked, and which must be that of a function of the caller's account.
func taggedFunction(ctx context.Context, resource string) (function.Key, error) {
	if strings.Contains(resource, ":capacity-provider:") { // there are none
		return function.Key{}, wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", "Capacity provider not found: %s", resource)
	}
	if !strings.Contains(resource, ":function:") {
		return function.Key{}, invalid("lambdasim does not simulate the tags of %s yet, only those of functions and event source mappings", resource)
	}
	k, ref, err := own(ctx, &resource, nil)
	if err == nil && ref.Qualifier != "" {
		err = invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	return k, err
}

func (a *API) listTags(ctx context.Context, in *lambda.ListTagsInput) (*lambda.ListTagsOutput, error) {
	if err := wire.Validation(taggableForm.check("resource", in.Resource)...); err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	if uuid, ok := mappingUUID(call, *in.Resource); ok {
		m, err := a.Poller.Get(call.Account, call.Region, uuid)
		if err != nil {
			return nil, noMapping(*in.Resource, err)
		}
		return &lambda.ListTagsOutput{Tags: m.Tags}, nil
	}
	k, err := taggedFunction(ctx, *in.Resource)
	if err != nil {
		return nil, err
	}
	_, tags, err := a.Functions.Get(ctx, k)
	return &lambda.ListTagsOutput{Tags: tags}, err
}

// setTags changes the tags of a function or a mapping.
func (a *API) setTags(ctx context.Context, resource string, change func(map[string]string) error) error {
	if err := wire.Validation(taggableForm.check("resource", &resource)...); err != nil {
		return err
	}
	call := wire.CallFrom(ctx)
	if uuid, ok := mappingUUID(call, resource); ok {
		return a.setMappingTags(ctx, call, resource, uuid, change)
	}
	k, err := taggedFunction(ctx, resource)
	if err != nil {
		return err
	}
	return a.Functions.SetTags(ctx, k, change)
}

func (a *API) tagResource(ctx context.Context, in *lambda.TagResourceInput) (*lambda.TagResourceOutput, error) {
	if len(in.Tags) == 0 {
		return nil, invalid("An error occurred and the request cannot be processed.")
	}
	return &lambda.TagResourceOutput{}, a.setTags(ctx, *in.Resource, func(tags map[string]string) error {
		maps.Copy(tags, in.Tags)
		if len(tags) > maxTags {
			return invalid("Number of tags exceeds resource tag limit.")
		}
		return nil
	})
}

func (a *API) untagResource(ctx context.Context, in *lambda.UntagResourceInput) (*lambda.UntagResourceOutput, error) {
	return &lambda.UntagResourceOutput{}, a.setTags(ctx, *in.Resource, func(tags map[string]string) error {
		maps.DeleteFunc(tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
		return nil
	})
}
