package provider

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awstypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type iamAccessKeyModel struct {
	ID                         types.String `tfsdk:"id"`
	CreateDate                 types.String `tfsdk:"create_date"`
	EncryptedSecret            types.String `tfsdk:"encrypted_secret"`
	EncryptedSESSMTPPasswordV4 types.String `tfsdk:"encrypted_ses_smtp_password_v4"`
	KeyFingerprint             types.String `tfsdk:"key_fingerprint"`
	PGPKey                     types.String `tfsdk:"pgp_key"`
	Secret                     types.String `tfsdk:"secret"`
	SESSMTPPasswordV4          types.String `tfsdk:"ses_smtp_password_v4"`
	Status                     types.String `tfsdk:"status"`
	User                       types.String `tfsdk:"user"`
}

var accessKeyRefused = []refused{{name: "pgp_key"}}

// accessKey imports by the key's id.
type accessKey struct{ kept[iamAccessKeyModel] }

func newIAMAccessKeyResource() resource.Resource {
	return &accessKey{kept[iamAccessKeyModel]{
		typ: "iam_access_key", noun: "the access key", label: func(m *iamAccessKeyModel) string { return or(m.ID, "of "+m.User.ValueString()) }, schema: accessKeySchema, refused: accessKeyRefused,
		create: createAccessKey, read: readAccessKey,
		update: func(ctx context.Context, b *resourceBase, m, _ *iamAccessKeyModel) error {
			return setKeyStatus(ctx, b, m)
		},
		remove: func(ctx context.Context, b *resourceBase, m *iamAccessKeyModel) error {
			_, err := b.clients.IAM().DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{AccessKeyId: m.ID.ValueStringPointer(), UserName: m.User.ValueStringPointer()})
			return err
		},
	}}
}

func accessKeySchema() schema.Schema {
	secret := func(description string) schema.StringAttribute {
		a := computedOnce(description)
		a.Sensitive = true
		return a
	}
	none := "Empty: `pgp_key` is not simulated."
	return schema.Schema{
		MarkdownDescription: "An access key of a user, with which the simulator can be called as that user. The secret is in the state, as it is with AWS. A user may have two.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The access key id (AKIA…)."), "create_date": computedOnce("When the key was made, on the simulator's clock."),
			"encrypted_secret": computedOnce(none), "encrypted_ses_smtp_password_v4": computedOnce(none), "key_fingerprint": computedOnce(none),
			"pgp_key": schema.StringAttribute{Optional: true, MarkdownDescription: notSimulated, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"secret":  secret("The secret access key. Unknown where the key was imported."), "ses_smtp_password_v4": secret("The secret as a password of Amazon SES in the provider's region. Unknown where the key was imported."),
			"status": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("Active"), MarkdownDescription: "`Active`, or `Inactive`: then no call with it is let in.",
				Validators: []validator.String{stringvalidator.OneOf("Active", "Inactive")}},
			"user": requiredOnce("Name of the user."),
		},
	}
}

func createAccessKey(ctx context.Context, b *resourceBase, m *iamAccessKeyModel) error {
	out, err := b.clients.IAM().CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: m.User.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.ID, m.Secret = types.StringPointerValue(out.AccessKey.AccessKeyId), types.StringPointerValue(out.AccessKey.SecretAccessKey)
	m.SESSMTPPasswordV4 = types.StringValue(mailPassword(m.Secret.ValueString(), b.clients.Region))
	m.EncryptedSecret, m.EncryptedSESSMTPPasswordV4, m.KeyFingerprint = types.StringNull(), types.StringNull(), types.StringNull()
	if m.Status.ValueString() == "Active" {
		return nil
	}
	return setKeyStatus(ctx, b, m)
}

func setKeyStatus(ctx context.Context, b *resourceBase, m *iamAccessKeyModel) error {
	_, err := b.clients.IAM().UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{AccessKeyId: m.ID.ValueStringPointer(), UserName: m.User.ValueStringPointer(), Status: awstypes.StatusType(m.Status.ValueString())})
	return err
}

func readAccessKey(ctx context.Context, b *resourceBase, m *iamAccessKeyModel) error {
	for pages := iam.NewListAccessKeysPaginator(b.clients.IAM(), &iam.ListAccessKeysInput{UserName: m.User.ValueStringPointer()}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, key := range page.AccessKeyMetadata {
			if aws.ToString(key.AccessKeyId) == m.ID.ValueString() {
				m.CreateDate, m.Status = instant(key.CreateDate), types.StringValue(string(key.Status))
				return nil
			}
		}
	}
	return errGone
}

// ImportState asks whose the key is. Its secret is not told again.
func (r *accessKey) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	out, err := r.clients.IAM().GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(req.ID)})
	if err != nil {
		addError(&resp.Diagnostics, "Finding the owner of the access key", req.ID, err)
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), req.ID)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("user"), aws.ToString(out.UserName))...)
}

// mailPassword is the password of SES's SMTP interface that belongs to a secret access key (Amazon SES Developer Guide,
// "Obtaining Amazon SES SMTP credentials").
func mailPassword(secret, region string) string {
	sum := []byte("AWS4" + secret)
	for _, part := range []string{"11111111", region, "ses", "aws4_request", "SendRawEmail"} {
		h := hmac.New(sha256.New, sum)
		h.Write([]byte(part))
		sum = h.Sum(nil)
	}
	return base64.StdEncoding.EncodeToString(append([]byte{4}, sum...))
}
