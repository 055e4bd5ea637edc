package apigateway

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// addStages adds the operations of stages and deployments.
func (a *API) addStages(ops map[string]wire.Operation) {
	ops["CreateStage"] = operation(a.createStage, "POST", func(in *apigatewayv2.CreateStageInput) string { return apiPath(in.ApiId, "stages") })
	ops["GetStages"] = operation(a.getStages, "GET", func(in *apigatewayv2.GetStagesInput) string { return apiPath(in.ApiId, "stages") })
	ops["GetStage"] = operation(a.getStage, "GET", func(in *apigatewayv2.GetStageInput) string {
		return apiPath(in.ApiId, "stages", aws.ToString(in.StageName))
	})
	ops["UpdateStage"] = operation(a.updateStage, "PATCH", func(in *apigatewayv2.UpdateStageInput) string {
		return apiPath(in.ApiId, "stages", aws.ToString(in.StageName))
	})
	ops["DeleteStage"] = operation(a.deleteStage, "DELETE", func(in *apigatewayv2.DeleteStageInput) string {
		return apiPath(in.ApiId, "stages", aws.ToString(in.StageName))
	})
	ops["DeleteAccessLogSettings"] = operation(a.deleteAccessLogSettings, "DELETE", func(in *apigatewayv2.DeleteAccessLogSettingsInput) string {
		return apiPath(in.ApiId, "stages", aws.ToString(in.StageName), "accesslogsettings")
	})
	ops["CreateDeployment"] = operation(a.createDeployment, "POST", func(in *apigatewayv2.CreateDeploymentInput) string { return apiPath(in.ApiId, "deployments") })
	ops["GetDeployments"] = operation(a.getDeployments, "GET", func(in *apigatewayv2.GetDeploymentsInput) string { return apiPath(in.ApiId, "deployments") })
	ops["GetDeployment"] = operation(a.getDeployment, "GET", func(in *apigatewayv2.GetDeploymentInput) string {
		return apiPath(in.ApiId, "deployments", aws.ToString(in.DeploymentId))
	})
	ops["UpdateDeployment"] = operation(a.updateDeployment, "PATCH", func(in *apigatewayv2.UpdateDeploymentInput) string {
		return apiPath(in.ApiId, "deployments", aws.ToString(in.DeploymentId))
	})
	ops["DeleteDeployment"] = operation(a.deleteDeployment, "DELETE", func(in *apigatewayv2.DeleteDeploymentInput) string {
		return apiPath(in.ApiId, "deployments", aws.ToString(in.DeploymentId))
	})
}

func conflict(format string, args ...any) error { return fault.New(fault.Conflict, format, args...) }

// stageForm is the name of a stage other than $default.
var stageForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

func (a *API) createStage(ctx context.Context, in *apigatewayv2.CreateStageInput) (*apigatewayv2.CreateStageOutput, error) {
	if name := *in.StageName; name != defaultKey && !stageForm.MatchString(name) {
		return nil, invalid("Stage name only allows alphanumerics, hyphens and underscores, or is $default: %q", name)
	}
	s := types.Stage{AutoDeploy: aws.Bool(false), StageVariables: map[string]string{}, Tags: map[string]string{}, RouteSettings: map[string]types.RouteSettings{},
		DefaultRouteSettings: &types.RouteSettings{DetailedMetricsEnabled: aws.Bool(false)}}
	merge(&s, in)
	if err := checkStage("CreateStage", &s); err != nil {
		return nil, err
	}
	var out *apigatewayv2.CreateStageOutput
	err := change(ctx, a, kindHTTP, own(ctx, in.ApiId), func(ctx context.Context, tx *postgres.Tx, d *httpAPI) error {
		if _, err := d.stage(in.StageName); err == nil {
			return conflict("Stage already exists")
		}
		if err := a.mayShow(ctx, tx, *in.ApiId, s.DeploymentId); err != nil {
			return err
		}
		s.CreatedDate, s.LastUpdatedDate = at(tx.Now), at(tx.Now)
		d.Stages = append(d.Stages, s)
		if err := a.autoDeploy(ctx, tx, d); err != nil {
			return err
		}
		out = as[apigatewayv2.CreateStageOutput](&d.Stages[len(d.Stages)-1])
		return nil
	})
	return out, err
}

// checkStage refuses by name what is not simulated of a stage. Access logs, throttling and metrics are kept and shown; they
// have no effect.
func checkStage(operation string, s *types.Stage) error {
	return refuse(operation, given{"ClientCertificateId", s.ClientCertificateId != nil},
		given{"DeploymentId beside AutoDeploy", aws.ToBool(s.AutoDeploy) && s.DeploymentId != nil && operation == "CreateStage"})
}

