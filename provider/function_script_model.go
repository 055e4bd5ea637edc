package provider

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

type scriptedCase struct {
	Event    types.String      `tfsdk:"event"`
	Outcomes []scriptedOutcome `tfsdk:"outcomes"`
}

type scriptedOutcome struct {
	Payload      types.String `tfsdk:"payload"`
	ErrorType    types.String `tfsdk:"error_type"`
	ErrorMessage types.String `tfsdk:"error_message"`
	Duration     types.String `tfsdk:"duration"`
	Log          types.List   `tfsdk:"log"`
	Echo         types.Bool   `tfsdk:"echo"`
}

// script is what the model says, as the simulator's API takes it.
func (m *functionScriptModel) script() control.Script {
	s := control.Script{Outcomes: outcomesOf(m.Outcomes), Per: m.Per.ValueString()}
	for _, c := range m.Cases {
		s.Cases = append(s.Cases, control.ScriptCase{Event: json.RawMessage(c.Event.ValueString()), Outcomes: outcomesOf(c.Outcomes)})
	}
	return s
}

func outcomesOf(list []scriptedOutcome) []control.ScriptedOutcome {
	out := make([]control.ScriptedOutcome, len(list))
	for i, o := range list {
		out[i] = control.ScriptedOutcome{Payload: json.RawMessage(o.Payload.ValueString()), ErrorType: o.ErrorType.ValueString(), ErrorMessage: o.ErrorMessage.ValueString(),
			Duration: o.Duration.ValueString(), Log: textsOfList(o.Log), Echo: o.Echo.ValueBool()}
	}
	return out
}

func textsOfList(list types.List) (out []string) {
	for _, v := range list.Elements() {
		if s, ok := v.(types.String); ok {
			out = append(out, s.ValueString())
		}
	}
	return out
}

// take fills the model with a script. Where that means what the model says, the model stays as it was written.
func (m *functionScriptModel) take(s *control.Script) {
	if s.Per == "" {
		s.Per = control.PerAttempt
	}
	if sameJSON(m.script(), s) {
		return
	}
	m.Per, m.Outcomes, m.Cases = types.StringValue(s.Per), outcomesFrom(s.Outcomes), nil
	for _, c := range s.Cases {
		m.Cases = append(m.Cases, scriptedCase{Event: types.StringValue(string(c.Event)), Outcomes: outcomesFrom(c.Outcomes)})
	}
}

func outcomesFrom(list []control.ScriptedOutcome) []scriptedOutcome {
	text := func(s string) types.String {
		if s == "" {
			return types.StringNull()
		}
		return types.StringValue(s)
	}
	out := make([]scriptedOutcome, len(list))
	for i, o := range list {
		out[i] = scriptedOutcome{Payload: text(string(o.Payload)), ErrorType: text(o.ErrorType), ErrorMessage: text(o.ErrorMessage), Duration: text(o.Duration),
			Log: types.ListNull(types.StringType), Echo: types.BoolValue(o.Echo)}
		if len(o.Log) > 0 {
			out[i].Log = types.ListValueMust(types.StringType, texts2values(o.Log))
		}
	}
	return out
}

// sameJSON reports whether two values are the same JSON: the order of members and white space do not count.
func sameJSON(a, b any) bool {
	decoded := func(v any) (out any) {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber() // no digit is lost
		if err := d.Decode(&out); err != nil {
			return err
		}
		return out
	}
	return reflect.DeepEqual(decoded(a), decoded(b))
}
