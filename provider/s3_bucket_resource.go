package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	awstypes "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type s3BucketResource struct{ resourceBase }

func newS3BucketResource() resource.Resource { return &s3BucketResource{} }

var (
	_ resource.ResourceWithConfigure      = &s3BucketResource{}
	_ resource.ResourceWithModifyPlan     = &s3BucketResource{}
	_ resource.ResourceWithValidateConfig = &s3BucketResource{}
	_ resource.ResourceWithImportState    = &s3BucketResource{}
)

type s3BucketModel struct {
	ID                       types.String `tfsdk:"id"`
	Region                   types.String `tfsdk:"region"`
	ARN                      types.String `tfsdk:"arn"`
	Bucket                   types.String `tfsdk:"bucket"`
	BucketDomainName         types.String `tfsdk:"bucket_domain_name"`
	BucketPrefix             types.String `tfsdk:"bucket_prefix"`
	BucketRegion             types.String `tfsdk:"bucket_region"`
	BucketRegionalDomainName types.String `tfsdk:"bucket_regional_domain_name"`
	ForceDestroy             types.Bool   `tfsdk:"force_destroy"`
	ObjectLockEnabled        types.Bool   `tfsdk:"object_lock_enabled"`
	Tags                     types.Map    `tfsdk:"tags"`
	TagsAll                  types.Map    `tfsdk:"tags_all"`
}

var bucketRefused = []refused{{name: "object_lock_enabled"}}

// Metadata names the type.
func (r *s3BucketResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_s3_bucket"
}

// Schema describes lambdasim_s3_bucket.
func (r *s3BucketResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
	}
	once := []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplaceIfConfigured()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An S3 bucket: a source of events, and a place for the code of functions.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The bucket's name."), "region": regionAttribute(), "arn": computed("ARN of the bucket, known at plan."),
			"bucket": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Name of the bucket, for all accounts; generated when neither it nor a prefix is given.", PlanModifiers: once,
				Validators: []validator.String{stringvalidator.LengthBetween(3, 63), stringvalidator.ConflictsWith(path.MatchRoot("bucket_prefix"))}},
			"bucket_prefix":               schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Beginning of a generated name.", PlanModifiers: once, Validators: []validator.String{stringvalidator.LengthAtMost(37)}},
			"bucket_domain_name":          computed("The bucket's name in AWS's domain; the simulator does not serve it."),
			"bucket_regional_domain_name": computed("The bucket's name in the region's domain; the simulator does not serve it."),
			"bucket_region":               computed("Region of the bucket."),
			"force_destroy":               schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether destroying the bucket deletes its objects first, in all their versions. Their events are sent."},
			"object_lock_enabled": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: notSimulated,
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplace()}},
			"tags": tagsAttribute(), "tags_all": tagsAllAttribute(),
		},
	}
}

// ValidateConfig refuses what is not simulated.
func (r *s3BucketResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, bucketRefused, &resp.Diagnostics)
}

// ModifyPlan fills in the region, and what follows from the name where it is known.
func (r *s3BucketResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	region := r.planRegion(ctx, req, resp)
	r.planTags(ctx, resp)
	var m s3BucketModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || region == "" || m.Bucket.IsUnknown() || m.Bucket.IsNull() {
		return
	}
	m.names(region)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// names are what follows from name and region.
func (m *s3BucketModel) names(region string) {
	name := m.Bucket.ValueString()
	m.ID, m.ARN, m.BucketRegion = m.Bucket, types.StringValue("arn:aws:s3:::"+name), types.StringValue(region)
	m.BucketDomainName, m.BucketRegionalDomainName = types.StringValue(name+".s3.amazonaws.com"), types.StringValue(name+".s3."+region+".amazonaws.com")
}

// Create makes the bucket.
func (r *s3BucketResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m s3BucketModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	generate(&m.Bucket, &m.BucketPrefix)
	in := &s3.CreateBucketInput{Bucket: m.Bucket.ValueStringPointer()}
	if region := m.Region.ValueString(); region != "us-east-1" {
		in.CreateBucketConfiguration = &awstypes.CreateBucketConfiguration{LocationConstraint: awstypes.BucketLocationConstraint(region)}
	}
	client := r.clients.S3(m.Region.ValueString())
	_, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: in.Bucket})
	if err == nil {
		resp.Diagnostics.AddError("Creating the bucket "+m.Bucket.ValueString(), "It exists already, in this account. Import it, or choose another name.")
		return
	}
	if _, err := client.CreateBucket(ctx, in); err != nil {
		addError(&resp.Diagnostics, "Creating the bucket", m.Bucket.ValueString(), err)
		return
	}
	m.names(m.Region.ValueString())
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	r.tag(ctx, client, &m, &resp.Diagnostics)
}

