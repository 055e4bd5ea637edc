package lambda

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
)

// configuration is a function as the API's answers show it.
func configuration(v *function.Version) *types.FunctionConfiguration {
	c := &types.FunctionConfiguration{
		FunctionName: &v.Name, FunctionArn: aws.String(v.ARN()), Version: &v.Version, Runtime: types.Runtime(v.Runtime), Role: &v.Role,
		Handler: &v.Handler, Description: &v.Description, Timeout: aws.Int32(int32(v.Timeout)), MemorySize: aws.Int32(int32(v.MemorySize)),
		CodeSha256: &v.Code.SHA256, CodeSize: v.Code.Size, LastModified: aws.String(v.Modified()), RevisionId: &v.RevisionID,
		EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(int32(v.EphemeralStorage))}, PackageType: types.PackageTypeZip,
		TracingConfig: &types.TracingConfigResponse{Mode: types.TracingMode(v.TracingMode)},
		SnapStart:     &types.SnapStartResponse{ApplyOn: types.SnapStartApplyOnNone, OptimizationStatus: types.SnapStartOptimizationStatusOff},
		LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormat(v.LogFormat), LogGroup: &v.LogGroup,
			ApplicationLogLevel: types.ApplicationLogLevel(v.ApplicationLevel), SystemLogLevel: types.SystemLogLevel(v.SystemLevel)},
		RuntimeVersionConfig: &types.RuntimeVersionConfig{RuntimeVersionArn: aws.String("arn:aws:lambda:" + v.Region + "::runtime:" + v.Runtime)},
		State:                types.State(v.State),
	}
	for _, arch := range v.Architectures {
		c.Architectures = append(c.Architectures, types.Architecture(arch))
	}
	if len(v.Environment) > 0 {
		c.Environment = &types.EnvironmentResponse{Variables: v.Environment}
	}
	showKept(c, v)
	for i := range v.Layers {
		c.Layers = append(c.Layers, types.Layer{Arn: &v.Layers[i].ARN, CodeSize: v.Layers[i].Size})
	}
	if v.DeadLetter != "" {
		c.DeadLetterConfig = &types.DeadLetterConfig{TargetArn: &v.DeadLetter}
	}
	if v.State == "Pending" {
		c.StateReason, c.StateReasonCode = &v.StateReason, types.StateReasonCode(v.StateCode)
	}
	if v.UpdateStatus != "" {
		c.LastUpdateStatus = types.LastUpdateStatus(v.UpdateStatus)
	}
	if v.UpdateStatus == "InProgress" {
		c.LastUpdateStatusReason, c.LastUpdateStatusReasonCode = &v.StateReason, types.LastUpdateStatusReasonCode(v.StateCode)
	}
	return c
}

// into is configuration as one of the output structs that repeat its members.
func into[T any](v *function.Version) *T {
	return repeat[T](configuration(v))
}

// mapped is a mapping as the API's answers show it, as one of the structs that repeat its members. Which members there are
// depends on the source (recorded from AWS).
func mapped[T any](m *pull.EventSourceMapping) *T {
	c := &types.EventSourceMappingConfiguration{
		UUID: &m.UUID, EventSourceArn: &m.EventSourceARN, FunctionArn: &m.FunctionARN, BatchSize: aws.Int32(int32(m.BatchSize)),
		EventSourceMappingArn: aws.String(arn.EventSourceMapping(m.Region, m.Account, m.UUID)), State: &m.State, StateTransitionReason: &m.Reason,
		LastModified: &m.LastModified, FunctionResponseTypes: []types.FunctionResponseType{},
		MaximumBatchingWindowInSeconds: aws.Int32(int32(m.MaximumBatchingWindowInSeconds)),
	}
	if m.ReportBatchItemFailures {
		c.FunctionResponseTypes = append(c.FunctionResponseTypes, types.FunctionResponseTypeReportBatchItemFailures)
	}
	if len(m.Filters) > 0 {
		c.FilterCriteria = &types.FilterCriteria{}
		for i := range m.Filters {
			c.FilterCriteria.Filters = append(c.FilterCriteria.Filters, types.Filter{Pattern: &m.Filters[i]})
		}
	}
	c.KMSKeyArn = optional(m.KMSKey)
	if m.EventCount {
		c.MetricsConfig = &types.EventSourceMappingMetricsConfig{Metrics: []types.EventSourceMappingMetric{types.EventSourceMappingMetricEventCount}}
	}
	if m.StartingPosition == "" { // a queue
		if m.MaximumPollers > 0 {
			c.ProvisionedPollerConfig = &types.ProvisionedPollerConfig{MinimumPollers: aws.Int32(int32(m.MinimumPollers)), MaximumPollers: aws.Int32(int32(m.MaximumPollers))}
		}
		if m.MaximumConcurrency > 0 {
			c.ScalingConfig = &types.ScalingConfig{MaximumConcurrency: aws.Int32(int32(m.MaximumConcurrency))}
		}
		return repeat[T](c)
	}
	c.LastProcessingResult, c.StartingPosition = &m.LastResult, types.EventSourcePosition(m.StartingPosition)
	c.BisectBatchOnFunctionError, c.DestinationConfig = &m.BisectBatchOnFunctionError, &types.DestinationConfig{OnFailure: &types.OnFailure{}}
	if m.OnFailure != "" {
		c.DestinationConfig.OnFailure.Destination = &m.OnFailure
	}
	c.MaximumRecordAgeInSeconds = aws.Int32(int32(m.MaximumRecordAgeInSeconds))
	c.MaximumRetryAttempts = aws.Int32(int32(m.MaximumRetryAttempts))
	c.ParallelizationFactor, c.TumblingWindowInSeconds = aws.Int32(int32(m.ParallelizationFactor)), aws.Int32(int32(m.TumblingWindowInSeconds))
	if !m.StartingPositionTimestamp.IsZero() {
		c.StartingPositionTimestamp = &m.StartingPositionTimestamp
	}
	return repeat[T](c)
}

// repeat copies the members of one of the SDK's structs to another that has the same.
func repeat[T any](c any) *T {
	from, out := reflect.ValueOf(c).Elem(), new(T)
	to := reflect.ValueOf(out).Elem()
	for i := range from.NumField() {
		if f := to.FieldByName(from.Type().Field(i).Name); f.IsValid() && f.CanSet() {
			f.Set(from.Field(i))
		}
	}
	return out
}
