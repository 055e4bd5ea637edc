package provider

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type eventSourceMappingResource struct{ resourceBase }

func newEventSourceMappingResource() resource.Resource { return &eventSourceMappingResource{} }

var (
	_ resource.ResourceWithConfigure      = &eventSourceMappingResource{}
	_ resource.ResourceWithModifyPlan     = &eventSourceMappingResource{}
	_ resource.ResourceWithValidateConfig = &eventSourceMappingResource{}
	_ resource.ResourceWithImportState    = &eventSourceMappingResource{}
)

// Metadata names the type.
func (r *eventSourceMappingResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = lambdaType(req.ProviderTypeName, "event_source_mapping")
}

// ValidateConfig refuses what is not simulated, and combinations that AWS refuses only at apply.
func (r *eventSourceMappingResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, mappingRefused, &resp.Diagnostics)
	var m mappingModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.EventSourceARN.IsUnknown() || m.EventSourceARN.IsNull() {
		return
	}
	if parts := strings.Split(m.EventSourceARN.ValueString(), ":"); len(parts) >= 6 {
		m.validate(parts[2], strings.HasSuffix(parts[5], ".fifo"), &resp.Diagnostics)
	}
}

// ModifyPlan fills in region and tags, and keeps what does not change.
func (r *eventSourceMappingResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	r.planRegion(ctx, req, resp)
	r.planTags(ctx, resp)
	if req.State.Raw.IsNull() || resp.Diagnostics.HasError() {
		return
	}
	var plan, state mappingModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.FunctionName.IsUnknown() && sameFunction(plan.FunctionName.ValueString(), state.FunctionARN.ValueString()) {
		plan.FunctionARN = state.FunctionARN
	}
	if plan.moves(&state) {
		plan.LastModified, plan.LastProcessingResult, plan.State, plan.StateTransitionReason = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	} else {
		plan.LastModified, plan.LastProcessingResult, plan.State, plan.StateTransitionReason = state.LastModified, state.LastProcessingResult, state.State, state.StateTransitionReason
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// moves reports whether the mapping itself is to be written again.
func (m *mappingModel) moves(state *mappingModel) bool {
	return !m.BatchSize.Equal(state.BatchSize) || !m.MaximumBatchingWindowInSeconds.Equal(state.MaximumBatchingWindowInSeconds) ||
		!m.TumblingWindowInSeconds.Equal(state.TumblingWindowInSeconds) ||
		!m.MaximumRecordAgeInSeconds.Equal(state.MaximumRecordAgeInSeconds) || !m.ParallelizationFactor.Equal(state.ParallelizationFactor) ||
		!m.BisectBatchOnFunctionError.Equal(state.BisectBatchOnFunctionError) || !m.FunctionResponseTypes.Equal(state.FunctionResponseTypes) ||
		!m.ScalingConfig.Equal(state.ScalingConfig) || !m.DestinationConfig.Equal(state.DestinationConfig) || !m.FilterCriteria.Equal(state.FilterCriteria) ||
		!m.KMSKeyARN.Equal(state.KMSKeyARN) || !m.MetricsConfig.Equal(state.MetricsConfig) || !m.ProvisionedPollerConfig.Equal(state.ProvisionedPollerConfig) || !m.Enabled.Equal(state.Enabled) || !m.MaximumRetryAttempts.Equal(state.MaximumRetryAttempts) ||
		m.FunctionName.IsUnknown() || !sameFunction(m.FunctionName.ValueString(), state.FunctionARN.ValueString()) || !m.TagsAll.Equal(state.TagsAll)
}

// Create makes the mapping and waits until it is enabled or disabled.
func (r *eventSourceMappingResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m mappingModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	limit, more := m.Timeouts.Create(ctx, 10*time.Minute)
	resp.Diagnostics.Append(more...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	in := &lambda.CreateEventSourceMappingInput{FunctionName: m.FunctionName.ValueStringPointer(), EventSourceArn: m.EventSourceARN.ValueStringPointer(),
		Enabled: m.Enabled.ValueBoolPointer(), BatchSize: int32Of(m.BatchSize), MaximumRetryAttempts: int32Of(m.MaximumRetryAttempts),
		StartingPosition: awstypes.EventSourcePosition(m.StartingPosition.ValueString()), Tags: tagsOf(ctx, m.TagsAll, &resp.Diagnostics)}
	in.MaximumBatchingWindowInSeconds, in.MaximumRecordAgeInSeconds = int32Of(m.MaximumBatchingWindowInSeconds), int32Of(m.MaximumRecordAgeInSeconds)
	in.ParallelizationFactor, in.BisectBatchOnFunctionError = int32Of(m.ParallelizationFactor), m.BisectBatchOnFunctionError.ValueBoolPointer()
	in.FunctionResponseTypes, in.TumblingWindowInSeconds = m.responses(), int32Of(m.TumblingWindowInSeconds)
	if m.destination() != "" {
		in.DestinationConfig = m.failureDestination()
	}
	if list, _ := m.patterns(); len(list) > 0 {
		in.FilterCriteria = m.filterCriteria()
	}
	if n := m.concurrency(); n != nil {
		in.ScalingConfig = &awstypes.ScalingConfig{MaximumConcurrency: n}
	}
	m.setOptions(in)
	if at, err := time.Parse(time.RFC3339, m.StartingPositionTimestamp.ValueString()); err == nil {
		in.StartingPositionTimestamp = &at
	}
	if resp.Diagnostics.HasError() {
		return
	}
	var out *lambda.CreateEventSourceMappingOutput
	err := patiently(ctx, r.clients.Patience, saying(mappingTexts), func() (err error) {
		out, err = r.clients.Lambda(m.Region.ValueString()).CreateEventSourceMapping(ctx, in)
		return err
	})
	if err != nil {
		addError(&resp.Diagnostics, "Mapping "+m.EventSourceARN.ValueString()+" to the function", m.FunctionName.ValueString(), err)
		return
	}
	m.UUID = types.StringPointerValue(out.UUID)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...) // it exists: if it cannot be read now, the state has it all the same
	if r.settle(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// settle waits until the mapping is at rest, and reads it into the model. It reports false, without an error, when the
// mapping is gone.
func (r *eventSourceMappingResource) settle(ctx context.Context, m *mappingModel, diags *diag.Diagnostics) bool {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		c, err := r.clients.Lambda(m.Region.ValueString()).GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: m.UUID.ValueStringPointer()})
		if isNotFound(err) {
			return false
		}
		if err != nil {
			addError(diags, "Reading the event source mapping", m.UUID.ValueString(), err)
			return false
		}
		if state := aws.ToString(c.State); state == "Enabled" || state == "Disabled" {
			r.take(ctx, m, c, diags)
			return !diags.HasError()
		}
		select {
		case <-ctx.Done():
			addError(diags, "Waiting for the event source mapping", m.UUID.ValueString(), ctx.Err())
			return false
		case <-time.After(wait):
		}
	}
}

func (r *eventSourceMappingResource) take(ctx context.Context, m *mappingModel, c *lambda.GetEventSourceMappingOutput, diags *diag.Diagnostics) {
	if m.Region.IsNull() || m.Region.IsUnknown() {
		m.Region = types.StringValue(r.clients.Region)
	}
	m.read(ctx, &mapping{UUID: c.UUID, EventSourceMappingArn: c.EventSourceMappingArn, EventSourceArn: c.EventSourceArn, FunctionArn: c.FunctionArn, BatchSize: c.BatchSize,
		MaximumRecordAgeInSeconds: c.MaximumRecordAgeInSeconds, MaximumRetryAttempts: c.MaximumRetryAttempts, ParallelizationFactor: c.ParallelizationFactor,
		StartingPosition: c.StartingPosition, StartingPositionTimestamp: c.StartingPositionTimestamp, LastProcessingResult: c.LastProcessingResult,
		StateTransitionReason: c.StateTransitionReason, State: c.State, LastModified: c.LastModified})
	diags.Append(m.readOptional(ctx, &mapping{BisectBatchOnFunctionError: c.BisectBatchOnFunctionError, MaximumBatchingWindowInSeconds: c.MaximumBatchingWindowInSeconds,
		TumblingWindowInSeconds: c.TumblingWindowInSeconds, FunctionResponseTypes: c.FunctionResponseTypes, ScalingConfig: c.ScalingConfig, DestinationConfig: c.DestinationConfig, FilterCriteria: c.FilterCriteria})...)
	diags.Append(m.readOptions(ctx, &mapping{KMSKeyArn: c.KMSKeyArn, MetricsConfig: c.MetricsConfig, ProvisionedPollerConfig: c.ProvisionedPollerConfig})...)
	tags, err := r.clients.Lambda(m.Region.ValueString()).ListTags(ctx, &lambda.ListTagsInput{Resource: c.EventSourceMappingArn})
	if err != nil {
		addError(diags, "Reading the tags of", aws.ToString(c.EventSourceMappingArn), err)
		return
	}
	m.Tags, m.TagsAll = r.readTags(tags.Tags, m.Tags)
}

// Read refreshes the state; a mapping that is gone leaves it.
func (r *eventSourceMappingResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m mappingModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.UUID.IsNull() {
		m.UUID = m.ID // imported
	}
	c, err := r.clients.Lambda(m.Region.ValueString()).GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: m.UUID.ValueStringPointer()})
	if isNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the event source mapping", m.UUID.ValueString(), err)
		return
	}
	if r.take(ctx, &m, c, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Update changes the mapping in place.
func (r *eventSourceMappingResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was mappingModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	limit, more := m.Timeouts.Update(ctx, 10*time.Minute)
	resp.Diagnostics.Append(more...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.clients.Lambda(m.Region.ValueString())
	in := &lambda.UpdateEventSourceMappingInput{UUID: was.UUID.ValueStringPointer(), Enabled: m.Enabled.ValueBoolPointer(), BatchSize: int32Of(m.BatchSize),
		MaximumRetryAttempts: int32Of(m.MaximumRetryAttempts)}
	m.change(&was, in)
	if !sameFunction(m.FunctionName.ValueString(), was.FunctionARN.ValueString()) {
		in.FunctionName = m.FunctionName.ValueStringPointer()
	}
	err := patiently(ctx, r.clients.Patience, saying(mappingTexts), func() error {
		_, err := client.UpdateEventSourceMapping(ctx, in)
		return err
	})
	if err != nil {
		addError(&resp.Diagnostics, "Updating the event source mapping", was.UUID.ValueString(), err)
		return
	}
	if !m.TagsAll.Equal(was.TagsAll) {
		r.updateTags(ctx, client, was.ARN.ValueString(), tagsOf(ctx, was.TagsAll, &resp.Diagnostics), tagsOf(ctx, m.TagsAll, &resp.Diagnostics), &resp.Diagnostics)
	}
	m.UUID = was.UUID
	if !resp.Diagnostics.HasError() && r.settle(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete removes the mapping.
func (r *eventSourceMappingResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m mappingModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.clients.Lambda(m.Region.ValueString()).DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: m.UUID.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the event source mapping", m.UUID.ValueString(), err)
	}
}

// ImportState imports by UUID or UUID@REGION.
func (r *eventSourceMappingResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("uuid"), cutRegion(ctx, req, resp), resp)
}
