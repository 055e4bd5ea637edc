package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type eventTargetModel struct {
	ID               types.String           `tfsdk:"id"`
	Region           types.String           `tfsdk:"region"`
	AppSync          types.List             `tfsdk:"appsync_target"`
	ARN              types.String           `tfsdk:"arn"`
	Batch            types.List             `tfsdk:"batch_target"`
	DeadLetterConfig []eventDeadLetterData  `tfsdk:"dead_letter_config"`
	ECS              types.List             `tfsdk:"ecs_target"`
	Bus              types.String           `tfsdk:"event_bus_name"`
	ForceDestroy     types.Bool             `tfsdk:"force_destroy"`
	HTTP             types.List             `tfsdk:"http_target"`
	Input            types.String           `tfsdk:"input"`
	InputPath        types.String           `tfsdk:"input_path"`
	InputTransformer []eventTransformerData `tfsdk:"input_transformer"`
	Kinesis          types.List             `tfsdk:"kinesis_target"`
	Redshift         types.List             `tfsdk:"redshift_target"`
	RetryPolicy      []eventRetryData       `tfsdk:"retry_policy"`
	Role             types.String           `tfsdk:"role_arn"`
	Rule             types.String           `tfsdk:"rule"`
	RunCommand       types.List             `tfsdk:"run_command_targets"`
	SageMaker        types.List             `tfsdk:"sagemaker_pipeline_target"`
	SQS              []eventSQSData         `tfsdk:"sqs_target"`
	TargetID         types.String           `tfsdk:"target_id"`
}

type eventDeadLetterData struct {
	ARN types.String `tfsdk:"arn"`
}

type eventTransformerData struct {
	Paths    types.Map    `tfsdk:"input_paths"`
	Template types.String `tfsdk:"input_template"`
}

type eventRetryData struct {
	Age      types.Int64 `tfsdk:"maximum_event_age_in_seconds"`
	Attempts types.Int64 `tfsdk:"maximum_retry_attempts"`
}

type eventSQSData struct {
	Group types.String `tfsdk:"message_group_id"`
}

var eventTargetRefused = []refused{{name: "appsync_target"}, {name: "batch_target"}, {name: "ecs_target"}, {name: "http_target"}, {name: "kinesis_target"}, {name: "redshift_target"},
	{name: "run_command_targets"}, {name: "sagemaker_pipeline_target"}}

func newEventTargetResource() resource.Resource {
	return &importedBy[eventTargetModel]{want: "RULE/TARGET_ID or BUS/RULE/TARGET_ID", parse: func(id string) map[string]string {
		bus, rest := cutBus(id, 2)
		if len(rest) != 2 {
			return nil
		}
		return map[string]string{"event_bus_name": bus, "rule": rest[0], "target_id": rest[1]}
	}, kept: kept[eventTargetModel]{
		typ: "cloudwatch_event_target", noun: "the target", label: func(m *eventTargetModel) string { return m.Rule.ValueString() + " " + m.TargetID.ValueString() },
		schema: eventTargetSchema, refused: eventTargetRefused,
		create: func(ctx context.Context, b *resourceBase, m *eventTargetModel) error {
			none := types.StringNull()
			generate(&m.TargetID, &none)
			return putEventTarget(ctx, b, m)
		},
		read: readEventTarget,
		update: func(ctx context.Context, b *resourceBase, m, _ *eventTargetModel) error {
			return putEventTarget(ctx, b, m)
		},
		remove: func(ctx context.Context, b *resourceBase, m *eventTargetModel) error {
			_, err := b.clients.EventBridge(m.Region.ValueString()).RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{EventBusName: m.Bus.ValueStringPointer(), Rule: m.Rule.ValueStringPointer(),
				Ids: []string{m.TargetID.ValueString()}, Force: m.ForceDestroy.ValueBool()})
			return err
		},
		plan: planRegionAlone,
	}}
}

func putEventTarget(ctx context.Context, b *resourceBase, m *eventTargetModel) error {
	t := ebtypes.Target{Id: m.TargetID.ValueStringPointer(), Arn: m.ARN.ValueStringPointer(), Input: given(m.Input), InputPath: given(m.InputPath), RoleArn: given(m.Role)}
	for _, d := range m.DeadLetterConfig {
		t.DeadLetterConfig = &ebtypes.DeadLetterConfig{Arn: given(d.ARN)}
	}
	for _, x := range m.InputTransformer {
		t.InputTransformer = &ebtypes.InputTransformer{InputPathsMap: textsIn(x.Paths), InputTemplate: x.Template.ValueStringPointer()}
	}
	for _, r := range m.RetryPolicy {
		t.RetryPolicy = &ebtypes.RetryPolicy{MaximumEventAgeInSeconds: int32Of(r.Age), MaximumRetryAttempts: int32Of(r.Attempts)}
	}
	for _, s := range m.SQS {
		t.SqsParameters = &ebtypes.SqsParameters{MessageGroupId: given(s.Group)}
	}
	_, err := b.clients.EventBridge(m.Region.ValueString()).PutTargets(ctx, &eventbridge.PutTargetsInput{EventBusName: m.Bus.ValueStringPointer(), Rule: m.Rule.ValueStringPointer(), Targets: []ebtypes.Target{t}})
	return err
}

func readEventTarget(ctx context.Context, b *resourceBase, m *eventTargetModel) error {
	m.Region = b.regionOf(m.Region)
	out, err := b.clients.EventBridge(m.Region.ValueString()).ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{EventBusName: m.Bus.ValueStringPointer(), Rule: m.Rule.ValueStringPointer()})
	if err != nil {
		return err
	}
	for _, t := range out.Targets { // all of them: a rule has five at most
		if *t.Id == m.TargetID.ValueString() {
			m.take(t)
			return nil
		}
	}
	return errGone
}

// take makes the model what the API says.
func (m *eventTargetModel) take(t ebtypes.Target) {
	m.ID = types.StringValue(onBus(m.Bus, "-", m.Rule.ValueString()+"-"+*t.Id))
	m.ARN, m.Role = types.StringPointerValue(t.Arn), optionalString(t.RoleArn, m.Role)
	m.Input, m.InputPath = optionalString(t.Input, m.Input), optionalString(t.InputPath, m.InputPath)
	if m.ForceDestroy.IsNull() {
		m.ForceDestroy = types.BoolValue(false)
	}
	if d := t.DeadLetterConfig; d != nil {
		m.DeadLetterConfig = []eventDeadLetterData{{types.StringPointerValue(d.Arn)}}
	} else {
		m.DeadLetterConfig = nil
	}
	if r := t.RetryPolicy; r != nil {
		m.RetryPolicy = []eventRetryData{{int64Of(r.MaximumEventAgeInSeconds), int64Of(r.MaximumRetryAttempts)}}
	} else {
		m.RetryPolicy = nil
	}
	if s := t.SqsParameters; s != nil {
		m.SQS = []eventSQSData{{types.StringPointerValue(s.MessageGroupId)}}
	} else {
		m.SQS = nil
	}
	if x := t.InputTransformer; x != nil {
		paths := types.MapNull(types.StringType)
		if len(x.InputPathsMap) > 0 {
			paths, _ = types.MapValueFrom(context.Background(), types.StringType, x.InputPathsMap) // strings always are
		}
		m.InputTransformer = []eventTransformerData{{paths, types.StringPointerValue(x.InputTemplate)}}
	} else {
		m.InputTransformer = nil
	}
}