// mayShow checks that there is a deployment.
func (a *API) mayShow(ctx context.Context, db querier, api string, id *string) error {
	if id == nil {
		return nil
	}
	_, err := a.deployment(ctx, db, api, *id)
	return err
}

func (a *API) deployment(ctx context.Context, db querier, api, id string) (*httpDeployment, error) {
	all, err := deployments[httpDeployment](ctx, db, api)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if *d.Deployment.DeploymentId == id {
			return d, nil
		}
	}
	return nil, notFound("Invalid Deployment identifier specified %s", id)
}

func (d *httpAPI) stage(name *string) (int, error) {
	i := slices.IndexFunc(d.Stages, func(s types.Stage) bool { return *s.StageName == aws.ToString(name) })
	if i < 0 {
		return i, notFound("Invalid stage identifier specified")
	}
	return i, nil
}

func (a *API) getStage(ctx context.Context, in *apigatewayv2.GetStageInput) (*apigatewayv2.GetStageOutput, error) {
	d, err := load[httpAPI](ctx, a.DB, kindHTTP, own(ctx, in.ApiId), "")
	if err != nil {
		return nil, err
	}
	i, err := d.stage(in.StageName)
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetStageOutput](&d.Stages[i]), nil
}

func (a *API) getStages(ctx context.Context, in *apigatewayv2.GetStagesInput) (*apigatewayv2.GetStagesOutput, error) {
	part, next, err := partOf(ctx, a, in.ApiId, in.NextToken, in.MaxResults, func(d *httpAPI) []types.Stage { return d.Stages })
	return &apigatewayv2.GetStagesOutput{Items: part, NextToken: next}, err
}

// updateStage changes a stage. Of its variables those are changed that are given; an empty text removes one.
func (a *API) updateStage(ctx context.Context, in *apigatewayv2.UpdateStageInput) (*apigatewayv2.UpdateStageOutput, error) {
	var out *apigatewayv2.UpdateStageOutput
	variables := in.StageVariables
	in.StageVariables = nil
	err := change(ctx, a, kindHTTP, own(ctx, in.ApiId), func(ctx context.Context, tx *postgres.Tx, d *httpAPI) error {
		i, err := d.stage(in.StageName)
		if err != nil {
			return err
		}
		if err := a.mayShow(ctx, tx, *in.ApiId, in.DeploymentId); err != nil {
			return err
		}
		s := &d.Stages[i]
		merge(s, in)
		if s.StageVariables == nil {
			s.StageVariables = map[string]string{}
		}
		maps.Copy(s.StageVariables, variables)
		maps.DeleteFunc(s.StageVariables, func(_, value string) bool { return value == "" })
		s.LastUpdatedDate = at(tx.Now)
		if err := checkStage("UpdateStage", s); err != nil {
			return err
		}
		if err := a.autoDeploy(ctx, tx, d); err != nil {
			return err
		}
		out = as[apigatewayv2.UpdateStageOutput](s)
		return nil
	})
	return out, err
}

func (a *API) deleteAccessLogSettings(ctx context.Context, in *apigatewayv2.DeleteAccessLogSettingsInput) (*apigatewayv2.DeleteAccessLogSettingsOutput, error) {
	return nil, change(ctx, a, kindHTTP, own(ctx, in.ApiId), func(_ context.Context, _ *postgres.Tx, d *httpAPI) error {
		i, err := d.stage(in.StageName)
		if err == nil {
			d.Stages[i].AccessLogSettings = nil
		}
		return err
	})
}

func (a *API) deleteStage(ctx context.Context, in *apigatewayv2.DeleteStageInput) (*apigatewayv2.DeleteStageOutput, error) {
	return nil, change(ctx, a, kindHTTP, own(ctx, in.ApiId), func(_ context.Context, _ *postgres.Tx, d *httpAPI) error {
		i, err := d.stage(in.StageName)
		if err != nil {
			return err
		}
		d.Stages = slices.Delete(d.Stages, i, i+1)
		return nil
	})
}

