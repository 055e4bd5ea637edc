package apigateway

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// addRESTStages adds the operations of stages and deployments.
func (a *API) addRESTStages(ops map[string]wire.Operation) {
	stages, made := aws.String("stages"), aws.String("deployments")
	ops["CreateDeployment"] = operation(a.createRESTDeployment, "POST", func(in *sdk.CreateDeploymentInput) string { return restPath(in.RestApiId, made) })
	ops["GetDeployments"] = operation(a.getRESTDeployments, "GET", func(in *sdk.GetDeploymentsInput) string { return restPath(in.RestApiId, made) })
	ops["GetDeployment"] = operation(a.getRESTDeployment, "GET", func(in *sdk.GetDeploymentInput) string { return restPath(in.RestApiId, made, in.DeploymentId) })
	ops["UpdateDeployment"] = operation(a.updateRESTDeployment, "PATCH", func(in *sdk.UpdateDeploymentInput) string { return restPath(in.RestApiId, made, in.DeploymentId) })
	ops["DeleteDeployment"] = operation(a.deleteRESTDeployment, "DELETE", func(in *sdk.DeleteDeploymentInput) string { return restPath(in.RestApiId, made, in.DeploymentId) })
	ops["CreateStage"] = operation(a.createRESTStage, "POST", func(in *sdk.CreateStageInput) string { return restPath(in.RestApiId, stages) })
	ops["GetStages"] = operation(a.getRESTStages, "GET", func(in *sdk.GetStagesInput) string { return restPath(in.RestApiId, stages) })
	ops["GetStage"] = operation(a.getRESTStage, "GET", func(in *sdk.GetStageInput) string { return restPath(in.RestApiId, stages, in.StageName) })
	ops["UpdateStage"] = operation(a.updateRESTStage, "PATCH", func(in *sdk.UpdateStageInput) string { return restPath(in.RestApiId, stages, in.StageName) })
	ops["DeleteStage"] = operation(a.deleteRESTStage, "DELETE", func(in *sdk.DeleteStageInput) string { return restPath(in.RestApiId, stages, in.StageName) })
}

// snapshot is the API as it is now, to be shown by stages.
func (d *restAPI) snapshot() (*restDeployment, error) {
	methods := 0
	for _, r := range d.Resources {
		for _, m := range r.ResourceMethods {
			if methods++; m.MethodIntegration == nil {
				return nil, invalid("No integration defined for method")
			}
		}
	}
	if methods == 0 {
		return nil, invalid("The REST API doesn't contain any methods")
	}
	return &restDeployment{Resources: d.Resources, Policy: aws.ToString(d.API.Policy), Binary: d.API.BinaryMediaTypes}, nil
}

func (a *API) createRESTDeployment(ctx context.Context, in *sdk.CreateDeploymentInput) (*sdk.CreateDeploymentOutput, error) {
	err := refuse("CreateDeployment", given{"CacheClusterEnabled", aws.ToBool(in.CacheClusterEnabled)}, given{"CanarySettings", in.CanarySettings != nil})
	if err != nil {
		return nil, err
	}
	var out *sdk.CreateDeploymentOutput
	err = change(ctx, a, kindREST, own(ctx, in.RestApiId), func(ctx context.Context, tx *postgres.Tx, d *restAPI) error {
		made, err := d.snapshot()
		if err != nil {
			return err
		}
		made.Deployment = types.Deployment{Id: aws.String(a.IDs.Of(alphabet, 6)), Description: in.Description, CreatedDate: at(tx.Now)}
		out = as[sdk.CreateDeploymentOutput](&made.Deployment)
		if err := a.deploy(ctx, tx, *in.RestApiId, *made.Deployment.Id, made); err != nil || in.StageName == nil {
			return err
		}
		i, err := d.stage(in.StageName)
		if err != nil {
			if err := checkStageName(*in.StageName); err != nil {
				return err
			}
			d.Stages = append(d.Stages, types.Stage{StageName: in.StageName, Description: in.StageDescription, CreatedDate: at(tx.Now), CacheClusterStatus: types.CacheClusterStatusNotAvailable,
				TracingEnabled: aws.ToBool(in.TracingEnabled)})
			i = len(d.Stages) - 1
		}
		s := &d.Stages[i]
		s.DeploymentId, s.LastUpdatedDate = made.Deployment.Id, at(tx.Now)
		if in.Variables != nil {
			s.Variables = in.Variables
		}
		return nil
	})
	return out, err
}

