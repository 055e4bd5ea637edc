package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

// sqsQueueAttributeResource is one attribute of a queue as a resource of its own: its policy, or one of its redrive policies.
type sqsQueueAttributeResource struct {
	resourceBase
	suffix      string // of the type
	argument    string
	attribute   string // of the API
	description string
}

func newSQSQueuePolicyResource() resource.Resource {
	return &sqsQueueAttributeResource{suffix: "policy", argument: "policy", attribute: "Policy",
		description: "The policy of a queue: who may do what with it, beside what their own policies say. A poller that was refused goes on by itself when it changes."}
}

func newSQSQueueRedrivePolicyResource() resource.Resource {
	return &sqsQueueAttributeResource{suffix: "redrive_policy", argument: "redrive_policy", attribute: "RedrivePolicy",
		description: "The redrive policy of a queue: its dead-letter queue, and how often a message is received before it goes there."}
}

func newSQSQueueRedriveAllowPolicyResource() resource.Resource {
	return &sqsQueueAttributeResource{suffix: "redrive_allow_policy", argument: "redrive_allow_policy", attribute: "RedriveAllowPolicy",
		description: "The redrive allow policy of a queue: which queues may have it as their dead-letter queue."}
}

var (
	_ resource.ResourceWithConfigure   = &sqsQueueAttributeResource{}
	_ resource.ResourceWithModifyPlan  = &sqsQueueAttributeResource{}
	_ resource.ResourceWithImportState = &sqsQueueAttributeResource{}
)

// Metadata names the type.
func (r *sqsQueueAttributeResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_sqs_queue_" + r.suffix
}

// Schema describes the resource.
func (r *sqsQueueAttributeResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: r.description,
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The queue's URL."), "region": regionAttribute(),
			"queue_url": schema.StringAttribute{Required: true, MarkdownDescription: "URL of the queue.", PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			r.argument:  schema.StringAttribute{CustomType: fwtypes.JSONType{}, Required: true, MarkdownDescription: "The document, JSON, as SQS takes it."},
		},
	}
}

// ModifyPlan fills in the region.
func (r *sqsQueueAttributeResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients != nil && !req.Plan.Raw.IsNull() {
		r.planRegion(ctx, req, resp)
	}
}

// getter is a plan or a state.
type getter interface {
	GetAttribute(ctx context.Context, path path.Path, target any) diag.Diagnostics
}

// values are the URL and the region of a plan or a state.
func values(ctx context.Context, from getter, diags *diag.Diagnostics) (url, region string) {
	var u, g types.String
	diags.Append(from.GetAttribute(ctx, path.Root("queue_url"), &u)...)
	diags.Append(from.GetAttribute(ctx, path.Root("region"), &g)...)
	return u.ValueString(), g.ValueString()
}

// put sets the attribute.
func (r *sqsQueueAttributeResource) put(ctx context.Context, url, region, document string, diags *diag.Diagnostics) {
	_, err := r.clients.SQS(region).SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{r.attribute: document}})
	if err != nil && (document != "" || !isNotFound(err)) {
		addError(diags, "Setting "+r.argument+" of the queue", url, err)
	}
}

// Create sets the attribute.
func (r *sqsQueueAttributeResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var document fwtypes.JSON
	url, region := values(ctx, req.Plan, &resp.Diagnostics)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root(r.argument), &document)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.put(ctx, url, region, document.ValueString(), &resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), url)...)
}

// Read refreshes the state; an attribute that is gone leaves it.
func (r *sqsQueueAttributeResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	url, region := values(ctx, req.State, &resp.Diagnostics)
	if url == "" { // imported
		var id types.String
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
		url = id.ValueString()
	}
	if resp.Diagnostics.HasError() {
		return
	}
	document, err := r.clients.queueAttribute(ctx, region, url, r.attribute)
	if err != nil {
		addError(&resp.Diagnostics, "Reading "+r.argument+" of the queue", url, err)
		return
	}
	if document == "" {
		resp.State.RemoveResource(ctx)
		return
	}
	if region == "" {
		region = r.clients.Region
	}
	for name, v := range map[string]any{"id": url, "queue_url": url, "region": region, r.argument: fwtypes.JSONValue(document)} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), v)...)
	}
}

// Update sets the attribute.
func (r *sqsQueueAttributeResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var document fwtypes.JSON
	url, region := values(ctx, req.Plan, &resp.Diagnostics)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root(r.argument), &document)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.put(ctx, url, region, document.ValueString(), &resp.Diagnostics); !resp.Diagnostics.HasError() {
		resp.State.Raw = req.Plan.Raw
	}
}

// Delete takes the attribute from the queue.
func (r *sqsQueueAttributeResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	url, region := values(ctx, req.State, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		r.put(ctx, url, region, "", &resp.Diagnostics)
	}
}

// ImportState imports by the queue's URL or URL@REGION.
func (r *sqsQueueAttributeResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), cutRegion(ctx, req, resp), resp)
}
