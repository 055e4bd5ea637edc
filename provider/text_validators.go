package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// jsonText admits JSON.
type jsonText struct{}

// Description says what is wanted.
func (jsonText) Description(context.Context) string { return "want JSON" }

// MarkdownDescription says what is wanted.
func (j jsonText) MarkdownDescription(ctx context.Context) string { return j.Description(ctx) }

// ValidateString refuses what is not JSON.
func (jsonText) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	var v any
	if err := json.Unmarshal([]byte(req.ConfigValue.ValueString()), &v); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not JSON", fmt.Sprintf("%s: %s. Write it with jsonencode().", req.Path, err.Error()))
	}
}

// durationText admits Go durations that are not negative.
type durationText struct{}

// Description says what is wanted.
func (durationText) Description(context.Context) string {
	return "want a duration of zero or more, for example 90s or 1h30m"
}

// MarkdownDescription says what is wanted.
func (d durationText) MarkdownDescription(ctx context.Context) string { return d.Description(ctx) }

// ValidateString refuses what is no such duration.
func (d durationText) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if took, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || took < 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a duration", fmt.Sprintf("%s is %q: %s.", req.Path, req.ConfigValue.ValueString(), d.Description(ctx)))
	}
}
