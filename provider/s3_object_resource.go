package provider

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	awstypes "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type s3ObjectResource struct{ resourceBase }

func newS3ObjectResource() resource.Resource { return &s3ObjectResource{} }

var (
	_ resource.ResourceWithConfigure      = &s3ObjectResource{}
	_ resource.ResourceWithModifyPlan     = &s3ObjectResource{}
	_ resource.ResourceWithValidateConfig = &s3ObjectResource{}
	_ resource.ResourceWithImportState    = &s3ObjectResource{}
)

type s3ObjectModel struct {
	ID                        types.String `tfsdk:"id"`
	Region                    types.String `tfsdk:"region"`
	ACL                       types.String `tfsdk:"acl"`
	ARN                       types.String `tfsdk:"arn"`
	Bucket                    types.String `tfsdk:"bucket"`
	BucketKeyEnabled          types.Bool   `tfsdk:"bucket_key_enabled"`
	CacheControl              types.String `tfsdk:"cache_control"`
	ChecksumAlgorithm         types.String `tfsdk:"checksum_algorithm"`
	Content                   types.String `tfsdk:"content"`
	ContentBase64             types.String `tfsdk:"content_base64"`
	ContentDisposition        types.String `tfsdk:"content_disposition"`
	ContentEncoding           types.String `tfsdk:"content_encoding"`
	ContentLanguage           types.String `tfsdk:"content_language"`
	ContentType               types.String `tfsdk:"content_type"`
	ETag                      types.String `tfsdk:"etag"`
	ForceDestroy              types.Bool   `tfsdk:"force_destroy"`
	Key                       types.String `tfsdk:"key"`
	KMSKeyID                  types.String `tfsdk:"kms_key_id"`
	Metadata                  types.Map    `tfsdk:"metadata"`
	ObjectLockLegalHoldStatus types.String `tfsdk:"object_lock_legal_hold_status"`
	ObjectLockMode            types.String `tfsdk:"object_lock_mode"`
	ObjectLockRetainUntilDate types.String `tfsdk:"object_lock_retain_until_date"`
	OverrideProvider          types.List   `tfsdk:"override_provider"`
	ServerSideEncryption      types.String `tfsdk:"server_side_encryption"`
	Source                    types.String `tfsdk:"source"`
	SourceHash                types.String `tfsdk:"source_hash"`
	StorageClass              types.String `tfsdk:"storage_class"`
	Tags                      types.Map    `tfsdk:"tags"`
	TagsAll                   types.Map    `tfsdk:"tags_all"`
	VersionID                 types.String `tfsdk:"version_id"`
	WebsiteRedirect           types.String `tfsdk:"website_redirect"`
}

// objectRefused are the arguments on which the simulator does not act.
var objectRefused = []refused{{name: "acl", allowed: []attr.Value{types.StringValue("private")}}, {name: "bucket_key_enabled"}, {name: "checksum_algorithm"}, {name: "kms_key_id"},
	{name: "object_lock_legal_hold_status"}, {name: "object_lock_mode"}, {name: "object_lock_retain_until_date"}, {name: "override_provider"},
	{name: "server_side_encryption", allowed: []attr.Value{types.StringValue("AES256")}}, {name: "storage_class", allowed: []attr.Value{types.StringValue("STANDARD")}}, {name: "website_redirect"}}

// Metadata names the type.
func (r *s3ObjectResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_s3_object"
}

// Schema describes lambdasim_s3_object.
func (r *s3ObjectResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An object in a bucket. Writing it is an event, and so is deleting it.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("`BUCKET/KEY`."), "region": regionAttribute(),
			"arn":                 schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the object.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"bucket":              schema.StringAttribute{Required: true, MarkdownDescription: "Name of the bucket.", PlanModifiers: replace},
			"key":                 schema.StringAttribute{Required: true, MarkdownDescription: "Key of the object.", PlanModifiers: replace},
			"cache_control":       header("Cache-Control"),
			"content_disposition": header("Content-Disposition"),
			"content_encoding":    header("Content-Encoding"),
			"content_language":    header("Content-Language"),
			"content": schema.StringAttribute{Optional: true, MarkdownDescription: "The object's text. At most one of `content`, `content_base64` and `source`; none is an empty object.",
				Validators: []validator.String{stringvalidator.ConflictsWith(path.MatchRoot("content_base64"), path.MatchRoot("source"))}},
			"content_base64": schema.StringAttribute{Optional: true, MarkdownDescription: "The object's bytes in base64.", Validators: []validator.String{stringvalidator.ConflictsWith(path.MatchRoot("source"))}},
			"content_type":   schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "`Content-Type`; `application/octet-stream` by default.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"etag":           schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "MD5 of the object. Computed at plan, so that changed content is noticed."},
			"metadata":       schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Metadata, with names in lower case."},
			"source":         schema.StringAttribute{Optional: true, MarkdownDescription: "Path of a file with the object's bytes."},
			"force_destroy":  schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether destroying the object deletes every version of it, and not only puts a delete marker over it."},
			"version_id":     schema.StringAttribute{Computed: true, MarkdownDescription: "Version of the object; empty where the bucket has no versioning.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"acl":            text(false), "bucket_key_enabled": boolean(), "checksum_algorithm": text(false), "kms_key_id": text(false),
			"object_lock_legal_hold_status": text(false), "object_lock_mode": text(false), "object_lock_retain_until_date": text(false),
			"server_side_encryption": text(false), "storage_class": text(false), "website_redirect": text(false),
			"tags": tagsAttribute(), "tags_all": tagsAllAttribute(),
			"source_hash": schema.StringAttribute{Optional: true, MarkdownDescription: "Any text; a change writes the object again."},
		},
		Blocks: map[string]schema.Block{"override_provider": block("With a `default_tags` block whose `tags` are empty, the provider's default tags are not the object's. Anything else is not simulated.", nil, map[string]schema.Block{
			"default_tags": block(notSimulated, map[string]schema.Attribute{"tags": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: notSimulated}}, nil)})},
	}
}

