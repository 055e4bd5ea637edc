package provider

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	awstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type sqsQueueResource struct{ resourceBase }

func newSQSQueueResource() resource.Resource { return &sqsQueueResource{} }

var (
	_ resource.ResourceWithConfigure      = &sqsQueueResource{}
	_ resource.ResourceWithModifyPlan     = &sqsQueueResource{}
	_ resource.ResourceWithValidateConfig = &sqsQueueResource{}
	_ resource.ResourceWithImportState    = &sqsQueueResource{}
)

// Metadata names the type.
func (r *sqsQueueResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_sqs_queue"
}

// queueURL is where a queue of the provider's account is.
func (c *Clients) queueURL(account, name string) string {
	return strings.TrimSuffix(c.Endpoint, "/") + "/" + account + "/" + name
}

// ModifyPlan fills in region, tags, ARN and URL, and what follows from the encryption.
func (r *sqsQueueResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	region := r.planRegion(ctx, req, resp)
	r.planTags(ctx, resp)
	var m, config, state sqsQueueModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if config.ManagedSSE.IsNull() {
		switch {
		case !req.State.Raw.IsNull() && m.KMSKey.Equal(state.KMSKey):
			m.ManagedSSE = state.ManagedSSE
		case m.KMSKey.IsUnknown():
			m.ManagedSSE = types.BoolUnknown()
		default:
			m.ManagedSSE = types.BoolValue(m.KMSKey.ValueString() == "")
		}
	}
	if config.KMSReusePeriod.IsNull() && !m.KMSKey.Equal(state.KMSKey) {
		m.KMSReusePeriod = types.Int64Unknown()
	}
	if !m.Name.IsUnknown() && !m.Name.IsNull() && region != "" {
		if account, err := r.clients.Account(ctx); err == nil { // else both stay unknown
			m.ARN = types.StringValue("arn:aws:sqs:" + region + ":" + account + ":" + m.Name.ValueString())
			m.URL = types.StringValue(r.clients.queueURL(account, m.Name.ValueString()))
			m.ID = m.URL
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// Create makes the queue.
func (r *sqsQueueResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m sqsQueueModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	nameQueue(&m)
	in := &sqs.CreateQueueInput{QueueName: m.Name.ValueStringPointer(), Attributes: m.attributes(), Tags: tagsOf(ctx, m.TagsAll, &resp.Diagnostics)}
	maps.DeleteFunc(in.Attributes, func(_, value string) bool { return value == "" })
	if m.FIFO.ValueBool() {
		in.Attributes["FifoQueue"] = "true"
	}
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.SQS(m.Region.ValueString()).CreateQueue(ctx, in)
	if err != nil {
		addError(&resp.Diagnostics, "Creating the queue", m.Name.ValueString(), err)
		return
	}
	m.URL, m.ID = types.StringPointerValue(out.QueueUrl), types.StringPointerValue(out.QueueUrl)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...) // it exists: if it cannot be read now, the state has it all the same
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// refresh reads the queue of the URL. It reports whether there is one.
func (r *sqsQueueResource) refresh(ctx context.Context, m *sqsQueueModel, diags *diag.Diagnostics) bool {
	client := r.clients.SQS(m.Region.ValueString())
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: m.ID.ValueStringPointer(), AttributeNames: []awstypes.QueueAttributeName{"All"}})
	if isNotFound(err) {
		return false
	}
	var tags *sqs.ListQueueTagsOutput
	if err == nil {
		tags, err = client.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: m.ID.ValueStringPointer()})
	}
	if err != nil {
		addError(diags, "Reading the queue", m.ID.ValueString(), err)
		return false
	}
	m.read(out.Attributes, diags)
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	parts := strings.Split(m.ARN.ValueString(), ":")
	m.Name = types.StringValue(parts[len(parts)-1])
	if m.NamePrefix.IsNull() || m.NamePrefix.IsUnknown() {
		m.NamePrefix = types.StringValue("")
	}
	m.URL = types.StringValue(r.clients.queueURL(parts[4], m.Name.ValueString())) // also where the endpoint has moved
	m.ID = m.URL
	m.Tags, m.TagsAll = r.readTags(tags.Tags, m.Tags)
	return !diags.HasError()
}

// Read refreshes the state; a queue that is gone leaves it.
func (r *sqsQueueResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m sqsQueueModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	} else if !resp.Diagnostics.HasError() {
		resp.State.RemoveResource(ctx)
	}
}

// Update sets the attributes that differ, and the tags.
func (r *sqsQueueResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was sqsQueueModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	if resp.Diagnostics.HasError() {
		return
	}
	set, before := m.attributes(), was.attributes()
	maps.DeleteFunc(set, func(name, value string) bool { return before[name] == value })
	client := r.clients.SQS(m.Region.ValueString())
	if len(set) > 0 {
		if _, err := client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: m.ID.ValueStringPointer(), Attributes: set}); err != nil {
			addError(&resp.Diagnostics, "Changing the queue", m.Name.ValueString(), err)
			return
		}
	}
	r.retag(ctx, client, &m, tagsOf(ctx, was.TagsAll, &resp.Diagnostics), tagsOf(ctx, m.TagsAll, &resp.Diagnostics), &resp.Diagnostics)
	if !resp.Diagnostics.HasError() && r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func (r *sqsQueueResource) retag(ctx context.Context, client *sqs.Client, m *sqsQueueModel, was, is map[string]string, diags *diag.Diagnostics) {
	var gone []string
	for k := range was {
		if _, ok := is[k]; !ok {
			gone = append(gone, k)
		}
	}
	var err error
	if len(gone) > 0 {
		_, err = client.UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: m.ID.ValueStringPointer(), TagKeys: gone})
	}
	if err == nil && len(is) > 0 && !maps.Equal(was, is) {
		_, err = client.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: m.ID.ValueStringPointer(), Tags: is})
	}
	if err != nil {
		addError(diags, "Tagging the queue", m.Name.ValueString(), err)
	}
}

// Delete removes the queue with its messages.
func (r *sqsQueueResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m sqsQueueModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.clients.SQS(m.Region.ValueString()).DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: m.ID.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the queue", m.Name.ValueString(), err)
	}
}

// ImportState imports by URL or URL@REGION; a name alone is one of the provider's account.
func (r *sqsQueueResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	req = cutRegion(ctx, req, resp)
	if !strings.Contains(req.ID, "/") {
		account, err := r.clients.Account(ctx)
		if err != nil {
			addError(&resp.Diagnostics, "Importing the queue", req.ID, err)
			return
		}
		req.ID = r.clients.queueURL(account, req.ID)
	}
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}

// queueAttribute reads one attribute of a queue; "" where the queue or the attribute is not there.
func (c *Clients) queueAttribute(ctx context.Context, region, url, name string) (string, error) {
	out, err := c.SQS(region).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(url), AttributeNames: []awstypes.QueueAttributeName{awstypes.QueueAttributeName(name)}})
	if isNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return out.Attributes[name], nil
}
