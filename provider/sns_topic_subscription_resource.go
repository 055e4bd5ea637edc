package provider

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type snsSubscriptionModel struct {
	ID                  types.String `tfsdk:"id"`
	Region              types.String `tfsdk:"region"`
	ARN                 types.String `tfsdk:"arn"`
	ConfirmationTimeout types.Int64  `tfsdk:"confirmation_timeout_in_minutes"`
	Authenticated       types.Bool   `tfsdk:"confirmation_was_authenticated"`
	DeliveryPolicy      fwtypes.JSON `tfsdk:"delivery_policy"`
	Endpoint            types.String `tfsdk:"endpoint"`
	AutoConfirms        types.Bool   `tfsdk:"endpoint_auto_confirms"`
	FilterPolicy        fwtypes.JSON `tfsdk:"filter_policy"`
	FilterScope         types.String `tfsdk:"filter_policy_scope"`
	Owner               types.String `tfsdk:"owner_id"`
	Pending             types.Bool   `tfsdk:"pending_confirmation"`
	Protocol            types.String `tfsdk:"protocol"`
	Raw                 types.Bool   `tfsdk:"raw_message_delivery"`
	RedrivePolicy       fwtypes.JSON `tfsdk:"redrive_policy"`
	ReplayPolicy        types.String `tfsdk:"replay_policy"`
	Role                types.String `tfsdk:"subscription_role_arn"`
	Topic               types.String `tfsdk:"topic_arn"`
}

var subscriptionRefused = []refused{{name: "replay_policy"},
	{name: "subscription_role_arn"}}

func newSNSTopicSubscriptionResource() resource.Resource {
	return &importedBy[snsSubscriptionModel]{want: "the subscription's ARN", parse: byARN("sns"), kept: kept[snsSubscriptionModel]{
		typ: "sns_topic_subscription", noun: "the subscription", label: func(m *snsSubscriptionModel) string { return or(m.Endpoint, m.ID.ValueString()) },
		schema: subscriptionSchema, refused: subscriptionRefused, plan: planRegionAlone, create: createSubscription, read: readSubscription, update: updateSubscription,
		remove: func(ctx context.Context, b *resourceBase, m *snsSubscriptionModel) error {
			_, err := b.clients.SNS(m.Region.ValueString()).Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: m.ID.ValueStringPointer()})
			return err
		},
	}}
}

func subscriptionSchema() schema.Schema {
	fixed := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	document := func(description string) schema.StringAttribute {
		return schema.StringAttribute{CustomType: fwtypes.JSONType{}, Optional: true, MarkdownDescription: description}
	}
	return schema.Schema{
		MarkdownDescription: "A subscription to a topic: of a function, a queue or an HTTP endpoint on this machine.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The subscription's ARN."), "region": regionAttribute(), "arn": computedOnce("ARN of the subscription."),
			"confirmation_timeout_in_minutes": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(1), MarkdownDescription: "Minutes to wait for an endpoint that confirms by itself."},
			"confirmation_was_authenticated":  schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether whoever confirmed the subscription signed."},
			"delivery_policy":                 document("When an HTTP endpoint is tried again, JSON."),
			"endpoint":                        schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the function or queue, or URL.", PlanModifiers: fixed},
			"endpoint_auto_confirms": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether an HTTP endpoint confirms by itself: then it is waited for."},
			"filter_policy": document("Which messages the subscription wants, JSON."),
			"filter_policy_scope": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "`MessageAttributes` or `MessageBody`: what the filter policy is about.",
				Validators: []validator.String{stringvalidator.OneOf("MessageAttributes", "MessageBody")}},
			"owner_id":             computedOnce("Account of the subscription."),
			"pending_confirmation": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the endpoint has still to confirm."},
			"protocol": schema.StringAttribute{Required: true, PlanModifiers: fixed, MarkdownDescription: "`lambda`, `sqs`, `http`, `https`; `email` and `email-json` stay pending. Others are refused by name.",
				Validators: []validator.String{stringvalidator.OneOf("lambda", "sqs", "http", "https", "email", "email-json", "sms", "application", "firehose")}},
			"raw_message_delivery":  schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether a queue or URL gets the message without its envelope."},
			"redrive_policy":        document("The dead-letter queue, JSON with `deadLetterTargetArn`."),
			"replay_policy":         schema.StringAttribute{Optional: true, MarkdownDescription: "Not simulated."},
			"subscription_role_arn": schema.StringAttribute{Optional: true, MarkdownDescription: "Not simulated."},
			"topic_arn":             schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the topic.", PlanModifiers: fixed},
		},
	}
}

