package provider

import (
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

const fifoSuffix = ".fifo"

func isFIFOName(name string) bool { return strings.HasSuffix(name, fifoSuffix) }

// nameQueue fills in a name that is not known yet. A FIFO queue's ends in .fifo.
func nameQueue(m *sqsQueueModel) {
	generated := m.Name.ValueString() == ""
	generate(&m.Name, &m.NamePrefix)
	if generated && m.FIFO.ValueBool() {
		m.Name = types.StringValue(m.Name.ValueString() + fifoSuffix)
	}
}

// attributes are what the model says of a queue, by the names of the API. What is not known is left out; what may be taken
// away and is absent is "".
func (m *sqsQueueModel) attributes() map[string]string {
	out := map[string]string{}
	for name, v := range map[string]types.Int64{"DelaySeconds": m.DelaySeconds, "MaximumMessageSize": m.MaxMessageSize, "MessageRetentionPeriod": m.Retention,
		"ReceiveMessageWaitTimeSeconds": m.ReceiveWait, "VisibilityTimeout": m.Visibility, "KmsDataKeyReusePeriodSeconds": m.KMSReusePeriod} {
		if !v.IsNull() && !v.IsUnknown() {
			out[name] = strconv.FormatInt(v.ValueInt64(), 10)
		}
	}
	for name, v := range map[string]fwtypes.JSON{"Policy": m.Policy, "RedrivePolicy": m.RedrivePolicy, "RedriveAllowPolicy": m.RedriveAllowPolicy} {
		if !v.IsUnknown() {
			out[name] = v.ValueString()
		}
	}
	if !m.KMSKey.IsUnknown() {
		out["KmsMasterKeyId"] = m.KMSKey.ValueString()
	}
	if !m.ManagedSSE.IsUnknown() && !m.ManagedSSE.IsNull() && m.KMSKey.ValueString() == "" {
		out["SqsManagedSseEnabled"] = strconv.FormatBool(m.ManagedSSE.ValueBool())
	}
	if m.FIFO.ValueBool() {
		out["ContentBasedDeduplication"] = strconv.FormatBool(m.ContentBased.ValueBool())
		for name, v := range map[string]types.String{"DeduplicationScope": m.DeduplicationScope, "FifoThroughputLimit": m.FIFOThroughputLimit} {
			if given(v) != nil {
				out[name] = v.ValueString()
			}
		}
	}
	return out
}

// read fills in the model from a queue's attributes.
func (m *sqsQueueModel) read(attributes map[string]string, diags *diag.Diagnostics) {
	number := func(name string) types.Int64 {
		text, ok := attributes[name]
		if !ok {
			return types.Int64Null()
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			diags.AddError("Reading the queue", "Its attribute "+name+" is "+strconv.Quote(text)+", and no number.")
		}
		return types.Int64Value(n)
	}
	text := func(name string) types.String {
		if attributes[name] == "" {
			return types.StringNull()
		}
		return types.StringValue(attributes[name])
	}
	m.ARN = types.StringValue(attributes["QueueArn"])
	m.FIFO, m.ContentBased = types.BoolValue(attributes["FifoQueue"] == "true"), types.BoolValue(attributes["ContentBasedDeduplication"] == "true")
	m.DeduplicationScope, m.FIFOThroughputLimit = text("DeduplicationScope"), text("FifoThroughputLimit")
	m.DelaySeconds, m.MaxMessageSize, m.Retention = number("DelaySeconds"), number("MaximumMessageSize"), number("MessageRetentionPeriod")
	m.ReceiveWait, m.Visibility, m.KMSReusePeriod = number("ReceiveMessageWaitTimeSeconds"), number("VisibilityTimeout"), number("KmsDataKeyReusePeriodSeconds")
	key := attributes["KmsMasterKeyId"]
	m.KMSKey, m.ManagedSSE = optionalString(&key, m.KMSKey), types.BoolValue(attributes["SqsManagedSseEnabled"] == "true")
	m.Policy, m.RedrivePolicy, m.RedriveAllowPolicy = m.Policy.Shown(attributes["Policy"]), m.RedrivePolicy.Shown(attributes["RedrivePolicy"]), m.RedriveAllowPolicy.Shown(attributes["RedriveAllowPolicy"])
}