// autoDeploy deploys an API as it is now to its stages that deploy by themselves, and forgets what they showed before.
func (a *API) autoDeploy(ctx context.Context, tx *postgres.Tx, d *httpAPI) error {
	for i := range d.Stages {
		s := &d.Stages[i]
		if !aws.ToBool(s.AutoDeploy) {
			continue
		}
		if len(d.Routes) == 0 {
			s.LastDeploymentStatusMessage = aws.String("Deployment attempt failed: At least one route is required before deploying the Api.")
			continue
		}
		if before := aws.ToString(s.DeploymentId); before != "" {
			old, err := a.deployment(ctx, tx, *d.API.ApiId, before)
			if err == nil && aws.ToBool(old.Deployment.AutoDeployed) {
				_, err = a.undeploy(ctx, tx, *d.API.ApiId, before)
			}
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		made := a.snapshot(tx, d, "Automatic deployment triggered by changes to the Api configuration", true)
		if err := a.deploy(ctx, tx, *d.API.ApiId, *made.Deployment.DeploymentId, made); err != nil {
			return err
		}
		s.DeploymentId = made.Deployment.DeploymentId
		s.LastDeploymentStatusMessage = aws.String("Successfully deployed stage with deployment ID '" + *s.DeploymentId + "'")
	}
	return nil
}

func (a *API) snapshot(tx *postgres.Tx, d *httpAPI, description string, auto bool) *httpDeployment {
	return &httpDeployment{CORS: d.API.CorsConfiguration, Integrations: d.Integrations, Routes: d.Routes,
		Deployment: types.Deployment{DeploymentId: aws.String(a.IDs.Of(alphabet, 6)), AutoDeployed: &auto, CreatedDate: at(tx.Now), DeploymentStatus: types.DeploymentStatusDeployed,
			Description: &description}}
}

func (a *API) createDeployment(ctx context.Context, in *apigatewayv2.CreateDeploymentInput) (*apigatewayv2.CreateDeploymentOutput, error) {
	var out *apigatewayv2.CreateDeploymentOutput
	err := change(ctx, a, kindHTTP, own(ctx, in.ApiId), func(ctx context.Context, tx *postgres.Tx, d *httpAPI) error {
		if len(d.Routes) == 0 {
			return invalid("At least one route is required before deploying the Api.")
		}
		made := a.snapshot(tx, d, aws.ToString(in.Description), false)
		if in.StageName != nil {
			i, err := d.stage(in.StageName)
			if err != nil {
				return err
			}
			if aws.ToBool(d.Stages[i].AutoDeploy) {
				return conflict("The stage %s deploys by itself: deployments cannot be created for it", *in.StageName)
			}
			d.Stages[i].DeploymentId = made.Deployment.DeploymentId
		}
		out = as[apigatewayv2.CreateDeploymentOutput](&made.Deployment)
		return a.deploy(ctx, tx, *in.ApiId, *made.Deployment.DeploymentId, made)
	})
	return out, err
}

func (a *API) getDeployment(ctx context.Context, in *apigatewayv2.GetDeploymentInput) (*apigatewayv2.GetDeploymentOutput, error) {
	if _, err := load[httpAPI](ctx, a.DB, kindHTTP, own(ctx, in.ApiId), ""); err != nil {
		return nil, err
	}
	d, err := a.deployment(ctx, a.DB, *in.ApiId, *in.DeploymentId)
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetDeploymentOutput](&d.Deployment), nil
}

func (a *API) getDeployments(ctx context.Context, in *apigatewayv2.GetDeploymentsInput) (*apigatewayv2.GetDeploymentsOutput, error) {
	all, err := deployments[httpDeployment](ctx, a.DB, aws.ToString(in.ApiId))
	if err != nil {
		return nil, err
	}
	part, next, err := partOf(ctx, a, in.ApiId, in.NextToken, in.MaxResults, func(*httpAPI) []types.Deployment {
		var list []types.Deployment
		for _, d := range all {
			list = append(list, d.Deployment)
		}
		return list
	})
	return &apigatewayv2.GetDeploymentsOutput{Items: part, NextToken: next}, err
}

func (a *API) updateDeployment(ctx context.Context, in *apigatewayv2.UpdateDeploymentInput) (*apigatewayv2.UpdateDeploymentOutput, error) {
	var out *apigatewayv2.UpdateDeploymentOutput
	err := change(ctx, a, kindHTTP, own(ctx, in.ApiId), func(ctx context.Context, tx *postgres.Tx, _ *httpAPI) error {
		d, err := a.deployment(ctx, tx, *in.ApiId, *in.DeploymentId)
		if err != nil {
			return err
		}
		merge(&d.Deployment, in)
		out = as[apigatewayv2.UpdateDeploymentOutput](&d.Deployment)
		return a.deploy(ctx, tx, *in.ApiId, *in.DeploymentId, d)
	})
	return out, err
}

func (a *API) deleteDeployment(ctx context.Context, in *apigatewayv2.DeleteDeploymentInput) (*apigatewayv2.DeleteDeploymentOutput, error) {
	return nil, change(ctx, a, kindHTTP, own(ctx, in.ApiId), func(ctx context.Context, tx *postgres.Tx, d *httpAPI) error {
		for _, s := range d.Stages {
			if aws.ToString(s.DeploymentId) == *in.DeploymentId {
				return invalid("Active stages pointing to this deployment must be moved or deleted")
			}
		}
		was, err := a.undeploy(ctx, tx, *in.ApiId, *in.DeploymentId)
		if err == nil && !was {
			err = notFound("Invalid Deployment identifier specified %s", *in.DeploymentId)
		}
		return err
	})
}