// tag writes the bucket's tags.
func (r *s3BucketResource) tag(ctx context.Context, client *s3.Client, m *s3BucketModel, diags *diag.Diagnostics) {
	tags := tagsOf(ctx, m.TagsAll, diags)
	var err error
	if len(tags) == 0 {
		_, err = client.DeleteBucketTagging(ctx, &s3.DeleteBucketTaggingInput{Bucket: m.Bucket.ValueStringPointer()})
	} else {
		set := &awstypes.Tagging{}
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			set.TagSet = append(set.TagSet, awstypes.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
		}
		_, err = client.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: m.Bucket.ValueStringPointer(), Tagging: set})
	}
	if err != nil {
		addError(diags, "Tagging the bucket", m.Bucket.ValueString(), err)
	}
}

// readTagSet reads the bucket's tags.
func (r *s3BucketResource) readTagSet(ctx context.Context, m *s3BucketModel, diags *diag.Diagnostics) {
	out, err := r.clients.S3(m.Region.ValueString()).GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: m.Bucket.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(diags, "Reading the tags of the bucket", m.Bucket.ValueString(), err)
		return
	}
	all := map[string]string{}
	if err == nil {
		for _, t := range out.TagSet {
			all[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	m.Tags, m.TagsAll = r.readTags(all, m.Tags)
}

// Read refreshes the state; a bucket that is gone leaves it.
func (r *s3BucketResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m s3BucketModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.S3(m.Region.ValueString()).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: m.Bucket.ValueStringPointer()})
	if isNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the bucket", m.Bucket.ValueString(), err)
		return
	}
	m.Region = types.StringPointerValue(out.BucketRegion)
	m.names(m.Region.ValueString())
	if m.BucketPrefix.IsNull() {
		m.BucketPrefix = types.StringValue("")
	}
	for _, flag := range []*types.Bool{&m.ForceDestroy, &m.ObjectLockEnabled} {
		if flag.IsNull() {
			*flag = types.BoolValue(false)
		}
	}
	r.readTagSet(ctx, &m, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update changes the tags, and force_destroy, which is the provider's own.
func (r *s3BucketResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was s3BucketModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !m.TagsAll.Equal(was.TagsAll) {
		r.tag(ctx, r.clients.S3(m.Region.ValueString()), &m, &resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete removes the bucket; with force_destroy, its objects first.
func (r *s3BucketResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m s3BucketModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.clients.S3(m.Region.ValueString())
	if m.ForceDestroy.ValueBool() {
		emptyVersions(ctx, client, m.Bucket.ValueStringPointer(), nil, &resp.Diagnostics)
	}
	_, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: m.Bucket.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the bucket", m.Bucket.ValueString(), err)
	}
}

// emptyVersions deletes every version of every object of a bucket, or of one key, delete markers too.
func emptyVersions(ctx context.Context, client *s3.Client, bucket, key *string, diags *diag.Diagnostics) {
	for {
		page, err := client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket, Prefix: key})
		if err != nil {
			if !isNotFound(err) {
				addError(diags, "Listing the versions of the bucket", aws.ToString(bucket), err)
			}
			return
		}
		var ids []awstypes.ObjectIdentifier
		for _, v := range page.Versions {
			ids = append(ids, awstypes.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range page.DeleteMarkers {
			ids = append(ids, awstypes.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		if key != nil {
			ids = slices.DeleteFunc(ids, func(id awstypes.ObjectIdentifier) bool { return *id.Key != *key })
		}
		if len(ids) == 0 {
			return
		}
		out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &awstypes.Delete{Objects: ids}})
		if err != nil {
			addError(diags, "Emptying the bucket", aws.ToString(bucket), err)
			return
		}
		if len(out.Errors) > 0 {
			e := out.Errors[0]
			diags.AddError("Emptying the bucket "+aws.ToString(bucket), fmt.Sprintf("%s of %s: %s", aws.ToString(e.Code), aws.ToString(e.Key), aws.ToString(e.Message)))
			return
		}
	}
}

// ImportState imports by NAME or NAME@REGION.
func (r *s3BucketResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("bucket"), cutRegion(ctx, req, resp), resp)
}