func header(name string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: "`" + name + "` of the object."}
}

// ValidateConfig refuses what is not simulated.
func (r *s3ObjectResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, objectRefused, &resp.Diagnostics)
}

// bytes is the object's content.
func (m *s3ObjectModel) bytes() ([]byte, error) {
	switch {
	case !m.Source.IsNull():
		return os.ReadFile(m.Source.ValueString())
	case !m.ContentBase64.IsNull():
		return base64.StdEncoding.DecodeString(m.ContentBase64.ValueString())
	}
	return []byte(m.Content.ValueString()), nil
}

// ModifyPlan fills in region, id and ARN, and the hash of the content where it is known.
func (r *s3ObjectResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	r.planRegion(ctx, req, resp)
	r.planTags(ctx, resp)
	var m s3ObjectModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if field(m.OverrideProvider, "default_tags") != nil { // they are empty, or it would have been refused
		if m.TagsAll = m.Tags; m.Tags.IsNull() {
			m.TagsAll = types.MapValueMust(types.StringType, map[string]attr.Value{})
		}
	}
	if !m.Bucket.IsUnknown() && !m.Key.IsUnknown() {
		m.names()
	}
	var given types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("etag"), &given)...)
	if given.IsNull() && !m.Source.IsUnknown() && !m.Content.IsUnknown() && !m.ContentBase64.IsUnknown() {
		if data, err := m.bytes(); err == nil {
			sum := md5.Sum(data)
			m.ETag = types.StringValue(hex.EncodeToString(sum[:]))
		}
	}
	var was s3ObjectModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
		if m.writes(&was) {
			m.VersionID = types.StringUnknown()
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

func (m *s3ObjectModel) names() {
	m.ID = types.StringValue(m.Bucket.ValueString() + "/" + m.Key.ValueString())
	m.ARN = types.StringValue("arn:aws:s3:::" + m.ID.ValueString())
}

func (r *s3ObjectResource) put(ctx context.Context, m *s3ObjectModel, diags *diag.Diagnostics) {
	data, err := m.bytes()
	if err != nil {
		diags.AddError("Reading the content of the object "+m.Key.ValueString(), err.Error())
		return
	}
	if m.ContentType.IsUnknown() || m.ContentType.IsNull() {
		m.ContentType = types.StringValue("application/octet-stream")
	}
	out, err := r.clients.S3(m.Region.ValueString()).PutObject(ctx, &s3.PutObjectInput{Bucket: m.Bucket.ValueStringPointer(), Key: m.Key.ValueStringPointer(), Body: bytes.NewReader(data),
		ContentType: m.ContentType.ValueStringPointer(), CacheControl: given(m.CacheControl), ContentDisposition: given(m.ContentDisposition),
		ContentEncoding: given(m.ContentEncoding), ContentLanguage: given(m.ContentLanguage), Metadata: tagsOf(ctx, m.Metadata, diags), Tagging: taggingHeader(tagsOf(ctx, m.TagsAll, diags))})
	if err != nil {
		addError(diags, "Writing the object", m.Bucket.ValueString()+"/"+m.Key.ValueString(), err)
		return
	}
	m.names()
	m.ETag, m.VersionID = types.StringValue(strings.Trim(aws.ToString(out.ETag), `"`)), types.StringValue(aws.ToString(out.VersionId))
}

// taggingHeader writes tags as PutObject takes them: as a query; nil without any.
func taggingHeader(tags map[string]string) *string {
	if len(tags) == 0 {
		return nil
	}
	query := url.Values{}
	for key, value := range tags {
		query.Set(key, value)
	}
	return aws.String(query.Encode())
}

// writes reports whether the object itself differs, so that it is to be written again: tags alone are changed in place.
func (m *s3ObjectModel) writes(was *s3ObjectModel) bool {
	return !m.ETag.Equal(was.ETag) || !m.Content.Equal(was.Content) || !m.ContentBase64.Equal(was.ContentBase64) || !m.Source.Equal(was.Source) ||
		!m.SourceHash.Equal(was.SourceHash) || !m.ContentType.Equal(was.ContentType) || !m.CacheControl.Equal(was.CacheControl) ||
		!m.ContentDisposition.Equal(was.ContentDisposition) || !m.ContentEncoding.Equal(was.ContentEncoding) || !m.ContentLanguage.Equal(was.ContentLanguage) ||
		!m.Metadata.Equal(was.Metadata)
}

// tag writes the object's tags. It is an event, s3:ObjectTagging:Put or Delete.
func (r *s3ObjectResource) tag(ctx context.Context, m *s3ObjectModel, diags *diag.Diagnostics) {
	client, tags := r.clients.S3(m.Region.ValueString()), tagsOf(ctx, m.TagsAll, diags)
	var err error
	if len(tags) == 0 {
		_, err = client.DeleteObjectTagging(ctx, &s3.DeleteObjectTaggingInput{Bucket: m.Bucket.ValueStringPointer(), Key: m.Key.ValueStringPointer()})
	} else {
		set := &awstypes.Tagging{}
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			set.TagSet = append(set.TagSet, awstypes.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
		}
		_, err = client.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: m.Bucket.ValueStringPointer(), Key: m.Key.ValueStringPointer(), Tagging: set})
	}
	if err != nil {
		addError(diags, "Tagging the object", m.ID.ValueString(), err)
	}
}

