package provider

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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

// What the IAM resources have in common: arguments, names, documents, tags.

// computedOnce is an attribute that the simulator gives and that does not change any more.
func computedOnce(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
}

// requiredOnce is an argument whose change replaces the resource.
func requiredOnce(description string) schema.StringAttribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: description + " A change replaces the resource.", PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}}
}

// pathAttribute is the path of a thing in IAM.
func pathAttribute(what string, modifiers ...planmodifier.String) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("/"), MarkdownDescription: "Path of the " + what + ".", PlanModifiers: modifiers}
}

// boundaryAttribute is the permissions boundary of a role or a user.
func boundaryAttribute(what string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the policy that bounds what the " + what + "'s policies can allow.", Validators: []validator.String{arnValidator()}}
}

// nameAttributes are name and name_prefix of a thing that is named once and for all.
// IAM bounds the name; a generated one ends in 26 characters more than its prefix.
func nameAttributes(what string, most int) (name, prefix schema.StringAttribute) {
	once := []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplaceIfConfigured()}
	name = schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Name of the " + what + "; generated when neither it nor a prefix is given.", PlanModifiers: once,
		Validators: []validator.String{stringvalidator.LengthBetween(1, most), stringvalidator.ConflictsWith(path.MatchRoot("name_prefix"))}}
	prefix = schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Beginning of a generated name.", PlanModifiers: once,
		Validators: []validator.String{stringvalidator.LengthBetween(1, most-26)}}
	return name, prefix
}

// generate fills in a name that is not known yet.
func generate(name, prefix *types.String) {
	if name.ValueString() == "" {
		*name = types.StringValue(or(*prefix, "terraform-") + suffix())
	}
	if prefix.IsUnknown() || prefix.IsNull() {
		*prefix = types.StringValue("")
	}
}

// blankIfNull is "" for null, which an imported argument is that the API does not know.
func blankIfNull(v types.String) types.String {
	if v.IsNull() {
		return types.StringValue("")
	}
	return v
}

// named is what the plan needs of a model to know its ARN.
type named struct {
	Name types.String `tfsdk:"name"`
	Path types.String `tfsdk:"path"`
}

// planARN writes arn, and id where it is the name or the ARN too, into the plan as soon as the name is known: "role" makes
// arn:aws:iam::ACCOUNT:role/PATH/NAME of it.
func planARN(ctx context.Context, b *resourceBase, kind string, id func(name, arn string) string, resp *resource.ModifyPlanResponse) {
	var n named
	resp.Diagnostics.Append(resp.Plan.GetAttribute(ctx, path.Root("name"), &n.Name)...)
	resp.Diagnostics.Append(resp.Plan.GetAttribute(ctx, path.Root("path"), &n.Path)...)
	if resp.Diagnostics.HasError() || n.Name.IsUnknown() || n.Name.IsNull() || n.Path.IsUnknown() {
		return
	}
	account, err := b.clients.Account(ctx)
	if err != nil {
		return // the ARN stays unknown
	}
	arn := "arn:aws:iam::" + account + ":" + kind + n.Path.ValueString() + n.Name.ValueString()
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("arn"), arn)...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), id(n.Name.ValueString(), arn))...)
}

func nameAsID(name, _ string) string { return name }
func arnAsID(_, arn string) string   { return arn }

// decoded is a document of IAM's answers, which come percent-encoded.
func decoded(document *string) string {
	text, err := url.PathUnescape(aws.ToString(document))
	if err != nil {
		return aws.ToString(document)
	}
	return text
}

// instant is a time as the AWS provider writes it.
func instant(t *time.Time) types.String {
	if t == nil {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339))
}

// boundaryOf is the ARN of a boundary, and what stood there, null or "", where there is none.
func boundaryOf(b *awstypes.AttachedPermissionsBoundary, was types.String) types.String {
	if b == nil {
		return blank(was)
	}
	return types.StringPointerValue(b.PermissionsBoundaryArn)
}

func iamTags(m map[string]string) []awstypes.Tag {
	var list []awstypes.Tag
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, awstypes.Tag{Key: aws.String(k), Value: aws.String(m[k])})
	}
	return list
}

func iamTagMap(list []awstypes.Tag) map[string]string {
	all := map[string]string{}
	for _, t := range list {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return all
}

// textsIn are the elements of a map of strings that are known.
func textsIn(m types.Map) map[string]string {
	out := map[string]string{}
	for k, v := range m.Elements() {
		if s, ok := v.(types.String); ok && !s.IsNull() && !s.IsUnknown() {
			out[k] = s.ValueString()
		}
	}
	return out
}

// retag takes away the tags that are gone, and writes those that are there.
func retag(is, was types.Map, untag func(keys []string) error, tag func(tags []awstypes.Tag) error) error {
	if is.Equal(was) {
		return nil
	}
	before, after := textsIn(was), textsIn(is)
	if gone := missingKeys(before, after); len(gone) > 0 {
		if err := untag(gone); err != nil {
			return err
		}
	}
	if len(after) == 0 {
		return nil
	}
	return tag(iamTags(after))
}

// missingKeys are the keys of was that is has not.
func missingKeys(was, is map[string]string) (gone []string) {
	for k := range was {
		if _, ok := is[k]; !ok {
			gone = append(gone, k)
		}
	}
	return gone
}

// setOf are the elements of a set of strings that are known.
func setOf(s types.Set) (list []string) {
	for _, v := range s.Elements() {
		if text, ok := v.(types.String); ok && !text.IsNull() && !text.IsUnknown() {
			list = append(list, text.ValueString())
		}
	}
	slices.Sort(list)
	return list
}

// asSet is a list as a set of strings.
func asSet(list []string) types.Set {
	s, _ := types.SetValueFrom(context.Background(), types.StringType, append([]string{}, list...)) // strings always are
	return s
}

// differ calls one of two for each element that only one of two lists has.
func differ(is, was []string, added, gone func(element string) error) error {
	for _, e := range was {
		if !slices.Contains(is, e) {
			if err := gone(e); err != nil && !isGone(err) {
				return err
			}
		}
	}
	for _, e := range is {
		if !slices.Contains(was, e) {
			if err := added(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func textSetOf(description string) schema.SetAttribute {
	return schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: description}
}

func requiredSet(description string) schema.SetAttribute {
	return schema.SetAttribute{ElementType: types.StringType, Required: true, MarkdownDescription: description}
}
