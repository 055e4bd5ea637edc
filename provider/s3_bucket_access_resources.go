package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	awstypes "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type s3PublicAccessModel struct {
	ID                    types.String `tfsdk:"id"`
	Region                types.String `tfsdk:"region"`
	BlockPublicACLs       types.Bool   `tfsdk:"block_public_acls"`
	BlockPublicPolicy     types.Bool   `tfsdk:"block_public_policy"`
	Bucket                types.String `tfsdk:"bucket"`
	IgnorePublicACLs      types.Bool   `tfsdk:"ignore_public_acls"`
	RestrictPublicBuckets types.Bool   `tfsdk:"restrict_public_buckets"`
	SkipDestroy           types.Bool   `tfsdk:"skip_destroy"`
}

func newS3PublicAccessBlockResource() resource.Resource {
	put := func(ctx context.Context, b *resourceBase, m *s3PublicAccessModel) error {
		_, err := b.clients.S3(m.Region.ValueString()).PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: m.Bucket.ValueStringPointer(),
			PublicAccessBlockConfiguration: &awstypes.PublicAccessBlockConfiguration{BlockPublicAcls: m.BlockPublicACLs.ValueBoolPointer(), BlockPublicPolicy: m.BlockPublicPolicy.ValueBoolPointer(),
				IgnorePublicAcls: m.IgnorePublicACLs.ValueBoolPointer(), RestrictPublicBuckets: m.RestrictPublicBuckets.ValueBoolPointer()}})
		return err
	}
	return &importedBy[s3PublicAccessModel]{want: "BUCKET", parse: byBucket, kept: kept[s3PublicAccessModel]{
		typ: "s3_bucket_public_access_block", noun: "the public access block of the bucket", label: func(m *s3PublicAccessModel) string { return m.Bucket.ValueString() },
		schema: func() schema.Schema {
			flag := func(description string) schema.BoolAttribute {
				return schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: description}
			}
			return schema.Schema{
				MarkdownDescription: "What a bucket lets the public do. A new bucket blocks all four; destroying this leaves a bucket that blocks nothing.",
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("The bucket's name."), "region": regionAttribute(), "bucket": requiredOnce("Name of the bucket."),
					"block_public_acls":       flag("Whether ACLs that let the public in are refused."),
					"block_public_policy":     flag("Whether policies that let the public in are refused."),
					"ignore_public_acls":      flag("Kept: no ACL grants anything in the simulator."),
					"restrict_public_buckets": flag("Whether a policy that lets the public in counts for services and the own account alone."),
					"skip_destroy":            schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether destroying leaves it as it is."},
				},
			}
		},
		create: put,
		update: func(ctx context.Context, b *resourceBase, m, _ *s3PublicAccessModel) error { return put(ctx, b, m) },
		read: func(ctx context.Context, b *resourceBase, m *s3PublicAccessModel) error {
			m.Region = b.regionOf(m.Region)
			out, err := b.clients.S3(m.Region.ValueString()).GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: m.Bucket.ValueStringPointer()})
			if err != nil {
				return err
			}
			c := out.PublicAccessBlockConfiguration
			m.ID = m.Bucket
			m.BlockPublicACLs, m.BlockPublicPolicy = types.BoolPointerValue(c.BlockPublicAcls), types.BoolPointerValue(c.BlockPublicPolicy)
			m.IgnorePublicACLs, m.RestrictPublicBuckets = types.BoolPointerValue(c.IgnorePublicAcls), types.BoolPointerValue(c.RestrictPublicBuckets)
			return nil
		},
		remove: func(ctx context.Context, b *resourceBase, m *s3PublicAccessModel) error {
			if m.SkipDestroy.ValueBool() {
				return nil
			}
			_, err := b.clients.S3(m.Region.ValueString()).DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: m.Bucket.ValueStringPointer()})
			return err
		},
		plan: planRegionAlone,
	}}
}

type s3OwnershipModel struct {
	ID     types.String  `tfsdk:"id"`
	Region types.String  `tfsdk:"region"`
	Bucket types.String  `tfsdk:"bucket"`
	Rule   []s3Ownership `tfsdk:"rule"`
}

type s3Ownership struct {
	ObjectOwnership types.String `tfsdk:"object_ownership"`
}

func newS3OwnershipControlsResource() resource.Resource {
	put := func(ctx context.Context, b *resourceBase, m *s3OwnershipModel) error {
		controls := &awstypes.OwnershipControls{}
		for _, r := range m.Rule {
			controls.Rules = append(controls.Rules, awstypes.OwnershipControlsRule{ObjectOwnership: awstypes.ObjectOwnership(r.ObjectOwnership.ValueString())})
		}
		_, err := b.clients.S3(m.Region.ValueString()).PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: m.Bucket.ValueStringPointer(), OwnershipControls: controls})
		return err
	}
	return &importedBy[s3OwnershipModel]{want: "BUCKET", parse: byBucket, kept: kept[s3OwnershipModel]{
		typ: "s3_bucket_ownership_controls", noun: "the ownership controls of the bucket", label: func(m *s3OwnershipModel) string { return m.Bucket.ValueString() },
		schema: func() schema.Schema {
			rule := block("Who owns objects.", map[string]schema.Attribute{"object_ownership": schema.StringAttribute{Required: true,
				MarkdownDescription: "`BucketOwnerEnforced`, under which a bucket has no ACLs, `BucketOwnerPreferred` or `ObjectWriter`. Objects belong to the bucket's owner in any case.",
				Validators:          []validator.String{stringvalidator.OneOf(enum(awstypes.ObjectOwnership("").Values())...)}}}, nil)
			rule.Validators = append(rule.Validators, listvalidator.IsRequired())
			return schema.Schema{
				MarkdownDescription: "The ownership controls of a bucket: whether it may have an ACL.",
				Attributes:          map[string]schema.Attribute{"id": idAttribute("The bucket's name."), "region": regionAttribute(), "bucket": requiredOnce("Name of the bucket.")},
				Blocks:              map[string]schema.Block{"rule": rule},
			}
		},
		create: put,
		update: func(ctx context.Context, b *resourceBase, m, _ *s3OwnershipModel) error { return put(ctx, b, m) },
		read: func(ctx context.Context, b *resourceBase, m *s3OwnershipModel) error {
			m.Region = b.regionOf(m.Region)
			out, err := b.clients.S3(m.Region.ValueString()).GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: m.Bucket.ValueStringPointer()})
			if err != nil {
				return err
			}
			m.ID, m.Rule = m.Bucket, nil
			for _, r := range out.OwnershipControls.Rules {
				m.Rule = append(m.Rule, s3Ownership{types.StringValue(string(r.ObjectOwnership))})
			}
			return nil
		},
		remove: func(ctx context.Context, b *resourceBase, m *s3OwnershipModel) error {
			_, err := b.clients.S3(m.Region.ValueString()).DeleteBucketOwnershipControls(ctx, &s3.DeleteBucketOwnershipControlsInput{Bucket: m.Bucket.ValueStringPointer()})
			return err
		},
		plan: planRegionAlone,
	}}
}
