package provider

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// eventInvokeConfigModel is lambdasim_function_event_invoke_config in configuration, plan and state.
type eventInvokeConfigModel struct {
	ID                types.String       `tfsdk:"id"`
	Region            types.String       `tfsdk:"region"`
	DestinationConfig []destinationsData `tfsdk:"destination_config"`
	FunctionName      types.String       `tfsdk:"function_name"`
	MaximumEventAge   types.Int64        `tfsdk:"maximum_event_age_in_seconds"`
	MaximumRetries    types.Int64        `tfsdk:"maximum_retry_attempts"`
	Qualifier         types.String       `tfsdk:"qualifier"`
}

type destinationsData struct {
	OnFailure []destinationData `tfsdk:"on_failure"`
	OnSuccess []destinationData `tfsdk:"on_success"`
}

type destinationData struct {
	Destination types.String `tfsdk:"destination"`
}

func newFunctionEventInvokeConfigResource() resource.Resource {
	return &importedBy[eventInvokeConfigModel]{want: "NAME, NAME:QUALIFIER, or a function's ARN with or without a qualifier", parse: eventInvokeConfigID, kept: kept[eventInvokeConfigModel]{
		typ: "lambda_function_event_invoke_config", noun: "the event invoke configuration of the function",
		label:  func(m *eventInvokeConfigModel) string { return qualified(m.FunctionName, m.Qualifier) },
		schema: eventInvokeConfigSchema,
		create: putEventInvokeConfig,
		update: func(ctx context.Context, b *resourceBase, m, _ *eventInvokeConfigModel) error {
			return putEventInvokeConfig(ctx, b, m)
		},
		read: readEventInvokeConfig,
		remove: func(ctx context.Context, b *resourceBase, m *eventInvokeConfigModel) error {
			_, err := b.clients.Lambda(m.Region.ValueString()).DeleteFunctionEventInvokeConfig(ctx, &lambda.DeleteFunctionEventInvokeConfigInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: given(m.Qualifier)})
			return err
		},
		plan: planRegionAlone,
	}}
}