// attributes are what the model says of a subscription, by the names of the API; what is absent is "", what is not known is left
// out.
func (m *snsSubscriptionModel) attributes() map[string]string {
	out := map[string]string{"RawMessageDelivery": strconv.FormatBool(m.Raw.ValueBool())}
	for name, v := range map[string]types.String{"FilterPolicyScope": m.FilterScope, "FilterPolicy": m.FilterPolicy.StringValue, "RedrivePolicy": m.RedrivePolicy.StringValue,
		"DeliveryPolicy": m.DeliveryPolicy.StringValue} {
		if !v.IsUnknown() {
			out[name] = v.ValueString()
		}
	}
	if out["FilterPolicyScope"] == "" {
		delete(out, "FilterPolicyScope") // it has no other way than from one to the other
	}
	return out
}

func createSubscription(ctx context.Context, b *resourceBase, m *snsSubscriptionModel) error {
	attributes := m.attributes()
	maps.DeleteFunc(attributes, func(name, value string) bool { return value == "" || name == "RawMessageDelivery" && value == "false" })
	out, err := b.clients.SNS(m.Region.ValueString()).Subscribe(ctx, &sns.SubscribeInput{TopicArn: m.Topic.ValueStringPointer(), Protocol: m.Protocol.ValueStringPointer(),
		Endpoint: m.Endpoint.ValueStringPointer(), Attributes: attributes, ReturnSubscriptionArn: true})
	if err != nil {
		return err
	}
	m.ID, m.ARN = types.StringPointerValue(out.SubscriptionArn), types.StringPointerValue(out.SubscriptionArn)
	if !m.AutoConfirms.ValueBool() || !strings.HasPrefix(m.Protocol.ValueString(), "http") {
		return nil
	}
	if _, err := b.clients.Control.Drain(ctx, time.Duration(m.ConfirmationTimeout.ValueInt64())*time.Minute); err != nil {
		return err
	}
	if err := readSubscription(ctx, b, m); err != nil {
		return err
	}
	if m.Pending.ValueBool() {
		return errors.New("the endpoint was asked to confirm the subscription and did not: `deliveries` shows what it answered")
	}
	return nil
}

func readSubscription(ctx context.Context, b *resourceBase, m *snsSubscriptionModel) error {
	m.Region = b.regionOf(m.Region)
	out, err := b.clients.SNS(m.Region.ValueString()).GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: m.ID.ValueStringPointer()})
	if err != nil {
		return err
	}
	a := out.Attributes
	for name, v := range map[string]*types.String{"SubscriptionArn": &m.ARN, "Endpoint": &m.Endpoint, "Owner": &m.Owner, "Protocol": &m.Protocol, "TopicArn": &m.Topic} {
		*v = types.StringValue(a[name])
	}
	for name, v := range map[string]*types.String{"DeliveryPolicy": &m.DeliveryPolicy.StringValue, "FilterPolicy": &m.FilterPolicy.StringValue, "RedrivePolicy": &m.RedrivePolicy.StringValue} {
		text := a[name]
		*v = optionalString(&text, *v)
	}
	if scope := a["FilterPolicyScope"]; scope != "" || m.FilterScope.IsUnknown() || m.FilterScope.IsNull() {
		m.FilterScope = types.StringValue(scope)
	}
	m.Raw, m.Authenticated, m.Pending = types.BoolValue(a["RawMessageDelivery"] == "true"), types.BoolValue(a["ConfirmationWasAuthenticated"] == "true"), types.BoolValue(a["PendingConfirmation"] == "true")
	if m.AutoConfirms.IsNull() {
		m.AutoConfirms, m.ConfirmationTimeout = types.BoolValue(false), types.Int64Value(1)
	}
	return nil
}

// updateSubscription sets what differs: where a policy goes, before the scope; where one comes, after it.
func updateSubscription(ctx context.Context, b *resourceBase, m, was *snsSubscriptionModel) error {
	is, before := m.attributes(), was.attributes()
	order := []string{"FilterPolicyScope", "FilterPolicy", "RawMessageDelivery", "RedrivePolicy", "DeliveryPolicy"}
	if is["FilterPolicyScope"] == "MessageAttributes" { // the old policy may be nested
		order[0], order[1] = order[1], order[0]
	}
	for _, name := range order {
		value, ok := is[name]
		if !ok || before[name] == value {
			continue
		}
		if _, err := b.clients.SNS(m.Region.ValueString()).SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: m.ID.ValueStringPointer(),
			AttributeName: &name, AttributeValue: &value}); err != nil {
			return err
		}
	}
	return nil
}
