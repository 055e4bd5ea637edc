package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	awstypes "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type s3BucketVersioningModel struct {
	ID            types.String   `tfsdk:"id"`
	Region        types.String   `tfsdk:"region"`
	Bucket        types.String   `tfsdk:"bucket"`
	Owner         types.String   `tfsdk:"expected_bucket_owner"`
	MFA           types.String   `tfsdk:"mfa"`
	Configuration []s3Versioning `tfsdk:"versioning_configuration"`
}

type s3Versioning struct {
	MFADelete types.String `tfsdk:"mfa_delete"`
	Status    types.String `tfsdk:"status"`
}

var bucketVersioningRefused = []refused{{name: "mfa"}}

// neverVersioned is the status of a bucket whose versioning was never configured: the provider's own word, as AWS's has it.
const neverVersioned = "Disabled"

// expectedOwner is the account that a bucket must belong to.
func expectedOwner() schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: "Account that must own the bucket; every request says so."}
}

func newS3BucketVersioningResource() resource.Resource {
	return &importedBy[s3BucketVersioningModel]{want: "BUCKET", parse: byBucket, kept: kept[s3BucketVersioningModel]{
		typ: "s3_bucket_versioning", noun: "the versioning of the bucket", label: func(m *s3BucketVersioningModel) string { return m.Bucket.ValueString() }, refused: bucketVersioningRefused,
		schema: func() schema.Schema {
			configuration := block("What becomes of overwritten and deleted objects.", map[string]schema.Attribute{
				"mfa_delete": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "`Disabled`, or nothing: deleting with a second factor is not simulated.",
					Validators: []validator.String{stringvalidator.OneOf("Disabled")}, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
				"status": schema.StringAttribute{Required: true, MarkdownDescription: "`Enabled`, `Suspended`, or `Disabled` for a bucket whose versioning is not to be touched.",
					Validators: []validator.String{stringvalidator.OneOf("Enabled", "Suspended", neverVersioned)}},
			}, nil)
			configuration.Validators = append(configuration.Validators, listvalidator.IsRequired())
			return schema.Schema{
				MarkdownDescription: "Whether a bucket keeps versions. Destroying it suspends the versioning of a bucket that has it.",
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("The bucket's name."), "region": regionAttribute(), "bucket": requiredOnce("Name of the bucket."), "expected_bucket_owner": expectedOwner(), "mfa": text(false),
				},
				Blocks: map[string]schema.Block{"versioning_configuration": configuration},
			}
		},
		create: func(ctx context.Context, b *resourceBase, m *s3BucketVersioningModel) error {
			if m.status() == neverVersioned {
				return nil
			}
			return putVersioning(ctx, b, m, m.status())
		},
		update: func(ctx context.Context, b *resourceBase, m, _ *s3BucketVersioningModel) error {
			return putVersioning(ctx, b, m, m.status()) // AWS refuses Disabled for what was once enabled, and so does this
		},
		read: func(ctx context.Context, b *resourceBase, m *s3BucketVersioningModel) error {
			m.Region = b.regionOf(m.Region)
			out, err := b.clients.S3(m.Region.ValueString()).GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: m.Bucket.ValueStringPointer(), ExpectedBucketOwner: given(m.Owner)})
			if err != nil {
				return err
			}
			status := types.StringValue(string(out.Status))
			if out.Status == "" {
				status = types.StringValue(neverVersioned)
			}
			mfa := types.StringValue(string(out.MFADelete))
			if len(m.Configuration) > 0 && m.Configuration[0].MFADelete.ValueString() == "Disabled" {
				mfa = m.Configuration[0].MFADelete // which S3 does not repeat
			}
			m.ID, m.Configuration = m.Bucket, []s3Versioning{{MFADelete: mfa, Status: status}}
			return nil
		},
		remove: func(ctx context.Context, b *resourceBase, m *s3BucketVersioningModel) error {
			if m.status() == neverVersioned {
				return nil
			}
			return putVersioning(ctx, b, m, "Suspended")
		},
		plan: planRegionAlone,
	}}
}

func (m *s3BucketVersioningModel) status() string {
	if len(m.Configuration) == 0 {
		return neverVersioned
	}
	return m.Configuration[0].Status.ValueString()
}

func putVersioning(ctx context.Context, b *resourceBase, m *s3BucketVersioningModel, status string) error {
	_, err := b.clients.S3(m.Region.ValueString()).PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: m.Bucket.ValueStringPointer(), ExpectedBucketOwner: given(m.Owner),
		VersioningConfiguration: &awstypes.VersioningConfiguration{Status: awstypes.BucketVersioningStatus(status)}})
	return err
}