func eventInvokeConfigSchema() schema.Schema {
	destination := func(description string) schema.ListNestedBlock {
		return block(description, map[string]schema.Attribute{"destination": schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the destination.", Validators: []validator.String{arnValidator()}}}, nil)
	}
	name, qualifier := once(true, "Name or ARN of the function. A change replaces the configuration."), once(false, "Version, alias or `$LATEST`, which it is by default. A change replaces the configuration.")
	name.Validators, qualifier.Validators = []validator.String{stringvalidator.LengthAtLeast(1)}, []validator.String{stringvalidator.LengthAtLeast(1)}
	return schema.Schema{
		MarkdownDescription: "How asynchronous invocations of a function, of a version or of an alias are handled: how often they are tried again, how long they may wait, and where the record of each goes.",
		Attributes: map[string]schema.Attribute{
			"id":            idAttribute("The function's name or ARN, and the qualifier after a colon where there is one."),
			"region":        regionAttribute(),
			"function_name": name,
			"maximum_event_age_in_seconds": schema.Int64Attribute{Optional: true, MarkdownDescription: "Seconds for which an event may wait, 60 to 21600. Six hours by default.",
				Validators: []validator.Int64{int64validator.Between(60, 21600)}},
			"maximum_retry_attempts": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(2), MarkdownDescription: "How often an event is tried again after a function error, 0 to 2. 2 by default.",
				Validators: []validator.Int64{int64validator.Between(0, 2)}},
			"qualifier": qualifier,
		},
		Blocks: map[string]schema.Block{
			"destination_config": block("Where the invocation records go. The execution role must be allowed to write there.", nil, map[string]schema.Block{
				"on_failure": destination("The destination of events that were given up: a queue, a topic, a function, an event bus or a bucket."),
				"on_success": destination("The destination of events that the function handled: a queue, a topic, a function or an event bus."),
			}),
		},
	}
}

// qualified is a function's name or ARN with a qualifier, where there is one, after a colon.
func qualified(name, qualifier types.String) string {
	if qualifier.ValueString() == "" {
		return name.ValueString()
	}
	return name.ValueString() + ":" + qualifier.ValueString()
}

// eventInvokeConfigID takes an id apart. An ARN has six colons before the function's name.
func eventInvokeConfigID(id string) map[string]string {
	m := functionNameForm.FindStringSubmatch(id)
	if m == nil {
		return nil
	}
	if m[7] == "" {
		return map[string]string{"function_name": id, "id": id}
	}
	return map[string]string{"function_name": strings.TrimSuffix(id, m[6]), "qualifier": m[7], "id": id}
}

// putEventInvokeConfig writes the whole configuration: what is not given is no longer there.
func putEventInvokeConfig(ctx context.Context, b *resourceBase, m *eventInvokeConfigModel) error {
	in := &lambda.PutFunctionEventInvokeConfigInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: given(m.Qualifier),
		MaximumRetryAttempts: int32Of(m.MaximumRetries), MaximumEventAgeInSeconds: int32Of(m.MaximumEventAge)}
	for _, d := range m.DestinationConfig {
		in.DestinationConfig = &awstypes.DestinationConfig{}
		for _, to := range d.OnFailure {
			in.DestinationConfig.OnFailure = &awstypes.OnFailure{Destination: given(to.Destination)}
		}
		for _, to := range d.OnSuccess {
			in.DestinationConfig.OnSuccess = &awstypes.OnSuccess{Destination: given(to.Destination)}
		}
	}
	err := patiently(ctx, b.clients.Patience, saying(destinationTexts), func() error {
		_, err := b.clients.Lambda(m.Region.ValueString()).PutFunctionEventInvokeConfig(ctx, in)
		return err
	})
	m.ID = types.StringValue(qualified(m.FunctionName, m.Qualifier))
	return err
}

func readEventInvokeConfig(ctx context.Context, b *resourceBase, m *eventInvokeConfigModel) error {
	m.Region = b.regionOf(m.Region)
	out, err := b.clients.Lambda(m.Region.ValueString()).GetFunctionEventInvokeConfig(ctx, &lambda.GetFunctionEventInvokeConfigInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: given(m.Qualifier)})
	if err != nil {
		return err
	}
	m.ID = types.StringValue(qualified(m.FunctionName, m.Qualifier))
	m.MaximumEventAge, m.MaximumRetries = int64Of(out.MaximumEventAgeInSeconds), int64Of(out.MaximumRetryAttempts)
	m.DestinationConfig = readDestinations(out.DestinationConfig, m.DestinationConfig)
	return nil
}

// readDestinations takes the destinations; blocks that are written and say nothing stay.
func readDestinations(c *awstypes.DestinationConfig, was []destinationsData) []destinationsData {
	d := destinationsData{}
	if c != nil && c.OnFailure != nil && aws.ToString(c.OnFailure.Destination) != "" {
		d.OnFailure = []destinationData{{types.StringPointerValue(c.OnFailure.Destination)}}
	}
	if c != nil && c.OnSuccess != nil && aws.ToString(c.OnSuccess.Destination) != "" {
		d.OnSuccess = []destinationData{{types.StringPointerValue(c.OnSuccess.Destination)}}
	}
	if len(was) > 0 {
		d.OnFailure, d.OnSuccess = stillBlank(d.OnFailure, was[0].OnFailure), stillBlank(d.OnSuccess, was[0].OnSuccess)
		return []destinationsData{d}
	}
	if d.OnFailure == nil && d.OnSuccess == nil {
		return nil
	}
	return []destinationsData{d}
}

// stillBlank is what was read; where that is nothing, and the block that was written has "", the block.
func stillBlank(read, was []destinationData) []destinationData {
	if len(read) == 0 && len(was) > 0 && was[0].Destination.ValueString() == "" {
		return was
	}
	return read
}
