package provider

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type s3BucketDataModel struct {
	ID                 types.String `tfsdk:"id"`
	Region             types.String `tfsdk:"region"`
	ARN                types.String `tfsdk:"arn"`
	Bucket             types.String `tfsdk:"bucket"`
	DomainName         types.String `tfsdk:"bucket_domain_name"`
	BucketRegion       types.String `tfsdk:"bucket_region"`
	RegionalDomainName types.String `tfsdk:"bucket_regional_domain_name"`
}

func shownRegion() schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region; the provider's by default."}
}

func asked(description string) schema.StringAttribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: description}
}

func newS3BucketDataSource() datasource.DataSource {
	return &looked[s3BucketDataModel]{typ: "s3_bucket", noun: "the bucket", label: func(m *s3BucketDataModel) string { return m.Bucket.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "A bucket, by its name.", Attributes: map[string]schema.Attribute{
				"id": shownText("The bucket's name."), "region": shownRegion(), "arn": shownText("ARN."), "bucket": asked("Name of the bucket."),
				"bucket_domain_name":          shownText("The bucket's name in AWS's domain; the simulator does not serve it."),
				"bucket_region":               shownText("Region of the bucket."),
				"bucket_regional_domain_name": shownText("The bucket's name in the region's domain; the simulator does not serve it."),
			}}
		},
		read: func(ctx context.Context, c *Clients, m *s3BucketDataModel) error {
			m.Region = types.StringValue(or(m.Region, c.Region))
			out, err := c.S3(m.Region.ValueString()).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: m.Bucket.ValueStringPointer()})
			if err != nil {
				return err
			}
			b := s3BucketModel{Bucket: m.Bucket}
			b.names(aws.ToString(out.BucketRegion))
			m.ID, m.ARN, m.BucketRegion, m.DomainName, m.RegionalDomainName = b.ID, b.ARN, b.BucketRegion, b.BucketDomainName, b.BucketRegionalDomainName
			return nil
		}}
}

type s3ObjectDataModel struct {
	ID                 types.String `tfsdk:"id"`
	Region             types.String `tfsdk:"region"`
	ARN                types.String `tfsdk:"arn"`
	Body               types.String `tfsdk:"body"`
	Bucket             types.String `tfsdk:"bucket"`
	CacheControl       types.String `tfsdk:"cache_control"`
	ContentDisposition types.String `tfsdk:"content_disposition"`
	ContentEncoding    types.String `tfsdk:"content_encoding"`
	ContentLanguage    types.String `tfsdk:"content_language"`
	ContentLength      types.Int64  `tfsdk:"content_length"`
	ContentType        types.String `tfsdk:"content_type"`
	ETag               types.String `tfsdk:"etag"`
	Key                types.String `tfsdk:"key"`
	LastModified       types.String `tfsdk:"last_modified"`
	Metadata           types.Map    `tfsdk:"metadata"`
	Range              types.String `tfsdk:"range"`
	StorageClass       types.String `tfsdk:"storage_class"`
	Tags               types.Map    `tfsdk:"tags"`
	VersionID          types.String `tfsdk:"version_id"`
}

func newS3ObjectDataSource() datasource.DataSource {
	return &looked[s3ObjectDataModel]{typ: "s3_object", noun: "the object", label: func(m *s3ObjectDataModel) string { return m.Bucket.ValueString() + "/" + m.Key.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "An object: what is known of it, and, where it is text, what is in it.", Attributes: map[string]schema.Attribute{
				"id": shownText("`BUCKET/KEY`, and `@VERSION` where it has one."), "region": shownRegion(), "arn": shownText("ARN."), "bucket": asked("Name of the bucket."), "key": asked("Key of the object."),
				"body":          shownText("What is in it, where its content type is text, JSON, XML, YAML or JavaScript; null otherwise."),
				"cache_control": shownText("`Cache-Control`."), "content_disposition": shownText("`Content-Disposition`."), "content_encoding": shownText("`Content-Encoding`."),
				"content_language": shownText("`Content-Language`."), "content_type": shownText("`Content-Type`."), "etag": shownText("Entity tag: the MD5 of what was put at once."),
				"content_length": schema.Int64Attribute{Computed: true, MarkdownDescription: "Its size in bytes."},
				"last_modified":  shownText("When it was written, as RFC 1123 has it."),
				"metadata":       schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "Metadata."},
				"range":          schema.StringAttribute{Optional: true, MarkdownDescription: "The bytes that `body` is to have: `bytes=0-9`."},
				"storage_class":  shownText("`STANDARD`."), "tags": shownTags(),
				"version_id": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Version; the latest by default."},
			}}
		},
		read: readS3Object}
}

func readS3Object(ctx context.Context, c *Clients, m *s3ObjectDataModel) error {
	m.Region = types.StringValue(or(m.Region, c.Region))
	client := c.S3(m.Region.ValueString())
	out, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: m.Bucket.ValueStringPointer(), Key: m.Key.ValueStringPointer(), VersionId: given(m.VersionID)})
	if err != nil {
		return err
	}
	id := m.Bucket.ValueString() + "/" + m.Key.ValueString()
	m.ARN = types.StringValue("arn:aws:s3:::" + id)
	if m.VersionID = blankIfNull(types.StringPointerValue(out.VersionId)); m.VersionID.ValueString() != "" {
		id += "@" + m.VersionID.ValueString()
	}
	m.ID = types.StringValue(id)
	m.CacheControl, m.ContentDisposition = blankIfNull(types.StringPointerValue(out.CacheControl)), blankIfNull(types.StringPointerValue(out.ContentDisposition))
	m.ContentEncoding, m.ContentLanguage = blankIfNull(types.StringPointerValue(out.ContentEncoding)), blankIfNull(types.StringPointerValue(out.ContentLanguage))
	m.ContentType, m.ContentLength = types.StringPointerValue(out.ContentType), types.Int64PointerValue(out.ContentLength)
	m.ETag, m.LastModified = types.StringValue(strings.Trim(aws.ToString(out.ETag), `"`)), types.StringValue(aws.ToTime(out.LastModified).UTC().Format(time.RFC1123))
	m.StorageClass = types.StringValue("STANDARD") // which S3 does not say
	metadata, diags := types.MapValueFrom(ctx, types.StringType, out.Metadata)
	if diags.HasError() {
		return errGone
	}
	m.Metadata = metadata
	if isText(m.ContentType.ValueString()) {
		got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: m.Bucket.ValueStringPointer(), Key: m.Key.ValueStringPointer(), VersionId: given(m.VersionID), Range: given(m.Range)})
		if err != nil {
			return err
		}
		defer got.Body.Close()
		body, err := io.ReadAll(got.Body)
		if err != nil {
			return err
		}
		m.Body = types.StringValue(string(body))
	}
	tags, err := client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: m.Bucket.ValueStringPointer(), Key: m.Key.ValueStringPointer(), VersionId: given(m.VersionID)})
	if err != nil {
		return err
	}
	all := map[string]string{}
	for _, t := range tags.TagSet {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	m.Tags = allTags(c, all)
	return nil
}

// isText reports whether a content type is one whose bytes Terraform can hold.
func isText(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	switch kind {
	case "application/json", "application/ld+json", "application/x-httpd-php", "application/xhtml+xml", "application/x-csh", "application/x-sh", "application/xml", "application/yaml", "application/x-yaml", "application/javascript",
		"application/atom+xml", "application/x-sql", "application/x-www-form-urlencoded":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}
