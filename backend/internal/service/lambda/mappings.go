package lambda

import (
	"context"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

func (a *API) createMapping(ctx context.Context, in *lambda.CreateEventSourceMappingInput) (*lambda.CreateEventSourceMappingOutput, error) {
	_, ref, err := own(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	if err := refuseMapping("CreateEventSourceMapping", in); err != nil {
		return nil, err
	}
	if in.EventSourceArn == nil {
		return nil, invalid("Unrecognized event source.")
	}
	if err := a.Poller.Supports(*in.EventSourceArn); err != nil {
		return nil, err
	}
	ch := mappingChange{batch: in.BatchSize, window: in.MaximumBatchingWindowInSeconds, retries: in.MaximumRetryAttempts, age: in.MaximumRecordAgeInSeconds,
		factor: in.ParallelizationFactor, tumbling: in.TumblingWindowInSeconds, bisect: in.BisectBatchOnFunctionError, responses: in.FunctionResponseTypes, scaling: in.ScalingConfig,
		destination: in.DestinationConfig, position: in.StartingPosition, timestamp: in.StartingPositionTimestamp, filters: in.FilterCriteria,
		key: in.KMSKeyArn, metrics: in.MetricsConfig, pollers: in.ProvisionedPollerConfig}
	kind := sourceKind(*in.EventSourceArn)
	m := pull.EventSourceMapping{Account: call.Account, Region: call.Region, EventSourceARN: *in.EventSourceArn, FunctionARN: ref.ARN(),
		Enabled: in.Enabled == nil || *in.Enabled, Tags: in.Tags, Config: kind.defaults()}
	if err := kind.create(&m, ch, a.Clock.Now()); err != nil {
		return nil, err
	}
	if len(in.Tags) > maxTags {
		return nil, invalid("Number of tags exceeds resource tag limit.")
	}
	if _, err := a.Functions.Describe(ctx, ref); err != nil {
		return nil, invalid("Function does not exist")
	}
	made, err := a.Poller.Create(ctx, m)
	if err != nil {
		return nil, err
	}
	return mapped[lambda.CreateEventSourceMappingOutput](made), nil
}

// mayMap asks for the caller's right to give a mapping another function.
func (a *API) mayMap(ctx context.Context, uuid string, ref arn.FunctionRef) error {
	q := wire.CallFrom(ctx).Question("lambda:UpdateEventSourceMapping", mappingARN(ctx, &uuid))
	q.Keys[functionKey] = []string{ref.ARN()}
	return a.Authz.Require(ctx, q)
}

func (a *API) getMapping(ctx context.Context, in *lambda.GetEventSourceMappingInput) (*lambda.GetEventSourceMappingOutput, error) {
	call := wire.CallFrom(ctx)
	m, err := a.Poller.Get(call.Account, call.Region, *in.UUID)
	if err != nil {
		return nil, err
	}
	out := mapped[lambda.GetEventSourceMappingOutput](m)
	if m.KMSKey == "" || len(m.Filters) == 0 {
		return out, nil
	}
	err = a.Authz.Require(ctx, call.Question("kms:Decrypt", m.KMSKey))
	if fault.Is(err, fault.Denied) {
		out.FilterCriteria = nil
		out.FilterCriteriaError = &types.FilterCriteriaError{ErrorCode: aws.String("KMSAccessDeniedException"), Message: aws.String(err.Error())}
		err = nil
	}
	return out, err
}

func (a *API) updateMapping(ctx context.Context, in *lambda.UpdateEventSourceMappingInput) (*lambda.UpdateEventSourceMappingOutput, error) {
	if err := refuseMapping("UpdateEventSourceMapping", in); err != nil {
		return nil, err
	}
	ch := mappingChange{batch: in.BatchSize, window: in.MaximumBatchingWindowInSeconds, retries: in.MaximumRetryAttempts, age: in.MaximumRecordAgeInSeconds,
		factor: in.ParallelizationFactor, tumbling: in.TumblingWindowInSeconds, bisect: in.BisectBatchOnFunctionError, responses: in.FunctionResponseTypes, scaling: in.ScalingConfig,
		destination: in.DestinationConfig, filters: in.FilterCriteria, key: in.KMSKeyArn, metrics: in.MetricsConfig, pollers: in.ProvisionedPollerConfig}
	call := wire.CallFrom(ctx)
	m, err := a.Poller.Update(ctx, call.Account, call.Region, *in.UUID, func(m *pull.EventSourceMapping) error {
		if in.Enabled != nil {
			m.Enabled = *in.Enabled
		}
		if in.FunctionName != nil {
			_, ref, err := own(ctx, in.FunctionName, nil)
			if err != nil {
				return err
			}
			if err := a.mayMap(ctx, m.UUID, ref); err != nil {
				return err
			}
			m.FunctionARN = ref.ARN()
		}
		return sourceKind(m.EventSourceARN).update(m, ch)
	})
	if err != nil {
		return nil, err
	}
	return mapped[lambda.UpdateEventSourceMappingOutput](m), nil
}

func (a *API) deleteMapping(ctx context.Context, in *lambda.DeleteEventSourceMappingInput) (*lambda.DeleteEventSourceMappingOutput, error) {
	call := wire.CallFrom(ctx)
	m, err := a.Poller.Delete(ctx, call.Account, call.Region, *in.UUID)
	if err != nil {
		return nil, err
	}
	return mapped[lambda.DeleteEventSourceMappingOutput](m), nil
}

func (a *API) listMappings(ctx context.Context, in *lambda.ListEventSourceMappingsInput) (*lambda.ListEventSourceMappingsOutput, error) {
	call := wire.CallFrom(ctx)
	functionARN := ""
	if in.FunctionName != nil {
		_, ref, err := own(ctx, in.FunctionName, nil)
		if err != nil {
			return nil, err
		}
		functionARN = ref.ARN()
	}
	list := a.Poller.List(call.Account, call.Region, aws.ToString(in.EventSourceArn), functionARN)
	out := &lambda.ListEventSourceMappingsOutput{EventSourceMappings: []types.EventSourceMappingConfiguration{}}
	list, next, err := page(list, in.Marker, in.MaxItems, 100, func(m *pull.EventSourceMapping) string { return m.UUID })
	if err != nil {
		return nil, err
	}
	out.NextMarker = next
	for i := range list {
		shown := mapped[types.EventSourceMappingConfiguration](&list[i])
		if shown.KMSKeyArn != nil {
			shown.FilterCriteria = nil // encrypted: the list never decrypts it
		}
		out.EventSourceMappings = append(out.EventSourceMappings, *shown)
	}
	return out, nil
}

const mappingMark = ":event-source-mapping:"

// mappingUUID reads the ARN of a mapping. That of one that is not the caller's is nobody's: policies are asked about the ARN as
// it was given.
func mappingUUID(call *wire.Call, resource string) (uuid string, ok bool) {
	_, uuid, ok = strings.Cut(resource, mappingMark)
	if resource != arn.EventSourceMapping(call.Region, call.Account, uuid) {
		uuid = ""
	}
	return uuid, ok
}

func (a *API) setMappingTags(ctx context.Context, call *wire.Call, resource, uuid string, change func(map[string]string) error) error {
	_, err := a.Poller.Update(ctx, call.Account, call.Region, uuid, func(m *pull.EventSourceMapping) error { return change(m.Tags) })
	return noMapping(resource, err)
}

// noMapping is what operations on tags say of a mapping that does not exist.
func noMapping(resource string, err error) error {
	if fault.Is(err, fault.NotFound) {
		return wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", "Event source mapping not found: %s", resource)
	}
	return err
}