func (a *API) restDeployment(ctx context.Context, db querier, api, id string) (*restDeployment, error) {
	all, err := deployments[restDeployment](ctx, db, api)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if *d.Deployment.Id == id {
			return d, nil
		}
	}
	return nil, notFound("Invalid Deployment identifier specified")
}

func (a *API) getRESTDeployment(ctx context.Context, in *sdk.GetDeploymentInput) (*sdk.GetDeploymentOutput, error) {
	if _, err := load[restAPI](ctx, a.DB, kindREST, own(ctx, in.RestApiId), ""); err != nil {
		return nil, err
	}
	d, err := a.restDeployment(ctx, a.DB, *in.RestApiId, *in.DeploymentId)
	if err != nil {
		return nil, err
	}
	return as[sdk.GetDeploymentOutput](&d.Deployment), nil
}

func (a *API) getRESTDeployments(ctx context.Context, in *sdk.GetDeploymentsInput) (*sdk.GetDeploymentsOutput, error) {
	if _, err := load[restAPI](ctx, a.DB, kindREST, own(ctx, in.RestApiId), ""); err != nil {
		return nil, err
	}
	all, err := deployments[restDeployment](ctx, a.DB, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	part, next, err := page(all, in.Position, limit(in.Limit))
	if err != nil {
		return nil, err
	}
	out := &sdk.GetDeploymentsOutput{Items: []types.Deployment{}, Position: next}
	for _, d := range part {
		out.Items = append(out.Items, d.Deployment)
	}
	return out, nil
}

func (a *API) updateRESTDeployment(ctx context.Context, in *sdk.UpdateDeploymentInput) (*sdk.UpdateDeploymentOutput, error) {
	var out *sdk.UpdateDeploymentOutput
	err := change(ctx, a, kindREST, own(ctx, in.RestApiId), func(ctx context.Context, tx *postgres.Tx, _ *restAPI) error {
		d, err := a.restDeployment(ctx, tx, *in.RestApiId, *in.DeploymentId)
		if err == nil {
			err = patch(in.PatchOperations, patches{"replace /description": func(_, v string) error { d.Deployment.Description = &v; return nil }})
		}
		if err != nil {
			return err
		}
		out = as[sdk.UpdateDeploymentOutput](&d.Deployment)
		return a.deploy(ctx, tx, *in.RestApiId, *in.DeploymentId, d)
	})
	return out, err
}

func (a *API) deleteRESTDeployment(ctx context.Context, in *sdk.DeleteDeploymentInput) (*sdk.DeleteDeploymentOutput, error) {
	return nil, change(ctx, a, kindREST, own(ctx, in.RestApiId), func(ctx context.Context, tx *postgres.Tx, d *restAPI) error {
		for _, s := range d.Stages {
			if aws.ToString(s.DeploymentId) == *in.DeploymentId {
				return invalid("Active stages pointing to this deployment must be moved or deleted")
			}
		}
		was, err := a.undeploy(ctx, tx, *in.RestApiId, *in.DeploymentId)
		if err == nil && !was {
			err = notFound("Invalid Deployment identifier specified")
		}
		return err
	})
}

// restStageForm is the name of a stage of a REST API.
var restStageForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

func checkStageName(name string) error {
	if !restStageForm.MatchString(name) {
		return invalid("Stage name only allows a-zA-Z0-9_")
	}
	return nil
}

func (a *API) createRESTStage(ctx context.Context, in *sdk.CreateStageInput) (*sdk.CreateStageOutput, error) {
	s := types.Stage{CacheClusterStatus: types.CacheClusterStatusNotAvailable}
	merge(&s, in)
	if err := checkRESTStage("CreateStage", &s); err != nil {
		return nil, err
	}
	err := change(ctx, a, kindREST, own(ctx, in.RestApiId), func(ctx context.Context, tx *postgres.Tx, d *restAPI) error {
		if _, err := d.stage(in.StageName); err == nil {
			return conflict("Stage already exists")
		}
		if _, err := a.restDeployment(ctx, tx, *in.RestApiId, *in.DeploymentId); err != nil {
			return invalid("Deployment id does not exist")
		}
		s.CreatedDate, s.LastUpdatedDate = at(tx.Now), at(tx.Now)
		d.Stages = append(d.Stages, s)
		return nil
	})
	return as[sdk.CreateStageOutput](&s), err
}

// checkRESTStage refuses by name what is not simulated of a stage. Access logs, tracing and the settings of methods (logs,
// throttling) are kept and shown; they have no effect.
func checkRESTStage(operation string, s *types.Stage) error {
	if err := checkStageName(*s.StageName); err != nil {
		return err
	}
	return refuse(operation, given{"CacheClusterEnabled", s.CacheClusterEnabled}, given{"CanarySettings", s.CanarySettings != nil}, given{"ClientCertificateId", aws.ToString(s.ClientCertificateId) != ""},
		given{"DocumentationVersion", aws.ToString(s.DocumentationVersion) != ""})
}

func (d *restAPI) stage(name *string) (int, error) {
	i := slices.IndexFunc(d.Stages, func(s types.Stage) bool { return *s.StageName == aws.ToString(name) })
	if i < 0 {
		return i, notFound("Invalid stage identifier specified")
	}
	return i, nil
}

func (a *API) getRESTStage(ctx context.Context, in *sdk.GetStageInput) (*sdk.GetStageOutput, error) {
	d, err := load[restAPI](ctx, a.DB, kindREST, own(ctx, in.RestApiId), "")
	if err != nil {
		return nil, err
	}
	i, err := d.stage(in.StageName)
	if err != nil {
		return nil, err
	}
	return as[sdk.GetStageOutput](&d.Stages[i]), nil
}

func (a *API) getRESTStages(ctx context.Context, in *sdk.GetStagesInput) (*sdk.GetStagesOutput, error) {
	d, err := load[restAPI](ctx, a.DB, kindREST, own(ctx, in.RestApiId), "")
	if err != nil {
		return nil, err
	}
	out := &sdk.GetStagesOutput{Item: []types.Stage{}}
	for _, s := range d.Stages {
		if in.DeploymentId == nil || aws.ToString(s.DeploymentId) == *in.DeploymentId {
			out.Item = append(out.Item, s)
		}
	}
	return out, nil
}

func (a *API) updateRESTStage(ctx context.Context, in *sdk.UpdateStageInput) (*sdk.UpdateStageOutput, error) {
	var out *sdk.UpdateStageOutput
	err := change(ctx, a, kindREST, own(ctx, in.RestApiId), func(ctx context.Context, tx *postgres.Tx, d *restAPI) error {
		i, err := d.stage(in.StageName)
		if err != nil {
			return err
		}
		s := &d.Stages[i]
		if s.Variables = maps.Clone(s.Variables); s.Variables == nil {
			s.Variables = map[string]string{}
		}
		variable := func(name, v string) error { s.Variables[name] = v; return nil }
		logs := func() *types.AccessLogSettings {
			if s.AccessLogSettings == nil {
				s.AccessLogSettings = &types.AccessLogSettings{}
			}
			return s.AccessLogSettings
		}
		err = patch(in.PatchOperations, patches{
			"replace /deploymentId": func(_, v string) error {
				if _, err := a.restDeployment(ctx, tx, *in.RestApiId, v); err != nil {
					return invalid("Deployment id does not exist")
				}
				s.DeploymentId = &v
				return nil
			},
			"replace /description": func(_, v string) error { s.Description = &v; return nil },
			"add /variables/*":     variable, "replace /variables/*": variable,
			"remove /variables/*":                       func(name, _ string) error { delete(s.Variables, name); return nil },
			"replace /tracingEnabled":                   func(_, v string) (err error) { s.TracingEnabled, err = strconv.ParseBool(v); return err },
			"replace /accessLogSettings/destinationArn": func(_, v string) error { logs().DestinationArn = &v; return nil },
			"replace /accessLogSettings/format":         func(_, v string) error { logs().Format = &v; return nil },
			"remove /accessLogSettings":                 func(_, _ string) error { s.AccessLogSettings = nil; return nil },
		})
		s.LastUpdatedDate = at(tx.Now)
		out = as[sdk.UpdateStageOutput](s)
		return err
	})
	return out, err
}

func (a *API) deleteRESTStage(ctx context.Context, in *sdk.DeleteStageInput) (*sdk.DeleteStageOutput, error) {
	return nil, change(ctx, a, kindREST, own(ctx, in.RestApiId), func(_ context.Context, _ *postgres.Tx, d *restAPI) error {
		i, err := d.stage(in.StageName)
		if err == nil {
			d.Stages = slices.Delete(d.Stages, i, i+1)
		}
		return err
	})
}
