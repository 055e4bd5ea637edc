package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/pattern"
)

// patternLanguages are who reads a pattern, by the names that pattern_matches takes.
var patternLanguages = map[string]pattern.Dialect{"event_rule": pattern.EventBridge, "event_source_mapping": pattern.Mapping}

type patternMatchesFunction struct{}

func newPatternMatchesFunction() function.Function { return patternMatchesFunction{} }

// Metadata names the function.
func (patternMatchesFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "pattern_matches"
}

// Definition describes the function.
func (patternMatchesFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Whether an event pattern lets an event through.",
		MarkdownDescription: "Matches an event against the pattern of an EventBridge rule or of an event source mapping's filter, as the simulator does. A pattern that AWS refuses is an error, with AWS's reason. " +
			"Nothing is called, so that a module can assert in `terraform test` or in a `precondition` which events its patterns let through.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "pattern", MarkdownDescription: "The pattern, JSON."},
			function.StringParameter{Name: "event", MarkdownDescription: "The event, a JSON object: for a rule with `source`, `detail-type`, `detail` and so on; for a mapping the record, with its `data`, `body` or `dynamodb` decoded."},
		},
		VariadicParameter: function.StringParameter{Name: "language", MarkdownDescription: "Who reads the pattern: `event_rule`, which is the default, or `event_source_mapping`, which has fewer operators. At most one."},
		Return:            function.BoolReturn{},
	}
}

// Run matches.
func (patternMatchesFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text, event string
	var languages []string
	if resp.Error = req.Arguments.Get(ctx, &text, &event, &languages); resp.Error != nil {
		return
	}
	dialect := pattern.EventBridge
	if len(languages) > 0 {
		var ok bool
		if dialect, ok = patternLanguages[languages[0]]; !ok || len(languages) > 1 {
			resp.Error = function.NewArgumentFuncError(2, "the language is one of event_rule and event_source_mapping, given once")
			return
		}
	}
	compiled, err := pattern.Compile(text, dialect)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, "the pattern is not valid: "+err.Error())
		return
	}
	matches, err := compiled.Match([]byte(event))
	if errors.Is(err, pattern.ErrEvent) {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, matches)
}
