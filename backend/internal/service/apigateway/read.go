package apigateway

import (
	"context"
)

// read fills in an API with its deployments.
func (a *API) read(ctx context.Context, s *served) (err error) {
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