// Create writes the object.
func (r *s3ObjectResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m s3ObjectModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.put(ctx, &m, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Read refreshes the state; an object that is gone leaves it.
func (r *s3ObjectResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m s3ObjectModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.S3(m.Region.ValueString()).HeadObject(ctx, &s3.HeadObjectInput{Bucket: m.Bucket.ValueStringPointer(), Key: m.Key.ValueStringPointer()})
	if isNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the object", m.Bucket.ValueString()+"/"+m.Key.ValueString(), err)
		return
	}
	m.names()
	m.ETag, m.ContentType = types.StringValue(strings.Trim(aws.ToString(out.ETag), `"`)), types.StringPointerValue(out.ContentType)
	m.CacheControl, m.ContentDisposition = optionalString(out.CacheControl, m.CacheControl), optionalString(out.ContentDisposition, m.ContentDisposition)
	m.ContentEncoding, m.ContentLanguage = optionalString(out.ContentEncoding, m.ContentEncoding), optionalString(out.ContentLanguage, m.ContentLanguage)
	if m.VersionID = types.StringValue(aws.ToString(out.VersionId)); m.ForceDestroy.IsNull() {
		m.ForceDestroy = types.BoolValue(false) // imported
	}
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	tags, err := r.clients.S3(m.Region.ValueString()).GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: m.Bucket.ValueStringPointer(), Key: m.Key.ValueStringPointer()})
	if err != nil {
		addError(&resp.Diagnostics, "Reading the tags of the object", m.ID.ValueString(), err)
		return
	}
	all := map[string]string{}
	for _, t := range tags.TagSet {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	m.Tags, m.TagsAll = r.readTags(all, m.Tags)
	if len(out.Metadata) > 0 || len(m.Metadata.Elements()) > 0 {
		metadata, more := types.MapValueFrom(ctx, types.StringType, out.Metadata)
		resp.Diagnostics.Append(more...)
		m.Metadata = metadata
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update writes the object again, or its tags alone.
func (r *s3ObjectResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was s3ObjectModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	if resp.Diagnostics.HasError() {
		return
	}
	switch {
	case m.writes(&was):
		r.put(ctx, &m, &resp.Diagnostics)
	case !m.TagsAll.Equal(was.TagsAll):
		r.tag(ctx, &m, &resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete removes the object; with force_destroy every version of it.
func (r *s3ObjectResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m s3ObjectModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.clients.S3(m.Region.ValueString())
	if m.ForceDestroy.ValueBool() && m.VersionID.ValueString() != "" {
		key := m.Key.ValueString()
		emptyVersions(ctx, client, m.Bucket.ValueStringPointer(), &key, &resp.Diagnostics)
		return
	}
	_, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: m.Bucket.ValueStringPointer(), Key: m.Key.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the object", m.ID.ValueString(), err)
	}
}

// ImportState imports by BUCKET/KEY.
func (r *s3ObjectResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	req = cutRegion(ctx, req, resp)
	bucket, key, ok := strings.Cut(strings.TrimPrefix(req.ID, "s3://"), "/")
	if !ok || key == "" {
		resp.Diagnostics.AddError("Not an import id", "Want BUCKET/KEY or s3://BUCKET/KEY.")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("bucket"), bucket)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("key"), key)...)
}
