package apigateway

import (
	"context"
)

// read fills in an API with its deployments.
func (a *API) read(ctx context.Context, s *served) (err error) {
	if s.kind == kindREST {
		return a.readREST(ctx, s)
	}
	if s.http, err = load[httpAPI](ctx, a.DB, kindHTTP, s.key, ""); err != nil {
		return err
	}
	all, err := deployments[httpDeployment](ctx, a.DB, s.ID)
	if err != nil {
		return err
	}
	s.httpDeployed = map[string]*httpDeployment{}
	for _, d := range all {
		s.httpDeployed[*d.Deployment.DeploymentId] = d
	}
	return nil
}

func (a *API) readREST(ctx context.Context, s *served) (err error) {
	if s.rest, err = load[restAPI](ctx, a.DB, kindREST, s.key, ""); err != nil {
		return err
	}
	all, err := deployments[restDeployment](ctx, a.DB, s.ID)
	if err != nil {
		return err
	}
	s.restDeployed = map[string]*restDeployment{}
	for _, d := range all {
		s.restDeployed[*d.Deployment.Id] = d
	}
	return nil
}
