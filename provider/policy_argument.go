package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

// Arguments that hold a policy: compared by what they mean, and judged as IAM judges them when they are planned.

// identityPolicy is a policy that says what its owner may do; it is required.
func identityPolicy() schema.StringAttribute {
	return schema.StringAttribute{CustomType: fwtypes.PolicyType{}, Required: true, Validators: []validator.String{policyValidator{policy.ValidateIdentity}},
		MarkdownDescription: "The policy, JSON, as IAM takes it. What IAM would refuse is refused when it is planned."}
}

// policyValidator judges a policy as IAM does.
type policyValidator struct{ validate func(text []byte) error }

// Description says what is wanted.
func (policyValidator) Description(context.Context) string { return "a policy that IAM takes" }

// MarkdownDescription says what is wanted.
func (v policyValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString reports what is wrong, and where in the text.
func (v policyValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	text := req.ConfigValue.ValueString()
	if err := syntax(text); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not JSON", err.Error()+"\n\njsonencode() writes JSON, and so does the data source iam_policy_document.")
		return
	}
	if err := v.validate([]byte(text)); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "IAM does not take this policy", err.Error()+where(err))
	}
}

// where says in which place of the text the defect is, and what it is, beside IAM's own words.
func where(err error) string {
	if m, ok := errors.AsType[*policy.MalformedError](err); ok && m.Detail != "" {
		return "\n\n" + m.Detail + "."
	}
	return ""
}

// syntax says why a text is not JSON, with its line and column.
func syntax(text string) error {
	var v any
	err := json.Unmarshal([]byte(text), &v)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := text[:min(int(e.Offset), len(text))]
		line := strings.Count(before, "\n") + 1
		return fmt.Errorf("%d:%d: %w", line, max(1, len(before)-strings.LastIndexByte(before, '\n')-1), err)
	}
	return err
}

// jsonValidator admits JSON, and "", which modules give where they mean nothing.
type jsonValidator struct{}

// Description says what is wanted.
func (jsonValidator) Description(context.Context) string { return "JSON" }

// MarkdownDescription says what is wanted.
func (v jsonValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString reports what is no JSON, and where.
func (jsonValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if text := req.ConfigValue.ValueString(); text != "" {
		if err := syntax(text); err != nil {
			resp.Diagnostics.AddAttributeError(req.Path, "Not JSON", err.Error())
		}
	}
}
