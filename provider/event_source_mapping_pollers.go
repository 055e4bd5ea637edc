package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// metricsType is the object of the block metrics_config, and pollersType that of provisioned_poller_config.
var (
	metricsType = types.ObjectType{AttrTypes: map[string]attr.Type{"metrics": types.SetType{ElemType: types.StringType}}}
	pollersType = types.ObjectType{AttrTypes: map[string]attr.Type{"maximum_pollers": types.Int64Type, "minimum_pollers": types.Int64Type,
		"poller_group_name": types.StringType}}
)

// metrics are the metrics of metrics_config; without any they are taken away.
func (m *mappingModel) metrics() *awstypes.EventSourceMappingMetricsConfig {
	c := &awstypes.EventSourceMappingMetricsConfig{Metrics: []awstypes.EventSourceMappingMetric{}}
	for _, block := range m.MetricsConfig.Elements() {
		object, _ := block.(types.Object)
		set, _ := object.Attributes()["metrics"].(types.Set)
		for _, v := range set.Elements() {
			if text, ok := v.(types.String); ok {
				c.Metrics = append(c.Metrics, awstypes.EventSourceMappingMetric(text.ValueString()))
			}
		}
	}
	return c
}

// pollers are those of provisioned_poller_config; without any they are taken away.
func (m *mappingModel) pollers() *awstypes.ProvisionedPollerConfig {
	c := &awstypes.ProvisionedPollerConfig{}
	for _, block := range m.ProvisionedPollerConfig.Elements() {
		object, _ := block.(types.Object)
		least, _ := object.Attributes()["minimum_pollers"].(types.Int64)
		most, _ := object.Attributes()["maximum_pollers"].(types.Int64)
		c.MinimumPollers, c.MaximumPollers = int32Of(least), int32Of(most)
	}
	return c
}

// setOptions gives a new mapping its key, metrics and pollers.
func (m *mappingModel) setOptions(in *lambda.CreateEventSourceMappingInput) {
	in.KMSKeyArn = m.KMSKeyARN.ValueStringPointer()
	if c := m.metrics(); len(c.Metrics) > 0 {
		in.MetricsConfig = c
	}
	if len(m.ProvisionedPollerConfig.Elements()) > 0 {
		in.ProvisionedPollerConfig = m.pollers()
		if in.ProvisionedPollerConfig.MinimumPollers == nil && in.ProvisionedPollerConfig.MaximumPollers == nil {
			in.ProvisionedPollerConfig.MinimumPollers = aws.Int32(minPollers) // an empty block: the defaults
		}
	}
}

// minPollers is the default of minimum_pollers.
const minPollers = 2

// changeOptions says what an update changes of key, metrics and pollers.
func (m *mappingModel) changeOptions(was *mappingModel, in *lambda.UpdateEventSourceMappingInput) {
	if !m.KMSKeyARN.Equal(was.KMSKeyARN) {
		in.KMSKeyArn = aws.String(m.KMSKeyARN.ValueString())
	}
	if !m.MetricsConfig.Equal(was.MetricsConfig) {
		in.MetricsConfig = m.metrics()
	}
	if !m.ProvisionedPollerConfig.Equal(was.ProvisionedPollerConfig) {
		in.ProvisionedPollerConfig = m.pollers()
		if c := in.ProvisionedPollerConfig; len(m.ProvisionedPollerConfig.Elements()) > 0 && c.MinimumPollers == nil && c.MaximumPollers == nil {
			c.MinimumPollers = aws.Int32(minPollers)
		}
	}
}

// readOptions takes key, metrics and pollers from what the API says.
func (m *mappingModel) readOptions(ctx context.Context, c *mapping) (diags diag.Diagnostics) {
	m.KMSKeyARN = types.StringPointerValue(c.KMSKeyArn)
	m.MetricsConfig, m.ProvisionedPollerConfig = types.ListNull(metricsType), types.ListNull(pollersType)
	if c.MetricsConfig != nil && len(c.MetricsConfig.Metrics) > 0 {
		set, more := types.SetValueFrom(ctx, types.StringType, c.MetricsConfig.Metrics)
		diags.Append(more...)
		m.MetricsConfig = types.ListValueMust(metricsType, []attr.Value{types.ObjectValueMust(metricsType.AttrTypes, map[string]attr.Value{"metrics": set})})
	}
	if p := c.ProvisionedPollerConfig; p != nil {
		m.ProvisionedPollerConfig = types.ListValueMust(pollersType, []attr.Value{types.ObjectValueMust(pollersType.AttrTypes, map[string]attr.Value{
			"maximum_pollers": int64Of(p.MaximumPollers), "minimum_pollers": int64Of(p.MinimumPollers), "poller_group_name": types.StringNull()})})
	}
	return diags
}

// validatePollers refuses, of queues, what goes together in no mapping, and of streams every poller that is provisioned.
func (m *mappingModel) validatePollers(queue bool, diags *diag.Diagnostics) {
	at := path.Root("provisioned_poller_config")
	for _, block := range m.ProvisionedPollerConfig.Elements() {
		object, _ := block.(types.Object)
		least, _ := object.Attributes()["minimum_pollers"].(types.Int64)
		most, _ := object.Attributes()["maximum_pollers"].(types.Int64)
		group, _ := object.Attributes()["poller_group_name"].(types.String)
		switch {
		case !queue:
			diags.AddAttributeError(at, "provisioned_poller_config belongs to queues", "Remove it: a stream has a poller for each shard, times parallelization_factor.")
		case !group.IsNull():
			diags.AddAttributeError(at, "poller_group_name belongs to Kafka", "lambdasim does not simulate Kafka as a source: remove it.")
		case m.concurrency() != nil:
			diags.AddAttributeError(at, "provisioned_poller_config and scaling_config exclude each other", "Remove one: maximum_pollers limits the concurrency too, to ten batches each.")
		case !least.IsNull() && !least.IsUnknown() && !most.IsNull() && !most.IsUnknown() && least.ValueInt64() > most.ValueInt64():
			diags.AddAttributeError(at, "More pollers at least than at most", "Make minimum_pollers at most maximum_pollers.")
		}
	}
}
