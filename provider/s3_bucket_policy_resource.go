package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type s3BucketPolicyModel struct {
	ID     types.String `tfsdk:"id"`
	Region types.String `tfsdk:"region"`
	Bucket types.String `tfsdk:"bucket"`
	Policy fwtypes.JSON `tfsdk:"policy"`
}

// byBucket reads an import id: the bucket's name.
func byBucket(id string) map[string]string { return map[string]string{"bucket": id} }

func newS3BucketPolicyResource() resource.Resource {
	put := func(ctx context.Context, b *resourceBase, m *s3BucketPolicyModel) error {
		_, err := b.clients.S3(m.Region.ValueString()).PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: m.Bucket.ValueStringPointer(), Policy: m.Policy.ValueStringPointer()})
		return err
	}
	return &importedBy[s3BucketPolicyModel]{want: "BUCKET", parse: byBucket, kept: kept[s3BucketPolicyModel]{
		typ: "s3_bucket_policy", noun: "the policy of the bucket", label: func(m *s3BucketPolicyModel) string { return m.Bucket.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{
				MarkdownDescription: "The policy of a bucket: it is asked with every operation on the bucket and its objects. A policy that lets everybody in needs a `lambdasim_s3_bucket_public_access_block` that admits it: new buckets block public access.",
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("The bucket's name."), "region": regionAttribute(), "bucket": requiredOnce("Name of the bucket."),
					"policy": schema.StringAttribute{CustomType: fwtypes.JSONType{}, Required: true, MarkdownDescription: "The document, JSON."},
				},
			}
		},
		create: put,
		update: func(ctx context.Context, b *resourceBase, m, _ *s3BucketPolicyModel) error { return put(ctx, b, m) },
		read: func(ctx context.Context, b *resourceBase, m *s3BucketPolicyModel) error {
			m.Region = b.regionOf(m.Region)
			out, err := b.clients.S3(m.Region.ValueString()).GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: m.Bucket.ValueStringPointer()})
			if err != nil {
				return err
			}
			m.ID, m.Policy = m.Bucket, fwtypes.JSONValue(aws.ToString(out.Policy))
			return nil
		},
		remove: func(ctx context.Context, b *resourceBase, m *s3BucketPolicyModel) error {
			_, err := b.clients.S3(m.Region.ValueString()).DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: m.Bucket.ValueStringPointer()})
			return err
		},
		plan: planRegionAlone,
	}}
}
