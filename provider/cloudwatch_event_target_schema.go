package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func eventTargetSchema() schema.Schema {
	transformer := block("What is sent is made of the event's parts.", map[string]schema.Attribute{
		"input_paths":    schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Variables, and the JSON path of each in the event: names and indexes."},
		"input_template": schema.StringAttribute{Required: true, MarkdownDescription: "JSON, or lines of quoted text, with `<variable>`s.", Validators: []validator.String{stringvalidator.LengthBetween(1, 8192)}},
	}, nil)
	transformer.Validators = append(transformer.Validators, listvalidator.ConflictsWith(path.MatchRoot("input"), path.MatchRoot("input_path")))
	s := schema.Schema{
		MarkdownDescription: "A target of a rule: a function, a queue, a topic or another event bus. A function's own policy must let `events.amazonaws.com` call it for the rule (`lambdasim_permission`), a queue's must let it send.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The rule's name and the target's id."), "region": regionAttribute(), "event_bus_name": busAttribute(),
			"arn":           schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the target.", Validators: []validator.String{arnValidator()}},
			"force_destroy": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Stored: it is about rules that AWS's own services manage."},
			"input": schema.StringAttribute{Optional: true, MarkdownDescription: "JSON that is sent instead of the event.",
				Validators: []validator.String{stringvalidator.LengthAtMost(8192), stringvalidator.ConflictsWith(path.MatchRoot("input_path"))}},
			"input_path": schema.StringAttribute{Optional: true, MarkdownDescription: "JSON path of the part of the event that is sent.", Validators: []validator.String{stringvalidator.LengthAtMost(256)}},
			"role_arn":   schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the role as which EventBridge sends: needed for a bus of another account.", Validators: []validator.String{arnValidator()}},
			"rule":       requiredOnce("Name of the rule."),
			"target_id": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Id of the target; generated when it is not given.", Validators: []validator.String{stringvalidator.LengthBetween(1, 64)},
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplaceIfConfigured()}},
		},
		Blocks: map[string]schema.Block{
			"dead_letter_config": block("Where an event goes that the target did not take.", map[string]schema.Attribute{
				"arn": schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of a standard queue, whose policy must let `events.amazonaws.com` send for the rule.", Validators: []validator.String{arnValidator()}}}, nil),
			"input_transformer": transformer,
			"retry_policy": block("How long a target that is overloaded is tried again. One that refuses is not.", map[string]schema.Attribute{
				"maximum_event_age_in_seconds": schema.Int64Attribute{Optional: true, MarkdownDescription: "60 to 86400; 24 hours by default.", Validators: []validator.Int64{int64validator.Between(60, 86400)}},
				"maximum_retry_attempts":       schema.Int64Attribute{Optional: true, MarkdownDescription: "0 to 185, which it is by default.", Validators: []validator.Int64{int64validator.Between(0, 185)}},
			}, nil),
			"sqs_target": block("For FIFO queues.", map[string]schema.Attribute{"message_group_id": schema.StringAttribute{Optional: true, MarkdownDescription: "Message group."}}, nil),
		},
	}
	for name, b := range otherTargets() {
		s.Blocks[name] = b
	}
	return s
}

// otherTargets are the blocks of targets that are refused.
func otherTargets() map[string]schema.Block {
	setBlock := func(attributes map[string]schema.Attribute) schema.SetNestedBlock {
		return schema.SetNestedBlock{MarkdownDescription: notSimulated, NestedObject: schema.NestedBlockObject{Attributes: attributes}}
	}
	textMap := schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: notSimulated}
	return map[string]schema.Block{
		"appsync_target": block(notSimulated, map[string]schema.Attribute{"graphql_operation": text(false)}, nil),
		"batch_target":   block(notSimulated, map[string]schema.Attribute{"array_size": number(), "job_attempts": number(), "job_definition": text(true), "job_name": text(true)}, nil),
		"ecs_target": block(notSimulated, map[string]schema.Attribute{"enable_ecs_managed_tags": boolean(), "enable_execute_command": boolean(), "group": text(false), "launch_type": text(false),
			"platform_version": text(false), "propagate_tags": text(false), "tags": textMap, "task_count": number(), "task_definition_arn": text(true)}, map[string]schema.Block{
			"capacity_provider_strategy": setBlock(map[string]schema.Attribute{"base": number(), "capacity_provider": text(true), "weight": number()}),
			"network_configuration":      block(notSimulated, map[string]schema.Attribute{"assign_public_ip": boolean(), "security_groups": texts(false), "subnets": texts(true)}, nil),
			"ordered_placement_strategy": schema.ListNestedBlock{MarkdownDescription: notSimulated, NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{"field": text(false), "type": text(true)}}},
			"placement_constraint":       setBlock(map[string]schema.Attribute{"expression": text(false), "type": text(true)}),
		}),
		"http_target":    block(notSimulated, map[string]schema.Attribute{"header_parameters": textMap, "path_parameter_values": textList(), "query_string_parameters": textMap}, nil),
		"kinesis_target": block(notSimulated, map[string]schema.Attribute{"partition_key_path": text(false)}, nil),
		"redshift_target": block(notSimulated, map[string]schema.Attribute{"database": text(true), "db_user": text(false), "secrets_manager_arn": text(false), "sql": text(false), "statement_name": text(false),
			"with_event": boolean()}, nil),
		"run_command_targets": schema.ListNestedBlock{MarkdownDescription: notSimulated, NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{"key": text(true),
			"values": schema.ListAttribute{ElementType: types.StringType, Required: true, MarkdownDescription: notSimulated}}}},
		"sagemaker_pipeline_target": block(notSimulated, nil, map[string]schema.Block{"pipeline_parameter_list": setBlock(map[string]schema.Attribute{"name": text(true), "value": text(true)})}),
	}
}
