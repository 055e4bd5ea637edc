package apigateway

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
)

// Mappings lists the functions that the stages of APIs call, of an account ("" for all). A route of any method is shown as
// calling with the method ANY.
func (a *API) Mappings(ctx context.Context, account string) ([]push.Mapping, error) {
	all, err := list[httpAPI](ctx, a.DB, kindHTTP, key{Account: account})
	if err != nil {
		return nil, err
	}
	var found []push.Mapping
	for _, d := range all {
		s, err := a.find(ctx, *d.API.ApiId)
		if err != nil {
			return nil, err
		}
		if s != nil {
			found = append(found, s.httpMappings()...)
		}
	}
	rest, err := list[restAPI](ctx, a.DB, kindREST, key{Account: account})
	if err != nil {
		return nil, err
	}
	for _, d := range rest {
		s, err := a.find(ctx, *d.API.Id)
		if err != nil {
			return nil, err
		}
		if s != nil {
			found = append(found, s.restMappings()...)
		}
	}
	return found, nil
}

func (s *served) restMappings() (list []push.Mapping) {
	for _, stage := range s.rest.Stages {
		shown := s.restDeployed[text(stage.DeploymentId)]
		if shown == nil {
			continue
		}
		for i := range shown.Resources {
			r := &shown.Resources[i]
			for _, name := range slices.Sorted(maps.Keys(r.ResourceMethods)) {
				m := r.ResourceMethods[name]
				if m.MethodIntegration.Uri == nil {
					continue
				}
				t, err := s.restTarget(r, &m, *stage.StageName, name, stage.Variables)
				if err != nil { // its stage variables make no function of it
					continue
				}
				list = append(list, push.Mapping{ID: s.ID + "/" + *stage.StageName + " " + name + " " + *r.Path, Mode: invoke.RequestResponse, Event: s.mapping(t)})
			}
		}
	}
	return list
}

func (s *served) httpMappings() (list []push.Mapping) {
	for _, stage := range s.http.Stages {
		shown := s.httpDeployed[text(stage.DeploymentId)]
		if shown == nil {
			continue
		}
		for i := range shown.Routes {
			r := &shown.Routes[i]
			integration := shown.integrationOf(r)
			if integration == nil {
				continue
			}
			method, _, _ := strings.Cut(*r.RouteKey, " ")
			t, err := s.target(r, integration, *stage.StageName, method, stage.StageVariables)
			if err != nil { // its stage variables make no function of it
				continue
			}
			list = append(list, push.Mapping{ID: s.ID + "/" + *stage.StageName + " " + *r.RouteKey, Mode: invoke.RequestResponse, Event: s.mapping(t)})
		}
	}
	return list
}
