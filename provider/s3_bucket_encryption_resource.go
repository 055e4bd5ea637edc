package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	awstypes "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type s3EncryptionModel struct {
	ID     types.String       `tfsdk:"id"`
	Region types.String       `tfsdk:"region"`
	Bucket types.String       `tfsdk:"bucket"`
	Owner  types.String       `tfsdk:"expected_bucket_owner"`
	Rule   []s3EncryptionRule `tfsdk:"rule"`
}

type s3EncryptionRule struct {
	ByDefault        []s3EncryptionDefault `tfsdk:"apply_server_side_encryption_by_default"`
	BucketKeyEnabled types.Bool            `tfsdk:"bucket_key_enabled"`
}

type s3EncryptionDefault struct {
	KMSKey    types.String `tfsdk:"kms_master_key_id"`
	Algorithm types.String `tfsdk:"sse_algorithm"`
}

func newS3BucketEncryptionResource() resource.Resource {
	return &importedBy[s3EncryptionModel]{want: "BUCKET", parse: byBucket, kept: kept[s3EncryptionModel]{
		typ: "s3_bucket_server_side_encryption_configuration", noun: "the encryption of the bucket", label: func(m *s3EncryptionModel) string { return m.Bucket.ValueString() },
		schema: func() schema.Schema {
			byDefault := block("How objects are encrypted that say nothing of it.", map[string]schema.Attribute{
				"kms_master_key_id": schema.StringAttribute{Optional: true, MarkdownDescription: "Key of KMS. It is kept; nobody asks for it."},
				"sse_algorithm":     schema.StringAttribute{Required: true, MarkdownDescription: "`AES256`, `aws:kms` or `aws:kms:dsse`.", Validators: []validator.String{stringvalidator.OneOf("AES256", "aws:kms", "aws:kms:dsse")}},
			}, nil)
			return schema.Schema{
				MarkdownDescription: "The default encryption of a bucket: kept and shown. The simulator encrypts nothing. Destroying it leaves `AES256`, as AWS does.",
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("The bucket's name."), "region": regionAttribute(), "bucket": requiredOnce("Name of the bucket."), "expected_bucket_owner": expectedOwner(),
				},
				Blocks: map[string]schema.Block{"rule": schema.SetNestedBlock{MarkdownDescription: "The rule.", Validators: []validator.Set{setvalidator.IsRequired()},
					NestedObject: schema.NestedBlockObject{
						Attributes: map[string]schema.Attribute{"bucket_key_enabled": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether a key of the bucket's own is used."}},
						Blocks:     map[string]schema.Block{"apply_server_side_encryption_by_default": byDefault},
					}}},
			}
		},
		create: putEncryption,
		update: func(ctx context.Context, b *resourceBase, m, _ *s3EncryptionModel) error {
			return putEncryption(ctx, b, m)
		},
		read: readEncryption,
		remove: func(ctx context.Context, b *resourceBase, m *s3EncryptionModel) error {
			_, err := b.clients.S3(m.Region.ValueString()).DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: m.Bucket.ValueStringPointer(), ExpectedBucketOwner: given(m.Owner)})
			return err
		},
		plan: planRegionAlone,
	}}
}

func putEncryption(ctx context.Context, b *resourceBase, m *s3EncryptionModel) error {
	c := &awstypes.ServerSideEncryptionConfiguration{}
	for _, r := range m.Rule {
		rule := awstypes.ServerSideEncryptionRule{BucketKeyEnabled: r.BucketKeyEnabled.ValueBoolPointer()}
		for _, d := range r.ByDefault {
			rule.ApplyServerSideEncryptionByDefault = &awstypes.ServerSideEncryptionByDefault{SSEAlgorithm: awstypes.ServerSideEncryption(d.Algorithm.ValueString()), KMSMasterKeyID: given(d.KMSKey)}
		}
		c.Rules = append(c.Rules, rule)
	}
	_, err := b.clients.S3(m.Region.ValueString()).PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: m.Bucket.ValueStringPointer(), ExpectedBucketOwner: given(m.Owner),
		ServerSideEncryptionConfiguration: c})
	return err
}

