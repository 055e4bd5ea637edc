package provider

import (
	"context"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// subscriptionFilterModel is lambdasim_cloudwatch_log_subscription_filter in configuration, plan and state.
type subscriptionFilterModel struct {
	ID            types.String `tfsdk:"id"`
	Region        types.String `tfsdk:"region"`
	OnTransformed types.Bool   `tfsdk:"apply_on_transformed_logs"`
	Destination   types.String `tfsdk:"destination_arn"`
	Distribution  types.String `tfsdk:"distribution"`
	SystemFields  types.Set    `tfsdk:"emit_system_fields"`
	Pattern       types.String `tfsdk:"filter_pattern"`
	Group         types.String `tfsdk:"log_group_name"`
	Name          types.String `tfsdk:"name"`
	Role          types.String `tfsdk:"role_arn"`
}

var subscriptionFilterRefused = []refused{{name: "apply_on_transformed_logs"}, {name: "emit_system_fields"}, {name: "role_arn"}}

func newSubscriptionFilterResource() resource.Resource {
	return &importedBy[subscriptionFilterModel]{want: "LOG_GROUP|NAME", parse: func(id string) map[string]string {
		group, name, ok := strings.Cut(id, "|")
		if !ok || group == "" || name == "" {
			return nil
		}
		return map[string]string{"log_group_name": group, "name": name}
	}, kept: kept[subscriptionFilterModel]{
		typ: "cloudwatch_log_subscription_filter", noun: "the subscription filter", label: func(m *subscriptionFilterModel) string { return m.Name.ValueString() },
		schema: subscriptionFilterSchema, refused: subscriptionFilterRefused, create: putSubscriptionFilter, read: readSubscriptionFilter, plan: planRegionAlone,
		update: func(ctx context.Context, b *resourceBase, m, _ *subscriptionFilterModel) error {
			return putSubscriptionFilter(ctx, b, m)
		},
		remove: func(ctx context.Context, b *resourceBase, m *subscriptionFilterModel) error {
			_, err := b.clients.Logs(m.Region.ValueString()).DeleteSubscriptionFilter(ctx, &cloudwatchlogs.DeleteSubscriptionFilterInput{LogGroupName: m.Group.ValueStringPointer(), FilterName: m.Name.ValueStringPointer()})
			return err
		},
	}}
}

func subscriptionFilterSchema() schema.Schema {
	name := requiredOnce("Name of the filter, up to 512 characters.")
	name.Validators = []validator.String{stringvalidator.LengthBetween(1, 512)}
	stored := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	return schema.Schema{
		MarkdownDescription: "Calls a function, asynchronously, with what another function writes to a log group, as far as a pattern lets it through. The function's policy must let `logs.amazonaws.com` in before: " +
			"else it is refused when it is created, as in AWS. A group has two filters at most. What one invocation wrote is one event.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("Made from the group's name."), "region": regionAttribute(), "name": name,
			"log_group_name": requiredOnce("Name of the log group."), "destination_arn": requiredOnce("ARN of the function, of a version or of an alias. Streams are not simulated as destinations."),
			"filter_pattern": schema.StringAttribute{Required: true, MarkdownDescription: "Pattern of CloudWatch Logs; `\"\"` lets everything through.", Validators: []validator.String{stringvalidator.LengthBetween(0, 1024)}},
			"distribution": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(string(logstypes.DistributionByLogStream)), MarkdownDescription: "`ByLogStream` or `Random`. It is about destinations that have shards; a function has none.",
				Validators: []validator.String{stringvalidator.OneOf(enum(logstypes.Distribution("").Values())...)}},
			"role_arn":                  schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "For streams only. " + notSimulated, PlanModifiers: stored},
			"apply_on_transformed_logs": schema.BoolAttribute{Optional: true, Computed: true, MarkdownDescription: notSimulated},
			"emit_system_fields":        texts(false),
		},
	}
}

func putSubscriptionFilter(ctx context.Context, b *resourceBase, m *subscriptionFilterModel) error {
	_, err := b.clients.Logs(m.Region.ValueString()).PutSubscriptionFilter(ctx, &cloudwatchlogs.PutSubscriptionFilterInput{LogGroupName: m.Group.ValueStringPointer(), FilterName: m.Name.ValueStringPointer(),
		FilterPattern: m.Pattern.ValueStringPointer(), DestinationArn: m.Destination.ValueStringPointer(), Distribution: logstypes.Distribution(m.Distribution.ValueString())})
	return err
}

func readSubscriptionFilter(ctx context.Context, b *resourceBase, m *subscriptionFilterModel) error {
	m.Region = b.regionOf(m.Region)
	pages := cloudwatchlogs.NewDescribeSubscriptionFiltersPaginator(b.clients.Logs(m.Region.ValueString()), &cloudwatchlogs.DescribeSubscriptionFiltersInput{LogGroupName: m.Group.ValueStringPointer(), FilterNamePrefix: m.Name.ValueStringPointer()})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, f := range page.SubscriptionFilters {
			if *f.FilterName != m.Name.ValueString() {
				continue
			}
			m.ID = types.StringValue(fmt.Sprintf("cwlsf-%d", crc32.ChecksumIEEE([]byte(m.Group.ValueString()+"-")))) // as the AWS provider makes it
			m.Destination, m.Pattern, m.Distribution = types.StringPointerValue(f.DestinationArn), types.StringPointerValue(f.FilterPattern), types.StringValue(string(f.Distribution))
			m.OnTransformed, m.Role, m.SystemFields = types.BoolValue(f.ApplyOnTransformedLogs), types.StringValue(""), types.SetNull(types.StringType)
			return nil
		}
	}
	return errGone
}
