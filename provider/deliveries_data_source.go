package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

type deliveriesDataSource struct{ dataSourceBase }

func newDeliveriesDataSource() datasource.DataSource { return &deliveriesDataSource{} }

var _ datasource.DataSourceWithConfigure = &deliveriesDataSource{}

type deliveriesModel struct {
	Account    types.String `tfsdk:"account"`
	Deliveries types.List   `tfsdk:"deliveries"`
	Function   types.String `tfsdk:"function"`
	ID         types.String `tfsdk:"id"`
	Limit      types.Int64  `tfsdk:"limit"`
	Outcome    types.String `tfsdk:"outcome"`
	Since      types.String `tfsdk:"since"`
	Source     types.String `tfsdk:"source"`
	Text       types.String `tfsdk:"text"`
	Timeout    types.String `tfsdk:"timeout"`
	Wait       types.Bool   `tfsdk:"wait"`
}

var (
	stepType     = map[string]attr.Type{"at": types.StringType, "kind": types.StringType, "reason": types.StringType, "rule": types.StringType}
	deliveryType = map[string]attr.Type{"id": types.Int64Type, "account": types.StringType, "region": types.StringType, "source_service": types.StringType,
		"source_arn": types.StringType, "target_arn": types.StringType, "invocation_type": types.StringType, "request_id": types.StringType,
		"outcome": types.StringType, "attempts": types.Int64Type, "at": types.StringType, "steps": types.ListType{ElemType: types.ObjectType{AttrTypes: stepType}}}
)

// Metadata names the type.
func (d *deliveriesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_deliveries"
}

// Schema describes the data source.
func (d *deliveriesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	optional := func(description string, checks ...validator.String) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: description, Validators: checks}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The delivery trace: one entry for every event and target, with every decision on its way. It waits until nothing is due and nothing is in flight, so that a test asserts on what has happened.",
		Attributes: map[string]schema.Attribute{
			"id":       schema.StringAttribute{Computed: true, MarkdownDescription: "The backend's address."},
			"account":  optional("Only deliveries to targets of this account."),
			"function": optional("Only deliveries to this function: its name or ARN."),
			"source":   optional("Only deliveries from this source: a service (`s3`, `kinesis`, `invoke`) or an ARN."),
			"outcome": optional("Only deliveries with this outcome.", stringvalidator.OneOf("pending", "delivered", "denied", "filtered", "throttled", "failed",
				"dead_lettered", "expired", "dropped")),
			"since":   optional("Only deliveries published at or after this instant, RFC 3339, on the simulator's clock.", stringvalidator.RegexMatches(timeForm, "want an instant, RFC 3339")),
			"limit":   schema.Int64Attribute{Optional: true, MarkdownDescription: "At most so many, the oldest; 1000 by default."},
			"wait":    schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether to wait until the simulator is quiet; `true` by default."},
			"timeout": optional("How long to wait, a duration such as `30s`, the default."),
			"text":    schema.StringAttribute{Computed: true, MarkdownDescription: "The same, for people."},
			"deliveries": schema.ListAttribute{Computed: true, ElementType: types.ObjectType{AttrTypes: deliveryType},
				MarkdownDescription: "The deliveries, oldest first. `outcome` is `pending`, `delivered`, `denied`, `filtered`, `throttled`, `failed`, `dead_lettered`, `expired` or `dropped`; each of `steps` has `at`, `kind`, `reason` and the `rule` of docs/fidelity.md."},
		},
	}
}

// Read waits, and reads the trace.
func (d *deliveriesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m deliveriesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	limit, err := time.ParseDuration(or(m.Timeout, "30s"))
	if err != nil || limit <= 0 {
		resp.Diagnostics.AddAttributeError(path.Root("timeout"), "Not a duration", "Want a positive duration, for example \"30s\".")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if m.Wait.IsNull() || m.Wait.ValueBool() {
		if _, err := d.clients.Control.Drain(ctx, limit); err != nil {
			addError(&resp.Diagnostics, "Waiting until the simulator is quiet:", d.clients.Endpoint, err)
			return
		}
	}
	q := control.DeliveriesQuery{Function: m.Function.ValueString(), Source: m.Source.ValueString(), Outcome: m.Outcome.ValueString(), Account: m.Account.ValueString(), Limit: int(m.Limit.ValueInt64())}
	if at, err := time.Parse(time.RFC3339, m.Since.ValueString()); err == nil {
		q.Since = at
	}
	list, err := d.clients.Control.Deliveries(ctx, q)
	if err == nil {
		var text string
		text, err = d.clients.Control.DeliveriesText(ctx, q)
		m.Text = types.StringValue(text)
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the delivery trace of", d.clients.Endpoint, err)
		return
	}
	values := make([]attr.Value, len(list))
	for i := range list {
		values[i] = deliveryValue(&list[i])
	}
	m.Deliveries, m.ID = types.ListValueMust(types.ObjectType{AttrTypes: deliveryType}, values), types.StringValue(d.clients.Endpoint)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func deliveryValue(d *control.Delivery) attr.Value {
	steps := make([]attr.Value, len(d.Steps))
	for i, s := range d.Steps {
		steps[i] = types.ObjectValueMust(stepType, map[string]attr.Value{"at": types.StringValue(s.At.Format(time.RFC3339Nano)), "kind": types.StringValue(s.Kind),
			"reason": types.StringValue(s.Reason), "rule": types.StringValue(s.Rule)})
	}
	return types.ObjectValueMust(deliveryType, map[string]attr.Value{
		"id": types.Int64Value(d.ID), "account": types.StringValue(d.Account), "region": types.StringValue(d.Region),
		"source_service": types.StringValue(d.Source.Service), "source_arn": types.StringValue(d.Source.ARN), "target_arn": types.StringValue(d.TargetARN),
		"invocation_type": types.StringValue(d.InvocationType), "request_id": types.StringValue(d.RequestID), "outcome": types.StringValue(d.Outcome),
		"attempts": types.Int64Value(int64(d.Attempts)), "at": types.StringValue(d.At.Format(time.RFC3339Nano)),
		"steps": types.ListValueMust(types.ObjectType{AttrTypes: stepType}, steps),
	})
}