func readEncryption(ctx context.Context, b *resourceBase, m *s3EncryptionModel) error {
	m.Region = b.regionOf(m.Region)
	out, err := b.clients.S3(m.Region.ValueString()).GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: m.Bucket.ValueStringPointer(), ExpectedBucketOwner: given(m.Owner)})
	if err != nil {
		return err
	}
	was := m.Rule
	m.ID, m.Rule = m.Bucket, nil
	for i, r := range out.ServerSideEncryptionConfiguration.Rules {
		rule := s3EncryptionRule{BucketKeyEnabled: types.BoolPointerValue(r.BucketKeyEnabled)}
		if i < len(was) && was[i].BucketKeyEnabled.IsNull() && !aws.ToBool(r.BucketKeyEnabled) {
			rule.BucketKeyEnabled = types.BoolNull()
		}
		if d := r.ApplyServerSideEncryptionByDefault; d != nil {
			rule.ByDefault = []s3EncryptionDefault{{KMSKey: types.StringPointerValue(d.KMSMasterKeyID), Algorithm: types.StringValue(string(d.SSEAlgorithm))}}
		}
		m.Rule = append(m.Rule, rule)
	}
	return nil
}

type s3ACLModel struct {
	ID      types.String `tfsdk:"id"`
	Region  types.String `tfsdk:"region"`
	Control types.List   `tfsdk:"access_control_policy"`
	ACL     types.String `tfsdk:"acl"`
	Bucket  types.String `tfsdk:"bucket"`
	Owner   types.String `tfsdk:"expected_bucket_owner"`
}

var bucketACLRefused = []refused{{name: "access_control_policy"}}

func newS3BucketACLResource() resource.Resource {
	put := func(ctx context.Context, b *resourceBase, m *s3ACLModel) error {
		m.ID = types.StringValue(m.Bucket.ValueString() + "," + m.ACL.ValueString())
		_, err := b.clients.S3(m.Region.ValueString()).PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: m.Bucket.ValueStringPointer(), ACL: awstypes.BucketCannedACL(m.ACL.ValueString()), ExpectedBucketOwner: given(m.Owner)})
		return err
	}
	return &imported[s3ACLModel]{attributes: []string{"bucket", "acl"}, separator: ",", kept: kept[s3ACLModel]{
		typ: "s3_bucket_acl", noun: "the ACL of the bucket", label: func(m *s3ACLModel) string { return m.Bucket.ValueString() }, refused: bucketACLRefused,
		schema: func() schema.Schema {
			grantee := block(notSimulated, map[string]schema.Attribute{"display_name": computedText(), "email_address": text(false), "id": text(false), "type": text(true), "uri": text(false)}, nil)
			return schema.Schema{
				MarkdownDescription: "The ACL of a bucket, by its canned name: kept and shown. No ACL grants anything in the simulator. A bucket has none before `lambdasim_s3_bucket_ownership_controls` says so, and a public one needs a public access block that admits it. Destroying it changes nothing, as with AWS's provider.",
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("`BUCKET,ACL`."), "region": regionAttribute(), "bucket": requiredOnce("Name of the bucket."), "expected_bucket_owner": expectedOwner(),
					"acl": schema.StringAttribute{Optional: true, MarkdownDescription: "`private`, `public-read`, `public-read-write`, `authenticated-read` or `log-delivery-write`."},
				},
				Blocks: map[string]schema.Block{"access_control_policy": block(notSimulated, nil, map[string]schema.Block{
					"grant": schema.SetNestedBlock{MarkdownDescription: notSimulated, NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{"permission": text(true)}, Blocks: map[string]schema.Block{"grantee": grantee}}},
					"owner": block(notSimulated, map[string]schema.Attribute{"display_name": text(false), "id": text(true)}, nil)})},
			}
		},
		create: put,
		update: func(ctx context.Context, b *resourceBase, m, _ *s3ACLModel) error { return put(ctx, b, m) },
		read: func(ctx context.Context, b *resourceBase, m *s3ACLModel) error {
			m.Region = b.regionOf(m.Region)
			m.ID = types.StringValue(m.Bucket.ValueString() + "," + m.ACL.ValueString())
			_, err := b.clients.S3(m.Region.ValueString()).GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: m.Bucket.ValueStringPointer(), ExpectedBucketOwner: given(m.Owner)})
			return err
		},
		remove: func(context.Context, *resourceBase, *s3ACLModel) error { return nil },
		plan:   planRegionAlone,
	}}
}
